"""How often water stood at each pixel of a period: extent at low and at high water, and what lies between."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from pipeline.contracts import Raster, ReadRecord
from pipeline.grid import Block
from pipeline.indices import indicators, vegetation, water
from pipeline.ingest import blocks
from pipeline.legends import LAND_COVER, NODATA_CLASS, Legend, inundation_legend
from pipeline.periods import Period
from pipeline.plan.area import Area
from pipeline.plan.evidence import cover_basis, inundation_basis
from pipeline.plan.ground import Ground, Under
from pipeline.plan.rasters import Footprint, Maps, forget_lost, refuse_loss, request_of, scene_key
from pipeline.plan.sources import source_of
from pipeline.plan.steps import as_ratio, from_ratio
from pipeline.plan.stored import CLASSES, COUNT, RATIO, stored
from pipeline.plan.tasks import Layers
from pipeline.run import BlockDone, Run
from pipeline.settings.maps import LandCover, WaterRules
from pipeline.stores import open_store, write_block
from pipeline.workspace import Artifact

_INUNDATION = 1

STEP = "inundation"


@dataclass(frozen=True)
class InundationTask:
    """One block of how often water stood there in a period."""

    store: Path
    request: blocks.BlockRequest
    rules: LandCover
    water: WaterRules

    @property
    def block(self) -> Block:
        """The region to write."""
        return self.request.block


def inundation_block(task: InundationTask) -> BlockDone:
    """Wet looks, looks, their ratio and its zones; half of the dates at a time, four bands of each.

    A look whose read failed in one band saw nothing.
    """
    request = task.request
    wet = np.zeros(request.block.shape, dtype=np.uint16)
    seen = np.zeros_like(wet)
    records: list[ReadRecord] = []
    for part in blocks.in_parts(request, max(1, len(request.scenes) // 2)):
        looks = blocks.read_looks(part)
        stacks = np.empty((len(water.BANDS), *looks.owner.shape), dtype=np.int16)
        records += looks.records
        for read in blocks.read_bands(part, looks, stacks):
            records += read.records
        found = water.wet_looks(
            dict(zip(water.BANDS, stacks, strict=True)),
            water_mndwi=task.rules.water_mndwi,
            vegetation_ndvi=task.rules.vegetation_ndvi,
        )
        wet += found[0]
        seen += found[1]
    share = water.frequency(wet, seen, least=task.water.least_looks)
    zones = water.inundation(share, seldom=task.water.seldom, mostly=task.water.mostly)
    layers: Layers = {"wet": wet, "seen": seen, "water_frequency": as_ratio(share), "inundation": zones}
    return BlockDone(write_block(task.store, task.block, layers), tuple(records))


def bands(area: Area) -> tuple[str, ...]:
    """The bands that are read once more, if the config asks for inundation."""
    return water.BANDS if area.settings.water.inundation else ()


def stores(run: Run, area: Area, found: Sequence[Footprint], maps: Maps) -> tuple[Artifact, ...]:
    """One store per period where the config asks for them; TooMuchLost as for composites."""
    if not area.settings.water.inundation:
        return ()
    made = tuple(_store(run, area, found, maps, period) for period in area.settings.scenes.periods)
    refuse_loss(run, area, made)
    return made


def _store(run: Run, area: Area, found: Sequence[Footprint], maps: Maps, period: Period) -> Artifact:
    settings, rules = area.settings.scenes, area.settings.land_cover
    scenes = [footprint for footprint in found if period.holds(footprint.scene.datetime)]
    cause = area.cause(
        STEP,
        _INUNDATION,
        [scene_key(footprint.scene) for footprint in scenes],
        clear=settings.clear.model_dump(),
        harmonised=settings.harmonised,
        land_cover=rules.thresholds,
        water=area.settings.water.model_dump(exclude={"regimes"}),
        block_px=maps.layout.edge_px,
    )
    source = source_of(area)
    if run.refresh and (found_before := run.workspace.find(cause)):
        forget_lost(run, found_before)

    def task(store: Path, block: Block) -> InundationTask:
        request = request_of(area, block, scenes, water.BANDS, source)
        return InundationTask(store, request, rules, area.settings.water)

    layers = {"wet": COUNT, "seen": COUNT, "water_frequency": RATIO, "inundation": CLASSES}
    title = f"{area.aoi.name_zh} {period.label} 淹没 inundation"
    return stored(run, area, title, cause, layers, maps.layout, task, inundation_block)


def rasters(area: Area, artifacts: Sequence[Artifact]) -> Iterator[Raster]:
    """Frequency and zones of each period."""
    legend = legend_of(area)
    for artifact, period in zip(artifacts, area.settings.scenes.periods, strict=False):
        flooded, days = open_store(artifact.path), (period.first, period.last)
        frequency, zones = flooded["water_frequency"], flooded["inundation"]
        yield Raster(
            f"water_frequency_{period.label}", "ratio", frequency, "淹没频率", "Inundation frequency", *days
        )
        titles = legend.title_zh, legend.title_en
        yield Raster(f"inundation_{period.label}", "classes", zones, *titles, *days, legend)


def legend_of(area: Area) -> Legend:
    """Zones under the name that the config gives the one between low and high water."""
    return inundation_legend(area.settings.water.regimes.get(area.aoi.id, ""))


def rows(area: Area, maps: Maps, over_aoi: Ground, sources: Mapping[str, str]) -> Iterator[dict[str, object]]:
    """Extent at low and at high water, what lies between, and the cover of the land above high water."""
    regime, whole_m2 = area.settings.water.regimes.get(area.aoi.id, ""), area.aoi.area_m2
    threshold = area.settings.vegetation.cover_threshold
    for number, artifact in enumerate(maps.further[STEP]):
        period = area.settings.scenes.periods[number].label
        basis = inundation_basis(area.settings.water, source=sources[period])
        zones = _zones_m2(area, artifact, over_aoi)
        yield from indicators.inundation_indicators(
            zones, period, area_m2=whole_m2, source=basis, regime=regime
        )
        cover = cover_basis(maps.endmembers[number], threshold=threshold, source=basis)
        above = _cover_above(area, maps, number, over_aoi)
        yield indicators.upland_indicator(above, period, area_m2=whole_m2, source=cover)


def _zones_m2(area: Area, artifact: Artifact, over_aoi: Ground) -> dict[str, float]:
    """Area of each zone of inundation by its key; the unknown is in none."""
    areas = over_aoi.areas_m2(artifact.path, STEP)
    return {entry.key: float(areas[entry.code]) for entry in legend_of(area).classes}


def _cover_above(area: Area, maps: Maps, number: int, over_aoi: Ground) -> vegetation.CoverSums:
    """Cover sums in which all that is under water at high water counts as water; both must be known."""
    stores = (maps.cover[number].path, maps.land[number].path, maps.further[STEP][number].path)
    dry, threshold = legend_of(area).code("dry"), area.settings.vegetation.cover_threshold
    part = partial(_part_above, stores=stores, dry=dry, threshold=threshold)
    return vegetation.CoverSums.total(over_aoi.each(part))


def _part_above(
    under: Under, *, stores: tuple[Path, Path, Path], dry: int, threshold: float
) -> vegetation.CoverSums:
    cover, land, flooded = stores
    zone = under.layer(flooded, STEP)
    fvc = np.where(zone == NODATA_CLASS, np.nan, from_ratio(under.layer(cover, "fvc")))
    wet = (zone != dry) | (under.layer(land, "land_cover") == LAND_COVER.code("water"))
    return vegetation.cover_sums(fvc, wet, under.weight_m2, threshold=threshold)
