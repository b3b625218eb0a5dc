"""How often water stood at each pixel of a period: extent at low and at high water, and what lies between."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from pipeline.contracts import Raster, ReadRecord
from pipeline.engine.run import BlockDone, Run
from pipeline.engine.sources import source_of
from pipeline.engine.study import Study
from pipeline.grid import Block
from pipeline.indices import indicators, vegetation, water
from pipeline.ingest.reading import blocks
from pipeline.legends import LAND_COVER, NODATA_CLASS, Legend, build_inundation_legend
from pipeline.maps.encoding import as_ratio, from_ratio
from pipeline.maps.evidence import cover_basis, inundation_basis
from pipeline.maps.rasters import Footprint, Maps, forget_lost, refuse_loss, request_of, scene_key
from pipeline.maps.stored import CLASSES, COUNT, RATIO, stored
from pipeline.maps.tasks import Layers
from pipeline.periods import Period
from pipeline.settings.maps import LandCover, WaterRules
from pipeline.storage.blocks import open_store, write_block
from pipeline.storage.workspace import Artifact
from pipeline.zonal.ground import Ground, Under

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
        found = water.count_wet_looks(
            dict(zip(water.BANDS, stacks, strict=True)),
            water_mndwi=task.rules.water_mndwi,
            vegetation_ndvi=task.rules.vegetation_ndvi,
        )
        wet += found[0]
        seen += found[1]
    share = water.compute_frequency(wet, seen, least=task.water.least_looks)
    zones = water.classify_inundation(share, seldom=task.water.seldom, mostly=task.water.mostly)
    layers: Layers = {"wet": wet, "seen": seen, "water_frequency": as_ratio(share), "inundation": zones}
    return BlockDone(write_block(task.store, task.block, layers), tuple(records))


def bands(study: Study) -> tuple[str, ...]:
    """The bands that are read once more, if the config asks for inundation."""
    return water.BANDS if study.settings.water.inundation else ()


def stores(run: Run, study: Study, found: Sequence[Footprint], maps: Maps) -> tuple[Artifact, ...]:
    """One store per period where the config asks for them; TooMuchLost as for composites."""
    if not study.settings.water.inundation:
        return ()
    made = tuple(_store(run, study, found, maps, period) for period in study.settings.scenes.periods)
    refuse_loss(run, study, made)
    return made


def _store(run: Run, study: Study, found: Sequence[Footprint], maps: Maps, period: Period) -> Artifact:
    settings, rules = study.settings.scenes, study.settings.land_cover
    scenes = [footprint for footprint in found if period.holds(footprint.scene.datetime)]
    cause = study.cause(
        STEP,
        _INUNDATION,
        [scene_key(footprint.scene) for footprint in scenes],
        clear=settings.clear.model_dump(),
        harmonised=settings.harmonised,
        land_cover=rules.thresholds,
        water=study.settings.water.model_dump(exclude={"regimes"}),
        block_px=maps.layout.edge_px,
    )
    source = source_of(study)
    if run.refresh and (found_before := run.workspace.find(cause)):
        forget_lost(run, found_before)

    def task(store: Path, block: Block) -> InundationTask:
        request = request_of(study, block, scenes, water.BANDS, source)
        return InundationTask(store, request, rules, study.settings.water)

    layers = {"wet": COUNT, "seen": COUNT, "water_frequency": RATIO, "inundation": CLASSES}
    title = f"{study.aoi.name_zh} {period.label} 淹没 inundation"
    return stored(run, study, title, cause, layers, maps.layout, task, inundation_block)


def rasters(study: Study, artifacts: Sequence[Artifact]) -> Iterator[Raster]:
    """Frequency and zones of each period."""
    legend = legend_of(study)
    for artifact, period in zip(artifacts, study.settings.scenes.periods, strict=False):
        flooded, days = open_store(artifact.path), (period.first, period.last)
        frequency, zones = flooded["water_frequency"], flooded["inundation"]
        yield Raster(
            f"water_frequency_{period.label}", "ratio", frequency, "淹没频率", "Inundation frequency", *days
        )
        titles = legend.title_zh, legend.title_en
        yield Raster(f"inundation_{period.label}", "classes", zones, *titles, *days, legend)


def legend_of(study: Study) -> Legend:
    """Zones under the name that the config gives the one between low and high water."""
    return build_inundation_legend(study.settings.water.regimes.get(study.aoi.id, ""))


def rows(
    study: Study, maps: Maps, over_aoi: Ground, sources: Mapping[str, str]
) -> Iterator[dict[str, object]]:
    """Extent at low and at high water, what lies between, and the cover of the land above high water."""
    regime, whole_m2 = study.settings.water.regimes.get(study.aoi.id, ""), study.aoi.area_m2
    threshold = study.settings.vegetation.cover_threshold
    for number, artifact in enumerate(maps.further[STEP]):
        period = study.settings.scenes.periods[number].label
        basis = inundation_basis(study.settings.water, source=sources[period])
        zones = _zones_m2(study, artifact, over_aoi)
        yield from indicators.build_inundation_indicators(
            zones, period, area_m2=whole_m2, source=basis, regime=regime
        )
        cover = cover_basis(maps.endmembers[number], threshold=threshold, source=basis)
        above = _cover_above(study, maps, number, over_aoi)
        yield indicators.build_upland_indicator(above, period, area_m2=whole_m2, source=cover)


def _zones_m2(study: Study, artifact: Artifact, over_aoi: Ground) -> dict[str, float]:
    """Area of each zone of inundation by its key; the unknown is in none."""
    areas = over_aoi.areas_m2(artifact.path, STEP)
    return {entry.key: float(areas[entry.code]) for entry in legend_of(study).classes}


def _cover_above(study: Study, maps: Maps, number: int, over_aoi: Ground) -> vegetation.CoverSums:
    """Cover sums in which all that is under water at high water counts as water; both must be known."""
    stores = (maps.cover[number].path, maps.land[number].path, maps.further[STEP][number].path)
    dry, threshold = legend_of(study).code("dry"), study.settings.vegetation.cover_threshold
    part = partial(_part_above, stores=stores, dry=dry, threshold=threshold)
    return vegetation.CoverSums.total(over_aoi.each(part))


def _part_above(
    under: Under, *, stores: tuple[Path, Path, Path], dry: int, threshold: float
) -> vegetation.CoverSums:
    cover, land, flooded = stores
    zone = under.layer(flooded, STEP)
    fvc = np.where(zone == NODATA_CLASS, np.nan, from_ratio(under.layer(cover, "fvc")))
    wet = (zone != dry) | (under.layer(land, "land_cover") == LAND_COVER.code("water"))
    return vegetation.sum_cover(fvc, wet, under.weight_m2, threshold=threshold)
