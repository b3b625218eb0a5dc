from datetime import date

import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr

from pipeline.geodesy import areas_m2, project, unproject
from pipeline.periods import Period
from pipeline.rights_registry import overlay
from pipeline.rights_registry.cells import covered_cells

PERIOD = Period(date(2024, 1, 1), date(2024, 12, 31), "2024")


def wide(measures):
    return measures.pivot_table(
        index="parcel_id", columns="measure", values="value", sort=False, dropna=False
    )


def measured(parcels, grid, layers, **options):
    coverage = overlay.coverage(parcels, grid, **options)
    return overlay.measure(coverage, parcels, PERIOD, layers, cover_threshold=0.3)


def on_pixels(grid, row, col, rows, cols):
    """A parcel of whole pixels."""
    left, top = grid.left + col * 10, grid.top - row * 10
    return unproject(
        shapely.segmentize(shapely.box(left, top - rows * 10, left + cols * 10, top), 5), grid.crs
    )


def test_a_parcel_of_whole_pixels_has_their_very_values(register, grid, layers):
    row, col = grid.height - 60, 150
    window = (slice(row, row + 8), slice(col, col + 11))
    shape = on_pixels(grid, row, col, 8, 11)
    parcels = register([shape], parcel_id=["A"]).assign(area_m2=areas_m2([shape]))
    values = wide(measured(parcels, grid, layers)).loc["A"]
    area = parcels["area_m2"].iloc[0]
    for code, key in ((1, "water"), (2, "vegetation"), (3, "bare"), (4, "built")):
        share = (layers.land_cover[window] == code).mean()
        assert values[f"class_area:{key}"] == pytest.approx(share * area, rel=1e-5)
    assert values["fvc_mean"] == pytest.approx(layers.fvc[window].mean() * 1e-4, rel=1e-5)
    assert values["ndvi_mean"] == pytest.approx(layers.ndvi[window].mean() * 1e-4, rel=1e-4)
    assert values["vegetated_share"] == pytest.approx((layers.fvc[window] >= 3000).mean(), rel=1e-5)
    assert values["looks_mean"] == pytest.approx(layers.looks[window].mean(), rel=1e-5)


def test_classes_and_unknown_add_up_to_the_parcel_and_every_row_tells_its_basis(parcels, grid, layers):
    measures = measured(parcels, grid, layers)
    areas = parcels.set_index("parcel_id")["area_m2"]
    classes = measures[measures["measure"].str.startswith("class_area:")].groupby("parcel_id")
    total = classes["value"].sum() + classes["unknown_area_m2"].first()
    assert np.allclose(total, areas, rtol=1e-12)
    basis = measures["covered_area_m2"] + measures["unknown_area_m2"]
    assert np.allclose(basis, measures["parcel_id"].map(areas), rtol=1e-12)
    assert (measures["unknown_area_m2"] > 0).any()


def test_a_parcel_never_seen_has_null_means_and_is_all_unknown(parcels, grid, layers):
    blind = overlay.ParcelLayers(
        np.full_like(layers.land_cover, 255),
        np.full_like(layers.fvc, -32768),
        np.full_like(layers.ndvi, -32768),
        np.zeros_like(layers.looks),
    )
    measures = measured(parcels, grid, blind)
    values = wide(measures)
    assert values[["fvc_mean", "ndvi_mean", "vegetated_share"]].isna().all(axis=None)
    assert (values[["looks_mean", "class_area:water"]] == 0).all(axis=None)
    classes = measures[measures["measure"] == "class_area:water"]
    assert np.allclose(classes["unknown_area_m2"], parcels["area_m2"], rtol=1e-12)


def test_a_parcel_smaller_than_any_fraction_gets_the_pixel_under_it(register, grid, layers):
    x, y = grid.left + 1503.0, grid.top - (grid.height - 60) * 10 - 8.0
    crumbs = [unproject(shapely.box(x, y, x + size, y + size), grid.crs) for size in (1e-3, 1e-1, 4)]
    areas = np.array([1e-6, 1e-2, 16.0])
    parcels = register(crumbs, parcel_id=list("abc")).assign(area_m2=areas)
    measures = measured(parcels, grid, layers)
    code = layers.land_cover[grid.height - 60, 150]
    key = {1: "water", 2: "vegetation", 3: "bare", 4: "built"}[int(code)]
    assert wide(measures)[f"class_area:{key}"].tolist() == pytest.approx(areas.tolist())


def test_a_parcel_that_the_extraction_misses_is_laid_on_the_pixel_beside_it(register, grid):
    y = grid.top - 255
    beside = unproject(shapely.box(grid.left - 1, y, grid.left - 0.5, y + 1), grid.crs)
    parcels = register([beside], parcel_id=["a"]).assign(area_m2=[2.0])
    (chunk,) = (chunk for chunk in overlay.coverage(parcels, grid).chunks if len(chunk.cell))
    assert chunk.weight_m2.tolist() == [2.0]
    assert (chunk.window.row_from, chunk.window.col_from) == (25, 0)


def test_chunks_of_any_size_give_the_same_figures(parcels, grid, layers):
    whole = measured(parcels, grid, layers)
    for chunk_px in (50, 777, 5000):
        parts = measured(parcels, grid, layers, chunk_px=chunk_px)
        pd.testing.assert_frame_equal(parts, whole, rtol=1e-9)
        chunks = overlay.coverage(parcels, grid, chunk_px=chunk_px).chunks
        assert all(np.prod(chunk.window.shape) <= chunk_px for chunk in chunks)


def test_only_the_windows_under_parcels_are_read(parcels, grid, layers):
    read = []

    class Watched:
        def __init__(self, values):
            self.values = values

        def __getitem__(self, place):
            read.append(self.values[place].size)
            return self.values[place]

    watched = overlay.ParcelLayers(
        *(Watched(values) for values in (layers.land_cover, layers.fvc, layers.ndvi, layers.looks))
    )
    measured(parcels, grid, watched, chunk_px=4000)
    assert max(read) <= 4000


def test_lazy_arrays_give_what_arrays_in_memory_give(parcels, grid, layers):
    lazy = overlay.ParcelLayers(
        *(
            xr.DataArray(values, dims=("y", "x")).chunk({"y": 64, "x": 100})
            for values in (layers.land_cover, layers.fvc, layers.ndvi, layers.looks)
        )
    )
    pd.testing.assert_frame_equal(measured(parcels, grid, lazy), measured(parcels, grid, layers))


def test_the_order_of_the_parcels_is_kept(parcels, grid, layers):
    measures = measured(parcels, grid, layers)
    turned = measured(parcels.iloc[::-1].reset_index(drop=True), grid, layers)
    assert measures["parcel_id"].unique().tolist() == ["A", "B", "C", "D"]
    assert turned["parcel_id"].unique().tolist() == ["D", "C", "B", "A"]
    both = measures.merge(turned, on=["parcel_id", "measure"])
    assert np.allclose(both["value_x"], both["value_y"], rtol=1e-12, equal_nan=True)


def test_no_parcels_give_no_rows(parcels, grid, layers):
    assert measured(parcels.iloc[:0], grid, layers).empty


def test_gathered_areas_sum_to_the_parcels_whatever_the_chunks(parcels, grid, layers):
    coverage = overlay.coverage(parcels, grid, chunk_px=900)
    pieces = list(overlay.gathered(coverage, {"cover": layers.land_cover}))
    assert sum(weight.sum() for weight, _ in pieces) == pytest.approx(parcels["area_m2"].sum(), rel=1e-12)
    assert all(len(weight) == len(values["cover"]) for weight, values in pieces)


def test_fractions_are_those_of_the_polygon_in_each_pixel(parcels, grid):
    shape = project(parcels.geometry.iloc[1], grid.crs)
    window = grid.window_over(shape.bounds)
    ((cells, fractions),) = covered_cells(np.array([shape], dtype=object), window, grid)
    rows, cols = np.divmod(cells, window.shape[1])
    left = grid.left + (cols + window.col_from) * 10
    top = grid.top - (rows + window.row_from) * 10
    exact = shapely.area(shapely.intersection(shapely.box(left, top - 10, left + 10, top), shape)) / 100
    assert np.allclose(fractions, exact, atol=1e-6)
    assert fractions.sum() * 100 == pytest.approx(shape.area, rel=1e-6)
