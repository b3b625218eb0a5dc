"""A block that is composed, as a task or by itself, without what else makes maps: benches weigh it."""

from functools import partial
from pathlib import Path

from pipeline.ingest.reading.blocks import BlockRequest
from pipeline.maps.composite import compose_block
from pipeline.maps.making import MapTask
from pipeline.maps.step import BlockInputs, Layers
from pipeline.settings import CompositeMethod


def compose(request: BlockRequest, method: CompositeMethod = "median") -> Layers:
    """The composite of a block."""
    return compose_block(_inputs_of(request), method=method)


def composing(store: Path, request: BlockRequest, method: CompositeMethod = "median") -> MapTask:
    """The task that composes a block into a store."""
    return MapTask(store, _inputs_of(request), partial(compose_block, method=method))


def _inputs_of(request: BlockRequest) -> BlockInputs:
    return BlockInputs(request.block, request.grid, request.outline, {}, request.reader, request)
