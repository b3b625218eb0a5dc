"""Measures are entries: those of today as they were to the last bit, and one more found everywhere."""

from dataclasses import replace
from functools import partial
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.engine.executors import Threads
from pipeline.flow import measures
from pipeline.flow.measures import ParcelTask, sum_neighbours
from pipeline.geodesy import CGCS2000, measure_areas_m2, unproject_all
from pipeline.grid import Block, Grid
from pipeline.maps.encoding import COUNT, INDEX, as_index
from pipeline.periods import PeriodPair
from pipeline.rights_registry.shapes import ParcelShapes
from pipeline.storage.blocks import create_store, write_block
from pipeline.zonal.ground import Ground
from pipeline.zonal.layers import MapLayer, MapStores
from pipeline.zonal.measures import CHANGE, FVC, LAND, MEASURES, NEVER_SEEN, Measure, SeriesMeasure
from pipeline.zonal.overlay import sum_pixels
from pipeline.zonal.sums import MeasurePlan, ParcelSums
from pipeline.zonal.tables import tabulate
from pipeline.zonal.tallies import Weighted
from tests.bench import old_overlay
from tests.parcel_overlay import RULES, a_year_on, measure, plan_of, rasters_of, sums_of, tables_of, years

OLD_RULES = old_overlay.CoverRules(0.3, (0.3, 0.45, 0.6, 0.75))
GRID = Grid("EPSG:32651", 300_000.0, 3_500_000.0, 10.0, 90, 120)
EDGE = 64


def old_tables(ids, periods, sums):
    trend = partial(old_overlay.trend_of, cycle=1)
    cuts = [30, 45, 60, 75]
    return pd.concat(old_overlay.tables(ids, periods, sums, trend, cuts_percent=cuts), ignore_index=True)


@pytest.fixture
def course(layers):
    """Eleven years in which land cover moves, so that there is a trend and a parcel never seen."""
    rng, found = np.random.default_rng(3), [layers]
    for _ in range(10):
        moved = rng.random(layers.land_cover.shape) < 0.2
        codes = rng.choice(np.array([1, 2, 3, 4, 255], np.uint8), layers.land_cover.shape)
        found.append(a_year_on(found[-1], np.where(moved, codes, found[-1].land_cover)))
    return found


@pytest.mark.parametrize("block_px", [3000, 1024 * 1024])
def test_measures_are_to_the_last_bit_those_of_closed_kernels(parcels, grid, course, block_px):
    ours = measure(parcels, grid, *course, block_px=block_px)
    shapes = ParcelShapes.of(parcels)
    read = lambda block: [of_year.cut(block) for of_year in course]  # noqa: E731 one line, used once
    sums = old_overlay.summed(shapes, grid, read, OLD_RULES, block_px=block_px)
    theirs = old_tables(parcels["parcel_id"], years(len(course)), sums)
    assert theirs.loc[theirs["measure"] == "ndvi_trend", "value"].notna().any()
    ours = ours[ours["measure"] != "seen_share"].reset_index(drop=True)  # which came later
    pd.testing.assert_frame_equal(ours, theirs, check_exact=True)


def test_measures_of_an_area_in_parts_are_to_the_last_bit_those_of_closed_kernels(course):
    rng, parts = np.random.default_rng(4), []
    for block in list(GRID.blocks(40)):
        some = [of_year.cut(block) for of_year in course[:3]]
        flat = [
            type(one)(**{name: a.ravel() for name, a in vars(one).items() if a is not None}) for one in some
        ]
        parts.append((rng.uniform(0, 100, block.shape[0] * block.shape[1]), flat))
    plan = plan_of(3)
    ours = ParcelSums.total(
        [sum_pixels(weight, rasters_of(plan.periods, flat), plan.jobs) for weight, flat in parts]
    )
    theirs = old_overlay.ParcelSums.total(
        [old_overlay.sums_under(weight, flat, OLD_RULES) for weight, flat in parts]
    )
    table = pd.concat(tabulate(["a"], plan, ours), ignore_index=True)
    table = table[table["measure"] != "seen_share"].reset_index(drop=True)  # which came later
    pd.testing.assert_frame_equal(table, old_tables(["a"], plan.periods, theirs), check_exact=True)


def test_tables_of_any_length_are_the_same(parcels, grid, layers):
    sums = sums_of(parcels, grid, layers)
    whole = pd.concat(tables_of(parcels, sums, 1), ignore_index=True)
    parts = list(tabulate(parcels["parcel_id"], plan_of(1), sums, slice_parcels=3))
    assert [len(part) for part in parts] == [len(whole) * 3 // 4, len(whole) // 4]
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), whole)


@pytest.mark.parametrize(("test", "why"), [("hamed-rao", "40"), ("ar1", "缺测太多")])
def test_a_parcel_whose_correlation_is_not_told_has_a_slope_and_the_reason_for_no_p(test, why):
    means = np.random.default_rng(2).normal(0.5, 0.1, (20, 3)) + 0.02 * np.arange(20)[:, None]
    means[:11, 1], means[::2, 2] = np.nan, np.nan
    trend = next(entry for entry in MEASURES if isinstance(entry, SeriesMeasure))
    (slope, p_value), reason = trend.course(means, replace(RULES, test=test))
    assert np.isfinite(slope).tolist() == [True, False, True]
    assert np.isfinite(p_value).tolist() == [test == "ar1", False, False]
    assert "9 periods with a mean, fewer than 10" in reason[1]
    assert why in reason[2]


WETNESS = Measure("mndwi_mean", "1", lambda _: Weighted(MapLayer("spectral", "mndwi"), 0.0), Weighted.mean)
WET_SHARE = Measure("wet_share", "1", WETNESS.tally, Weighted.share)
NIGHTS = Measure("nights_mean", "count", lambda _: Weighted(MapLayer("lights", "nights")), Weighted.mean)
SHIFT = Measure(
    "shift_mean", "1", lambda _: Weighted(MapLayer("change", "shift", over="pair")), Weighted.mean
)
SLOPE = Measure("slope_mean", "1", lambda _: Weighted(MapLayer("trend", "slope", over="span")), Weighted.mean)
RANGE = SeriesMeasure(
    "mndwi_mean",
    ("mndwi_range",),
    ("1",),
    lambda means, _: ((np.ptp(means, axis=0),), np.full(means.shape[1], "never", dtype=object)),
)
TOYS = (SLOPE, WETNESS, NIGHTS, WET_SHARE, SHIFT, RANGE)


@pytest.fixture
def planted():
    """Numbers of three years, between and over them, without symmetry; half of 2024 has no mndwi."""
    rng, periods = np.random.default_rng(6), years(3, 2023)
    world = {}
    for period in periods:
        world[period, "spectral", "mndwi"] = as_index(rng.uniform(-0.4, 0.7, GRID.shape))
        world[period, "lights", "nights"] = rng.integers(0, 40, GRID.shape).astype(np.uint16)
    world[periods[1], "spectral", "mndwi"][:, 60:] = np.nan
    for pair in pairwise(periods):
        world[PeriodPair(*pair), "change", "shift"] = as_index(rng.uniform(-1, 1, GRID.shape))
    world[PeriodPair(periods[0], periods[-1]), "trend", "slope"] = as_index(rng.uniform(-1, 1, GRID.shape))
    return world


@pytest.fixture
def stores(tmp_path, planted):
    folders = {}
    for number, ((when, step, name), values) in enumerate(planted.items()):
        path = tmp_path / f"{number}"
        create_store(path, {name: (COUNT if values.dtype == np.uint16 else INDEX).stored}, GRID, EDGE)
        for block in GRID.blocks(EDGE):
            write_block(path, block, {name: values[block.rows, block.cols]})
        folders[step, when] = path
    return MapStores(folders)


@pytest.fixture
def plan():
    return MeasurePlan((*MEASURES, *TOYS), RULES, years(3, 2023))


FIELDS = {
    "west": (slice(10, 30), slice(20, 50)),
    "middle": (slice(40, 80), slice(50, 70)),
    "east": (slice(5, 15), slice(90, 115)),
}


@pytest.fixture
def fields():
    """Three parcels of whole pixels."""
    shapes = [
        shapely.segmentize(
            shapely.box(*GRID.block_bounds(Block(rows.start, rows.stop, cols.start, cols.stop))), 5
        )
        for rows, cols in FIELDS.values()
    ]
    outlines = unproject_all(np.array(shapes, dtype=object), GRID.crs)
    return gpd.GeoDataFrame(
        {"parcel_id": list(FIELDS), "area_m2": measure_areas_m2(outlines)}, geometry=outlines, crs=CGCS2000
    )


def lay(fields, stores, plan):
    """Rows by parcel, period and measure of the parcels, as a run lays them over stores."""
    task = ParcelTask(ParcelShapes.of(fields), GRID, stores, plan.places, plan.jobs)
    table = pd.concat(tabulate(fields["parcel_id"], plan, sum_neighbours(task)))
    table = table.set_index(["parcel_id", "period", "measure"]).sort_index()
    assert table.index.is_unique
    return table


def test_a_measure_that_is_added_in_one_place_is_in_the_table(planted, stores, plan, fields):
    """Entries of this file over layers of their own: float32 with NaN, counts, of two periods and of all."""
    table = lay(fields, stores, plan.limit(stores))
    for name, place in FIELDS.items():
        means = []
        for period in plan.periods:
            wetness = planted[period, "spectral", "mndwi"][place]
            nights = planted[period, "lights", "nights"][place]
            rows = table.loc[name, period.label]["value"]
            seen = wetness[np.isfinite(wetness)]
            means.append(seen.mean(dtype=float) if len(seen) else np.nan)
            assert rows["mndwi_mean"] == pytest.approx(means[-1], rel=1e-5, nan_ok=True)
            share = (seen >= 0).mean() if len(seen) else np.nan
            assert rows["wet_share"] == pytest.approx(share, rel=1e-5, nan_ok=True)
            assert rows["nights_mean"] == pytest.approx(nights.mean(), rel=1e-5)
        for pair in plan.whens["pair"]:
            shift = planted[pair, "change", "shift"][place]
            assert table.loc[(name, pair.label, "shift_mean"), "value"] == pytest.approx(
                shift.mean(), abs=1e-6
            )
        over = table.loc[name, "2023/2025"]["value"]
        assert over["slope_mean"] == pytest.approx(
            planted[plan.span, "trend", "slope"][place].mean(), abs=1e-6
        )
        assert over["mndwi_range"] == pytest.approx(np.ptp(means), rel=1e-4, nan_ok=True)
    assert len(table) == len(FIELDS) * (3 * 3 + 2 + 1 + 1)


def test_an_added_measure_says_what_it_rests_on_and_why_it_is_null(stores, plan, fields):
    table, area = lay(fields, stores, plan.limit(stores)), fields.set_index("parcel_id")["area_m2"]
    halved = table.loc[("middle", "2024", "mndwi_mean")]
    assert halved["covered_area_m2"] == pytest.approx(area["middle"] / 2, rel=1e-4)
    assert halved["unknown_area_m2"] == pytest.approx(area["middle"] / 2, rel=1e-4)
    dark = table.loc[("east", "2024", "wet_share")]
    assert (dark["covered_area_m2"], dark["unknown_area_m2"]) == (0, pytest.approx(area["east"]))
    assert dark["reason"] == NEVER_SEEN
    assert table.loc[("east", "2023/2025", "mndwi_range"), "reason"] == "never"
    assert table.loc[("east", "2024", "nights_mean"), "unknown_area_m2"] == 0


def test_a_parcel_of_which_a_slip_along_its_edge_was_seen_has_no_mean(stores, plan):
    """In 2024 the columns from 60 on are unknown; outlines along column 60 slip over its edge by rounding."""
    shapes = [
        shapely.box(*GRID.block_bounds(Block(row, row + 20, 60, 60 + width)))
        for row in range(5, 85, 5)
        for width in (10, 17)
    ]
    outlines = unproject_all(np.array(shapes, dtype=object), GRID.crs)
    names = [f"P{number}" for number in range(len(shapes))]
    parcels = gpd.GeoDataFrame(
        {"parcel_id": names, "area_m2": measure_areas_m2(outlines)}, geometry=outlines, crs=CGCS2000
    )
    table = lay(parcels, stores, plan.limit(stores)).loc[(slice(None), "2024", "mndwi_mean"), :]
    assert table["covered_area_m2"].gt(0).any()
    assert table["covered_area_m2"].max() < 0.01
    assert table["value"].isna().all()
    assert table["reason"].eq(NEVER_SEEN).all()


def test_an_added_measure_is_told_of_an_area_too(stores, plan, fields):
    outline, own = fields.geometry.iloc[1], plan.limit(stores)
    ground = Ground.of(Threads(1), GRID, outline, fields["area_m2"].iloc[1])
    sum_ground = partial(measures.sum_ground, stores=stores, places=own.places, jobs=own.jobs)
    table = pd.concat(tabulate(["middle"], own, ParcelSums.total(ground.map(sum_ground))))
    laid = lay(fields.iloc[[1]], stores, own).reset_index()
    assert len(table) == len(laid) == 13
    both = table.merge(laid, on=["period", "measure"])
    assert np.allclose(both["value_x"], both["value_y"])


def test_a_measure_without_its_layer_is_left_out_and_so_is_its_course(stores, plan):
    lacking = MapStores({place: path for place, path in stores.folders.items() if place[0] != "spectral"})
    names = [entry.name for entry, _ in plan.limit(lacking).entries]
    assert names == [*["nights_mean"] * 3, *["shift_mean"] * 2, "slope_mean"]
    assert plan.limit(lacking).series == ()


def test_what_several_measures_rest_on_is_added_up_once(plan):
    cover = [tally for tally, _ in plan.jobs if tally == Weighted(FVC, RULES.cover_threshold)]
    assert len(cover) == len(plan.periods)
    read = [layer for layer, _ in plan.places]
    assert read.count(FVC) == read.count(LAND) == 3
    assert read.count(CHANGE) == 2
