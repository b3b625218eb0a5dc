import dataclasses

import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.geodesy import measure_areas_m2, project, project_all, unproject
from pipeline.grid import Grid
from pipeline.rights_registry.shapes import ParcelShapes
from pipeline.zonal import overlay
from pipeline.zonal.cells import extract_cells
from pipeline.zonal.measures import LOOKS
from pipeline.zonal.tallies import Weighted
from tests.hairs import draw_hairs
from tests.parcel_overlay import (
    ParcelLayers,
    a_year_on,
    measure,
    plan_of,
    rasters_of,
    sums_of,
    widen,
    years,
)

KEYS = {1: "water", 2: "vegetation", 3: "bare", 4: "built"}


def on_pixels(grid, row, col, rows, cols):
    """A parcel of whole pixels."""
    left, top = grid.left + col * 10, grid.top - row * 10
    return unproject(
        shapely.segmentize(shapely.box(left, top - rows * 10, left + cols * 10, top), 5), grid.crs
    )


@pytest.fixture
def inside(grid):
    row, col = grid.height - 60, 150
    return slice(row, row + 8), slice(col, col + 11)


@pytest.fixture
def pixels(register, grid, inside):
    """One parcel of exactly the pixels inside."""
    rows, cols = inside
    shape = on_pixels(grid, rows.start, cols.start, 8, 11)
    return register([shape], parcel_id=["A"]).assign(area_m2=measure_areas_m2([shape]))


@pytest.fixture
def later(layers, grid):
    """The rasters a year on: other classes at a third of the pixels, other pixels never seen."""
    rng = np.random.default_rng(8)
    moved = rng.random(grid.shape) < 0.3
    land_cover = np.where(moved, rng.choice(np.array([1, 2, 3, 4, 255]), grid.shape), layers.land_cover)
    return a_year_on(layers, land_cover.astype(np.uint8))


def test_a_parcel_of_whole_pixels_has_their_very_values(pixels, grid, layers, inside):
    values = widen(measure(pixels, grid, layers)).loc["A"]
    area = pixels["area_m2"].iloc[0]
    for code, key in KEYS.items():
        share = (layers.land_cover[inside] == code).mean()
        assert values[f"class_area:{key}"] == pytest.approx(share * area, rel=1e-5)
    assert values["water_share"] == pytest.approx((layers.land_cover[inside] == 1).mean(), rel=1e-5)
    assert values["fvc_mean"] == pytest.approx(layers.fvc[inside].mean() * 1e-4, rel=1e-5)
    assert values["ndvi_mean"] == pytest.approx(layers.ndvi[inside].mean() * 1e-4, rel=1e-4)
    assert values["vegetated_share"] == pytest.approx((layers.fvc[inside] >= 3000).mean(), rel=1e-5)
    assert values["looks_mean"] == pytest.approx(layers.looks[inside].mean(), rel=1e-5)
    assert values["failed_looks_mean"] == pytest.approx(layers.failed[inside].mean(), rel=1e-5)
    assert values["failed_share"] == pytest.approx((layers.failed[inside] > 0).mean(), rel=1e-5)


def test_grades_hold_the_area_between_their_cuts_and_a_value_on_a_cut_is_above_it(
    pixels, grid, layers, inside
):
    layers.fvc[inside].flat[:4] = [3000, 4500, 6000, 7500]
    values = widen(measure(pixels, grid, layers)).loc["A"]
    cover, area = layers.fvc[inside], pixels["area_m2"].iloc[0]
    for low, high in ((0, 30), (30, 45), (45, 60), (60, 75), (75, 100)):
        graded = (cover >= low * 100) & (cover < (high * 100 if high < 100 else 10_001))
        found = values[f"fvc_grade_area:{low}-{high}"]
        assert found == pytest.approx(graded.mean() * area, rel=1e-4)


def test_what_each_class_gains_and_loses_is_found_per_parcel(pixels, grid, layers, later, inside):
    table = measure(pixels, grid, layers, later).set_index(["period", "measure"])
    before, after = layers.land_cover[inside], later.land_cover[inside]
    known, area = after != 255, pixels["area_m2"].iloc[0]
    assert 0 < known.mean() < 1
    for code, key in KEYS.items():
        gained = known & (after == code) & (before != code)
        lost = known & (before == code) & (after != code)
        assert table.loc[("2024/2025", f"gained_area:{key}"), "value"] == pytest.approx(
            gained.mean() * area, rel=1e-4
        )
        assert table.loc[("2024/2025", f"lost_area:{key}"), "value"] == pytest.approx(
            lost.mean() * area, rel=1e-4
        )
    row = table.loc[("2024/2025", "gained_area:water")]
    assert row["covered_area_m2"] == pytest.approx(known.mean() * area, rel=1e-5)
    assert row["covered_area_m2"] + row["unknown_area_m2"] == pytest.approx(area, rel=1e-12)


def test_a_change_that_does_not_count_is_neither_gained_nor_lost(pixels, grid, layers, later, inside):
    counted = later.change.copy()
    counted[inside][counted[inside] == 24] = 0
    table = measure(pixels, grid, layers, dataclasses.replace(later, change=counted))
    table = table[table["period"] == "2024/2025"].set_index("measure")
    moved = (counted[inside] // 10 == 2) & (counted[inside] != 255)
    assert (later.change[inside] == 24).any()
    area = pixels["area_m2"].iloc[0]
    assert table.loc["lost_area:vegetation", "value"] == pytest.approx(moved.mean() * area, rel=1e-4)
    known = (layers.land_cover[inside] != 255) & (later.land_cover[inside] != 255)
    assert table.loc["lost_area:vegetation", "covered_area_m2"] == pytest.approx(
        known.mean() * area, rel=1e-5
    )


def test_gains_less_losses_are_the_change_of_the_class_areas_where_both_periods_see(
    parcels, grid, layers, later
):
    both = (layers.land_cover != 255) & (later.land_cover != 255)
    seen = [
        dataclasses.replace(one, land_cover=np.where(both, one.land_cover, 255).astype(np.uint8))
        for one in (layers, later)
    ]
    table = measure(parcels, grid, *seen).pivot(  # noqa: PD010 pivot_table would average
        index="parcel_id", columns=["period", "measure"], values="value"
    )
    for key in KEYS.values():
        change = table["2025"][f"class_area:{key}"] - table["2024"][f"class_area:{key}"]
        moves = table["2024/2025"]
        assert np.allclose(moves[f"gained_area:{key}"] - moves[f"lost_area:{key}"], change, atol=1e-6)


def test_classes_and_unknown_add_up_to_the_parcel_and_every_row_tells_its_basis(parcels, grid, layers):
    measures = measure(parcels, grid, layers)
    areas = parcels.set_index("parcel_id")["area_m2"]
    for prefix in ("class_area:", "fvc_grade_area:"):
        areas_of = measures[measures["measure"].str.startswith(prefix)].groupby("parcel_id")
        total = areas_of["value"].sum() + areas_of["unknown_area_m2"].first()
        assert np.allclose(total, areas, rtol=1e-12)
    basis = measures["covered_area_m2"] + measures["unknown_area_m2"]
    assert np.allclose(basis, measures["parcel_id"].map(areas), rtol=1e-12)
    assert (measures["unknown_area_m2"] > 0).any()


def test_a_parcel_never_seen_has_null_means_with_a_reason_and_is_all_unknown(parcels, grid, layers):
    blind = ParcelLayers(
        np.full_like(layers.land_cover, 255),
        np.full_like(layers.fvc, -32768),
        np.full_like(layers.ndvi, -32768),
        np.zeros_like(layers.looks),
        np.full_like(layers.failed, 2),
    )
    measures = measure(parcels, grid, blind)
    values = widen(measures)
    assert values[["fvc_mean", "ndvi_mean", "vegetated_share", "water_share"]].isna().all(axis=None)
    assert (values[["looks_mean", "class_area:water", "fvc_grade_area:0-30"]] == 0).all(axis=None)
    assert np.allclose(values[["failed_looks_mean", "failed_share"]], [2, 1])
    classes = measures[measures["measure"] == "class_area:water"]
    assert np.allclose(classes["unknown_area_m2"], parcels["area_m2"], rtol=1e-12)
    assert (measures["reason"].notna() == measures["value"].isna()).all()
    assert measures.loc[measures["measure"] == "fvc_mean", "reason"].str.contains("never seen clear").all()


def test_a_trend_over_too_few_periods_is_null_and_says_how_many_there_are(parcels, grid, layers, later):
    table = measure(parcels, grid, layers, later)
    rows = table[table["measure"].isin(["ndvi_trend", "ndvi_trend_p"])]
    assert len(rows) == 2 * len(parcels)
    assert set(rows["period"]) == {"2024/2025"}
    assert rows["value"].isna().all()
    assert rows["reason"].str.contains("2 periods with a mean, fewer than 10").all()


def test_a_parcel_smaller_than_any_fraction_gets_the_pixel_under_it(register, grid, layers):
    x, y = grid.left + 1503.0, grid.top - (grid.height - 60) * 10 - 8.0
    crumbs = [unproject(shapely.box(x, y, x + size, y + size), grid.crs) for size in (1e-3, 1e-1, 4)]
    areas = np.array([1e-6, 1e-2, 16.0])
    parcels = register(crumbs, parcel_id=list("abc")).assign(area_m2=areas)
    key = KEYS[int(layers.land_cover[grid.height - 60, 150])]
    values = widen(measure(parcels, grid, layers))
    assert values[f"class_area:{key}"].tolist() == pytest.approx(areas.tolist())


def test_a_parcel_that_the_extraction_misses_is_laid_on_the_pixel_beside_it(register, grid, layers):
    y = grid.top - 255
    beside = unproject(shapely.box(grid.left - 1, y, grid.left - 0.5, y + 1), grid.crs)
    parcels = register([beside], parcel_id=["a"]).assign(area_m2=[2.0])
    (covered,) = (part for part in overlay.lay_parcels(parcels, grid) if len(part.pixels.cell))
    assert covered.pixels.weight_m2.tolist() == [2.0]
    assert (covered.block.row_from, covered.block.col_from) == (25, 0)
    assert widen(measure(parcels, grid, layers))["looks_mean"].tolist() == [layers.looks[25, 0]]


def test_blocks_and_neighbourhoods_of_any_size_give_the_same_figures(parcels, grid, layers, later):
    whole = measure(parcels, grid, layers, later)
    for options in (
        {"block_px": 50},
        {"block_px": 777},
        {"block_px": 5000},
        {"neighbours": 1},
        {"neighbours": 3},
    ):
        parts = measure(parcels, grid, layers, later, **options)
        pd.testing.assert_frame_equal(parts, whole, rtol=1e-9)


def test_only_blocks_of_the_set_size_are_read(parcels, grid, layers):
    read, plan = [], plan_of(1)

    def watched(block):
        read.append(np.prod(block.shape))
        return rasters_of(plan.periods, [layers.cut(block)])

    overlay.sum_parcels(ParcelShapes.of(parcels), grid, watched, plan.jobs, block_px=4000)
    assert 0 < max(read) <= 4000


def test_the_order_of_the_parcels_is_kept(parcels, grid, layers):
    measures = measure(parcels, grid, layers)
    turned = measure(parcels.iloc[::-1].reset_index(drop=True), grid, layers)
    assert measures["parcel_id"].unique().tolist() == ["A", "B", "C", "D"]
    assert turned["parcel_id"].unique().tolist() == ["D", "C", "B", "A"]
    both = measures.merge(turned, on=["parcel_id", "measure"])
    assert np.allclose(both["value_x"], both["value_y"], rtol=1e-12, equal_nan=True)


def test_no_parcels_give_no_rows(parcels, grid, layers):
    assert measure(parcels.iloc[:0], grid, layers).empty


def test_sums_of_a_parcel_scale_to_its_ellipsoidal_area(parcels, grid, layers):
    doubled = parcels.assign(area_m2=2 * parcels["area_m2"])
    one, two = (sums_of(rows, grid, layers).by_job for rows in (parcels, doubled))
    for job, numbers in one.items():
        assert np.allclose(two[job], 2 * numbers, rtol=1e-12)
    looks = two[Weighted(LOOKS, threshold=1), years(1)[0]]
    assert np.allclose(looks[:, -2], doubled["area_m2"], rtol=1e-12)


def test_fractions_are_those_of_the_polygon_in_each_pixel(parcels, grid):
    shape = project(parcels.geometry.iloc[1], grid.crs)
    block = grid.block_over(shape.bounds)
    ((cells, fractions),) = extract_cells(np.array([shape], dtype=object), block, grid)
    rows, cols = np.divmod(cells, block.shape[1])
    left = grid.left + (cols + block.col_from) * 10
    top = grid.top - (rows + block.row_from) * 10
    exact = shapely.area(shapely.intersection(shapely.box(left, top - 10, left + 10, top), shape)) / 100
    assert np.allclose(fractions, exact, atol=1e-6)
    assert fractions.sum() * 100 == pytest.approx(shape.area, rel=1e-6)


def test_a_parcel_with_a_hair_covers_what_it_covers_without():
    """Valid in degrees, some of them cross themselves in the plane; pixels under the hair are not theirs."""
    places = Grid("EPSG:32651", 300_000, 3_500_000, 10.0, 200, 200)
    for _, fractions in extract_cells(project_all(draw_hairs(200), places.crs), places.whole, places):
        assert fractions.sum() * 100 == pytest.approx(60 * 45, rel=1e-4)
