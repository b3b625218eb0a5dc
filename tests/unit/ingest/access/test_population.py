"""People of a raster come back whole, whether it holds people of its pixels or of a square kilometre."""

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.aoi import Aoi, Part
from pipeline.errors import InputError
from pipeline.geodesy import measure_areas_m2, unproject
from pipeline.grid import build_grid
from pipeline.ingest.access.population import read_population
from pipeline.settings.green_access import PopulationFile

UTM, LEFT, TOP = "EPSG:32651", 380_040.0, 3_481_020.0
OUTLINE = unproject(shapely.box(LEFT + 200, TOP - 1000, LEFT + 1000, TOP - 200), UTM)
AREA = Aoi("field", "田", "field", (Part("1", "田", "f", OUTLINE, None),), UTM, "drawn", "exact")
GRID = build_grid(AREA, resolution_m=10)


def write(
    path, numbers, *, unit="people", pixel_m=100.0, nodata=None, dtype="float32", left=LEFT, scale=None
):
    transform = Affine(pixel_m, 0, left, 0, -pixel_m, TOP)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=numbers.shape[0],
        width=numbers.shape[1],
        count=1,
        dtype=dtype,
        crs=UTM,
        transform=transform,
        nodata=nodata,
    ) as target:
        if unit:
            target.set_band_unit(1, unit)
        if scale:
            target.scales = (scale,)
        target.write(numbers.astype(dtype), 1)
    return PopulationFile(path=str(path))


def read(file):
    return read_population(file, AREA, GRID)


def test_people_of_pixels_inside_are_all_found_and_those_outside_are_not(tmp_path):
    numbers = np.arange(144.0).reshape(12, 12)
    found = read(write(tmp_path / "p.tif", numbers))
    assert found.cells["people"].sum() == pytest.approx(numbers[2:10, 2:10].sum(), rel=1e-4)
    assert measure_areas_m2(found.cells.geometry).sum() == pytest.approx(800**2, rel=1e-3)
    assert found.file == "p.tif"


def test_a_density_is_people_by_the_square_kilometre(tmp_path):
    found = read(write(tmp_path / "p.tif", np.full((12, 12), 5000.0), unit="人/km2"))
    assert found.cells["people"].sum() == pytest.approx(5000 * 0.64, rel=1e-4)
    assert found.remarks[0][1].startswith("the raster holds people of a square kilometre")


def test_a_raster_without_a_unit_is_refused_and_one_that_the_config_names_is_read(tmp_path):
    bare = write(tmp_path / "p.tif", np.ones((12, 12)), unit="")
    with pytest.raises(InputError, match="no unit"):
        read(bare)
    told = bare.model_copy(update={"unit": "people"})
    assert read(told).cells["people"].sum() == pytest.approx(64, rel=1e-4)
    with pytest.raises(InputError, match="households"):
        read(bare.model_copy(update={"unit": "households"}))


def test_people_below_nothing_are_refused_unless_they_stand_for_nothing(tmp_path):
    numbers = np.ones((12, 12))
    numbers[5, 5] = -99999
    with pytest.raises(InputError, match="-99999"):
        read(write(tmp_path / "p.tif", numbers))
    fine = np.full((240, 240), 9.0)
    fine[100, 100] = -1
    with pytest.raises(InputError, match="found -1"):
        read(write(tmp_path / "f.tif", fine, pixel_m=5.0))
    with pytest.raises(InputError, match="beside the area"):
        read(write(tmp_path / "b.tif", numbers + 99999, left=LEFT + 90_000))
    found = read(write(tmp_path / "q.tif", numbers, nodata=-99999))
    assert found.cells["people"].sum() == pytest.approx(63, rel=1e-4)
    assert any("ha have no figure" in words for _, words in found.remarks)


def test_how_people_come_onto_the_ground_is_not_for_the_config(tmp_path):
    file = write(tmp_path / "p.tif", np.ones((12, 12))).model_copy(update={"resampling": "nearest"})
    with pytest.raises(InputError, match="resampling"):
        read(file)


def test_ground_beside_the_raster_is_unknown_and_said(tmp_path):
    found = read(write(tmp_path / "p.tif", np.ones((12, 6))))
    assert found.cells["people"].sum() == pytest.approx(32, rel=0.05)
    assert any("have no figure" in words for _, words in found.remarks)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 999),
    pixel=st.sampled_from([50.0, 80.0, 100.0, 400.0]),
    kind=st.sampled_from([("float32", None), ("int32", None), ("uint16", 0.5), ("float64", None)]),
    density=st.booleans(),
)
def test_planted_people_come_back_whatever_pixel_type_and_unit(tmp_path_factory, seed, pixel, kind, density):
    dtype, scale = kind
    size = int(1200 / pixel)
    stored = np.random.default_rng(seed).integers(0, 300, (size, size)).astype(float)
    unit = "people/km2" if density else "people"
    path = tmp_path_factory.mktemp("p") / "p.tif"
    found = read(write(path, stored, unit=unit, pixel_m=pixel, dtype=dtype, scale=scale))
    people = stored * (scale or 1) * ((pixel / 1000) ** 2 if density else 1)
    edges = pixel * np.arange(size + 1)
    overlap = np.clip(np.minimum(edges[1:], 1000) - np.maximum(edges[:-1], 200), 0, None) / pixel
    assert found.cells["people"].sum() == pytest.approx(overlap @ people @ overlap, rel=0.02)
