"""How maps are stored block by block: what their layers hold, and the store that a cause gives."""

from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.contracts import REFLECTANCE_NODATA, REFLECTANCE_SCALE
from pipeline.engine.run import BlockDone, Run, Task
from pipeline.engine.study import Study
from pipeline.grid import Block, BlockPlan
from pipeline.legends import NODATA_CLASS
from pipeline.storage.blocks import Layer
from pipeline.storage.cause import Artifact, Cause

RATIO = Layer("int16", REFLECTANCE_NODATA, {"scale_factor": REFLECTANCE_SCALE, "units": "1"})
COUNT = Layer("uint16", 0, {"units": "1"})
INDEX = Layer("float32", float("nan"), {"units": "1"})
CLASSES = Layer("uint8", NODATA_CLASS, {"units": "class"})


def stored(
    run: Run,
    study: Study,
    title: str,
    cause: Cause,
    layers: Mapping[str, Layer],
    layout: BlockPlan,
    task: Callable[[Path, Block], Task],
    work: Callable[[Task], BlockDone],
) -> Artifact:
    """The store of an area that a cause gives, one task a block."""
    return run.store(
        title,
        cause,
        layers=layers,
        grid=study.grid,
        block_px=layout.edge_px,
        blocks=layout.tasks(study.blocks(layout.edge_px)),
        task=task,
        work=work,
        at_once=layout.at_once,
    )
