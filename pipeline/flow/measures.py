"""Parcels over the maps: one task some neighbours, every period at once, and the table that comes of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from pipeline.engine.run import Run
from pipeline.grid import Block, Grid
from pipeline.indices.spectral import find_index
from pipeline.maps.cover import explain_no_cover
from pipeline.maps.land_cover.showing import explain_no_class
from pipeline.maps.step import Maps
from pipeline.periods import PERIODS_A_YEAR
from pipeline.rights_registry.shapes import ParcelShapes, split_places
from pipeline.settings.products import load_products
from pipeline.storage.blocks import read_block
from pipeline.storage.cause import Artifact
from pipeline.storage.scratch import ScatteredRows, ScratchFile
from pipeline.storage.tables import read_layer_parts
from pipeline.zonal import measures
from pipeline.zonal.ground import Ground, GroundPixels
from pipeline.zonal.layers import LayersNumbers, MapStores, Place
from pipeline.zonal.overlay import NEIGHBOURS, sum_parcels, sum_pixels
from pipeline.zonal.sums import Job, MeasurePlan, ParcelSums
from pipeline.zonal.tables import SLICE_PARCELS, tabulate


@dataclass(frozen=True)
class ParcelTask:
    """Some neighbouring parcels under the layers of all periods."""

    parcels: ParcelShapes
    grid: Grid
    stores: MapStores
    places: tuple[Place, ...]
    jobs: tuple[Job, ...]


def sum_neighbours(task: ParcelTask) -> ParcelSums:
    """The sums of some neighbours; reads each block of each layer once."""

    def read(block: Block) -> LayersNumbers:
        return task.stores.read(task.places, lambda store, names: read_block(store, block, names))

    return sum_parcels(task.parcels, task.grid, read, task.jobs)


def sum_ground(
    under: GroundPixels, *, stores: MapStores, places: tuple[Place, ...], jobs: tuple[Job, ...]
) -> ParcelSums:
    """The sums of the ground of an outline in a block, as of one parcel."""
    return sum_pixels(under.weight_m2, stores.read(places, under.read), jobs)


def load_shapes(parcels: Artifact, scratch: ScratchFile) -> ParcelShapes:
    """The parcels of an artifact as they are laid over maps, their outlines put away."""
    parts = read_layer_parts(parcels.path / "parcels.parquet", ["parcel_id", "area_m2"])
    return ParcelShapes.concat([ParcelShapes.of(part).put_away(scratch.keep) for part in parts])


def measure_parcels(
    run: Run, maps: Maps, parcels: ParcelShapes, scratch: ScratchFile
) -> Iterator[pd.DataFrame]:
    """PARCEL_MEASURES of parcels in their order, so many parcels at a time."""
    study, stores, plan = maps.study, list_stores(maps), plan_measures(maps)
    jobs, places = plan.jobs, plan.places
    groups = parcels.shapes.group_neighbours(NEIGHBOURS)
    tasks = (ParcelTask(parcels.take(group), study.grid, stores, places, jobs) for group in groups)
    rows = ScatteredRows(scratch, len(parcels), sum(tally.width for tally, _ in jobs), SLICE_PARCELS)

    def put(number: int, part: ParcelSums) -> None:
        rows.put(groups[number], part.join())

    run.stream(study.title("overlay"), sum_neighbours, tasks, put, count=len(groups))
    slices = split_places(np.arange(len(parcels)), SLICE_PARCELS) if len(parcels) else [np.arange(0)]
    for some, sums in zip(slices, rows.take(), strict=True):
        yield from tabulate(np.asarray(parcels.ids[some], dtype=object), plan, ParcelSums.split(sums, jobs))


def measure_aoi(ground: Ground, maps: Maps) -> pd.DataFrame:
    """PARCEL_MEASURES of the aoi itself, as if it were one parcel."""
    stores, plan = list_stores(maps), plan_measures(maps)
    parts = ground.map(partial(sum_ground, stores=stores, places=plan.places, jobs=plan.jobs))
    return pd.concat(tabulate([maps.study.aoi.id], plan, ParcelSums.total(parts)))


def plan_measures(maps: Maps) -> MeasurePlan:
    """The measures whose layers the maps have."""
    settings = maps.study.settings
    cycle, cuts = PERIODS_A_YEAR[settings.scenes.period], tuple(load_products().grades.cuts_percent)
    rules = measures.MeasureRules(
        settings.vegetation.cover_threshold,
        cuts,
        cycle,
        settings.greenness.test,
        unseen_cover=explain_no_cover(maps)[1],
        unseen_ndvi=maps.lacking(find_index("ndvi").bands) or measures.NO_NDVI,
        unseen_class=explain_no_class(maps),
    )
    return MeasurePlan(measures.MEASURES, rules, maps.study.periods).limit(list_stores(maps))


def list_stores(maps: Maps) -> MapStores:
    """Where every map is stored."""
    return MapStores({place: artifact.path for place, artifact in maps.made.items()})
