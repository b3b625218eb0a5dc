"""A study: one aoi under the settings of a run, its grid and periods, and how causes are named."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.aoi import Aoi, list_aois
from pipeline.geodesy import find_centre, project
from pipeline.grid import Block, Grid, build_grid
from pipeline.indices.vegetation import KeptEndmembers
from pipeline.messages import SEPARATOR
from pipeline.periods import Period, PeriodPair
from pipeline.settings import Settings
from pipeline.settings.aoi import AoiEntry, load_entry
from pipeline.storage.cause import Cause


@dataclass(frozen=True)
class Study:
    """An aoi under the settings of a run, with the endmembers that former runs keep for it, if any."""

    aoi: Aoi
    settings: Settings
    grid: Grid
    endmembers: KeptEndmembers | None = None

    @classmethod
    def of(cls, aoi: AoiEntry, settings: Settings) -> "Study":
        """The area of an id or a file; its settings name no other."""
        loaded = load_entry(aoi)
        settings = settings.model_copy(update={"aoi": [aoi]})
        return cls(loaded, settings, build_grid(loaded, resolution_m=settings.scenes.resolution_m))

    def title(self, *words: str) -> str:
        """What a task of the area is called on its bar, the name of the area in both languages."""
        names = dict.fromkeys([self.aoi.name_zh, self.aoi.name_en])
        return SEPARATOR.join([" / ".join(names), *words])

    @cached_property
    def periods(self) -> tuple[Period, ...]:
        """The accounting periods, in order."""
        return tuple(self.settings.scenes.periods)

    @cached_property
    def pairs(self) -> tuple[PeriodPair, ...]:
        """Every two consecutive periods, in order."""
        return tuple(PeriodPair(*pair) for pair in pairwise(self.periods))

    @cached_property
    def span(self) -> PeriodPair:
        """The first and the last period."""
        return PeriodPair(self.periods[0], self.periods[-1])

    @cached_property
    def outline(self) -> BaseGeometry:
        """The outline in the CRS of the grid."""
        return project(self.aoi.geometry, self.grid.crs)

    @cached_property
    def outline_key(self) -> str:
        """Checksum of the outline."""
        return hashlib.sha256(shapely.to_wkb(self.aoi.geometry)).hexdigest()

    @cached_property
    def known(self) -> dict[str, BaseGeometry]:
        """Outlines by id of the areas of the run and of those that the project ships."""
        shipped = [name for name in list_aois() if name not in self.settings.aoi]
        found = [load_entry(entry) for entry in [*self.settings.aoi, *shipped]]
        return {**{aoi.id: aoi.geometry for aoi in found}, self.aoi.id: self.aoi.geometry}

    @property
    def known_key(self) -> str:
        """Checksum of the ids and outlines of all known areas, which decide where a section belongs."""
        outlines = b"".join(key.encode() + shapely.to_wkb(self.known[key]) for key in sorted(self.known))
        return hashlib.sha256(outlines).hexdigest()

    @property
    def described(self) -> list[str]:
        """What a delivery tells of the area beside its figures: names, source, accuracy, parts."""
        aoi = self.aoi
        parts = [
            f"{part.id}|{part.name_zh}|{part.name_en}|{part.layout_crs}|{part.geometry.wkb_hex}"
            for part in aoi.parts
        ]
        return [aoi.name_zh, aoi.name_en, aoi.source, aoi.accuracy, *parts]

    @property
    def longitude(self) -> float:
        """Longitude that fixes the solar day of every scene."""
        return find_centre(self.aoi.geometry)[0]

    @property
    def target(self) -> Path:
        """Where the delivery is published."""
        return Path(self.settings.out) / self.aoi.id / self.settings.label

    def blocks(self, size: int) -> list[Block]:
        """Blocks that meet the outline."""
        return self.grid.blocks_over(self.outline, size)

    def outline_over(self, block: Block) -> BaseGeometry:
        """The outline as far as it matters to a block."""
        frame = shapely.box(*self.grid.block_bounds(block))
        return shapely.intersection(self.outline, frame.buffer(self.grid.resolution_m))

    def cause(self, step: str, version: int, inputs: Sequence[str], **settings: Any) -> Cause:
        """The cause of an artifact of this area."""
        own = {"aoi": self.aoi.id, "outline": self.outline_key, "grid": self.grid.as_dict()}
        return Cause(step, version, {**own, **settings}, list(inputs))
