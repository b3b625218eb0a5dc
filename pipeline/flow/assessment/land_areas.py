"""Areas of an area by the land classes of HJ 192-2015, as registered and as mapped, pixel by pixel."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.assessment.ecological_index import LandAreas, index_classes
from pipeline.grid import Grid
from pipeline.legends import ECOSYSTEM, LAND_COVER
from pipeline.maps.accounts.registered import RegisteredGround
from pipeline.maps.encoding import from_ratio
from pipeline.maps.land_cover.kinds import is_typed
from pipeline.maps.step import Maps
from pipeline.periods import Period
from pipeline.settings.accounts import Basis
from pipeline.zonal.ground import Ground, GroundPixels

_GRASS = "grass"
_BY_COVER = ("sparse_grass", "medium_grass", "dense_grass")
_CUTS = (0.2, 0.5)
"""Cover of grassland from which it is medium, and beyond which it is dense: 20 to 50 % is medium."""
_UNKNOWN = 0
_UNTYPED = "规则法分不出植被的类型 / rules of land cover tell no kinds of plants (land_cover.method)"

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class _Lands:
    """What land classes are numbered by: 0 unknown, then the keys of areas, last grassland of any cover."""

    keys: tuple[str, ...]

    @classmethod
    def load(cls) -> "_Lands":
        named = {key for basis in ("registered", "mapped") for key in index_classes(basis).values()}
        return cls(tuple(sorted((named - {_GRASS}) | set(_BY_COVER))))

    @property
    def grass(self) -> int:
        return len(self.keys) + 1

    def number(self, lands: str | None) -> int:
        if lands == _GRASS:
            return self.grass
        return self.keys.index(lands) + 1 if lands else _UNKNOWN

    def part_grass(self, numbers: Codes, fvc: NDArray[np.float64]) -> Codes:
        """Numbers with grassland by its cover; unknown where its cover is not known."""
        grades = np.array([_UNKNOWN, *(self.number(land) for land in _BY_COVER)])
        by_cover = np.where(np.isnan(fvc), 0, 1 + (fvc >= _CUTS[0]) + (fvc > _CUTS[1]))
        found: Codes = np.where(numbers == self.grass, grades[by_cover], numbers)
        return found


@dataclass(frozen=True)
class _Tables:
    """Numbers of land classes by code: of the register by its own, of a map by its types and its covers."""

    registered: Codes
    types: Codes | None
    covers: Codes

    @classmethod
    def of(cls, lands: _Lands, ground: RegisteredGround, *, typed: bool) -> "_Tables":
        survey, mapped = index_classes("registered"), index_classes("mapped")
        codes = [lands.number(survey.get(code)) for code in ground.codes]
        types = {entry.code: lands.number(mapped.get(entry.name_zh)) for entry in ECOSYSTEM.classes}
        covers = {entry.code: lands.number(mapped.get(entry.key)) for entry in LAND_COVER.classes}
        return cls(np.array([*codes, _UNKNOWN]), _spread(types) if typed else None, _spread(covers))


def sum_lands(
    maps: Maps, ground: Ground, registered: RegisteredGround, period: Period
) -> Mapping[Basis, LandAreas]:
    """Areas of a period by basis; of overlapping parcels the first counts."""
    study, lands = maps.study, _Lands.load()
    part = partial(
        _sum_block,
        grid=study.grid,
        registered=registered,
        lands=lands,
        tables=_Tables.of(lands, registered, typed=is_typed(study)),
        land=maps.path("land_cover", period),
        cover=maps.path("cover", period),
    )
    sums = np.sum(ground.map(part), axis=0)
    return {
        basis: LandAreas(
            {key: float(area) for key, area in zip(lands.keys, row[1:], strict=False) if area > 0},
            study.aoi.area_m2,
            "" if basis == "registered" or is_typed(study) else _UNTYPED,
        )
        for basis, row in zip(_BASES, sums, strict=True)
    }


_BASES: tuple[Basis, ...] = ("registered", "mapped")


def _sum_block(
    under: GroundPixels,
    *,
    grid: Grid,
    registered: RegisteredGround,
    lands: _Lands,
    tables: _Tables,
    land: Path,
    cover: Path,
) -> NDArray[np.float64]:
    """Areas (basis, number) under an outline in a block."""
    parcels = registered.number_pixels(grid, under.block).ravel()
    of_parcels = parcels if under.cells is None else parcels[under.cells]
    fvc = from_ratio(under.read_layer(cover, "fvc"))
    numbers = (tables.registered[of_parcels], _number_map_classes(under, tables, land))
    return np.stack(
        [
            np.bincount(lands.part_grass(one, fvc), under.weight_m2, minlength=lands.grass + 1)
            for one in numbers
        ]
    )


def _number_map_classes(under: GroundPixels, tables: _Tables, land: Path) -> Codes:
    """By type where the map tells it, else by cover."""
    covers: Codes = tables.covers[under.read_layer(land, "land_cover")]
    if tables.types is None:
        return covers
    types = under.read_layer(land, "ecosystem")
    wet = types == ECOSYSTEM.code("wetland")
    by_type = np.where(wet & (covers == tables.covers[LAND_COVER.code("water")]), covers, tables.types[types])
    found: Codes = np.where(by_type == _UNKNOWN, covers, by_type)
    return found


def _spread(numbers: Mapping[int, int]) -> Codes:
    """Numbers by every code that a class layer may hold."""
    table = np.full(256, _UNKNOWN)
    table[list(numbers)] = list(numbers.values())
    return table
