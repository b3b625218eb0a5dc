"""Land cover of a block by the rules: what the cluster does."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.engine.run import BlockDone
from pipeline.grid import Block
from pipeline.indices import land_cover
from pipeline.maps.encoding import as_ratio, reflectance
from pipeline.maps.tasks import Layers
from pipeline.settings.maps import LandCover
from pipeline.storage.blocks import read_block, write_block


@dataclass(frozen=True)
class RulesTask:
    """One block of one period's land cover by the rules, from its composite."""

    store: Path
    block: Block
    composite: Path
    bands: tuple[str, ...]
    rules: LandCover


def rules_block(task: RulesTask) -> BlockDone:
    """Class and confidence of a block; all of it is unknown where a band that the rules need is missing."""
    layers: Layers = {}
    if set(land_cover.BANDS) <= set(task.bands):
        seen = reflectance(read_block(task.composite, task.block, land_cover.BANDS))
        cuts = task.rules.thresholds
        indices = land_cover.compute_rule_indices(seen)
        sure = land_cover.compute_confidence(indices, **cuts, index_noise=task.rules.index_noise)
        layers = {
            "land_cover": land_cover.classify(indices, **cuts).values,
            "confidence": as_ratio(sure.values),
        }
    return BlockDone(write_block(task.store, task.block, layers))
