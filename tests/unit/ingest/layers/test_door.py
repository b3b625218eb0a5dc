"""Any raster through one door: a toy layer from files of every kind, and what is refused by name."""

import json
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from affine import Affine
from pydantic import TypeAdapter, ValidationError
from pyproj import Transformer

from pipeline.errors import InputError, SettingsError
from pipeline.ingest.layers.door import open_layer
from pipeline.ingest.layers.gridding import read_layer
from pipeline.ingest.layers.layer import NO_CODE, Layer
from pipeline.ingest.scenes.raw_items import ZONELESS
from pipeline.periods import Period
from pipeline.settings.layers import LayerCollection, LayerFile, LayerSource, LayerVariable
from tests.scenery import LEFT, TOP, UTM
from tests.stac import write_catalogue
from tests.unit.ingest.layers.planted import DEGREES, GRID, cube, drawn, lattice, opened, tif, toy

STEP = 1 / 3600
YEAR = Period(date(2024, 1, 1), date(2024, 12, 31), "2024")
APRIL = Period(date(2024, 4, 1), date(2024, 4, 30), "2024-04")
MONTHS = pd.date_range("2023-07-01", periods=30, freq="MS")
RAIN = Layer("rain", "A toy rain", "mm", "mean", over_time="sum")
WARMTH = Layer("warmth", "A toy warmth", "mm", "mean", over_time="mean")
MOMENT = Layer("moment", "A toy of one time", "mm", "mean", over_time="one")
HEIGHT = Layer("height", "A toy height", "m", "bilinear", heights=True)
KINDS = Layer("kinds", "A toy map", "", "mode")


def read(layer, given, period=None):
    return read_layer(open_layer(layer, given, GRID, period), GRID, GRID.whole)


def same(found, expected, **tolerance):
    return np.isfinite(found).mean() > 0.5 and np.allclose(found, expected, equal_nan=True, **tolerance)


# files of GDAL


def test_a_band_by_name_or_number_is_read_with_its_scale_offset_nodata_and_unit(tmp_path):
    packed = np.random.default_rng(3).integers(1, 900, (3, 40, 70)).astype(np.int16)
    packed[:, 3:9, 5:20] = -999
    path = tif(
        tmp_path / "three.tif",
        packed,
        names=("low", "high", "rain"),
        scales=(1, 1, 0.5),
        offsets=(0, 0, -10),
        units=("m", "m", "millimetre"),
        nodata=-999,
    )
    layer = toy("nearest", "mm")
    expected = np.where(packed[2] == -999, np.nan, packed[2] * 0.5 - 10)
    for band in (3, "rain"):
        found = open_layer(layer, LayerFile(path=path, band=band), GRID)
        assert same(read_layer(found, GRID, GRID.whole), expected)
        assert found.assumed == ()


def test_a_mask_beside_the_numbers_is_obeyed_and_so_is_a_nodata_of_the_config(tmp_path):
    numbers = drawn((40, 70), holes=0).astype(np.float32)
    numbers[7, 9:30] = -1
    path = tif(tmp_path / "masked.tif", numbers)
    hidden = np.zeros((40, 70), dtype=bool)
    hidden[20:25, 3:40] = True
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as file:
        file.write_mask(~hidden)
    found = open_layer(toy("mean"), LayerFile(path=path, nodata=-1, unit="toy"), GRID)
    assert same(read_layer(found, GRID, GRID.whole), np.where(hidden | (numbers == -1), np.nan, numbers))
    assert any("nodata -1" in note for note in found.assumed)


def test_what_a_file_does_not_say_is_assumed_and_said(tmp_path):
    path = tif(tmp_path / "bare.tif", drawn((40, 70), holes=0), crs=None)
    found = open_layer(HEIGHT, LayerFile(path=path, crs=UTM), GRID)
    said = " ".join(found.assumed)
    for words in (f"crs {UTM}", "unit m: assumed", "vertical datum: unknown", "nodata: none is told"):
        assert words in said
    assert found.vertical_datum == ""
    told = open_layer(
        HEIGHT, LayerFile(path=path, crs=UTM, vertical_datum="EGM2008", unit="m", nodata=0), GRID
    )
    assert told.vertical_datum == "EGM2008"
    assert not any("assumed" in note or "unknown" in note for note in told.assumed)


def test_a_vertical_datum_is_read_from_the_crs_and_pixels_lie_by_its_horizontal_part(tmp_path):
    heights = drawn((40, 70), holes=0)
    path = tif(tmp_path / "dem.tif", heights, crs=f"{UTM}+3855", nodata=-9999)
    found = open_layer(HEIGHT, LayerFile(path=path), GRID)
    assert found.vertical_datum == "EGM2008 height"
    assert found.rasters[0].place.crs == UTM
    assert same(read_layer(found, GRID, GRID.whole), heights)


def test_classes_come_by_the_mode_and_numbers_as_the_layer_or_the_config_says(tmp_path):
    codes = np.random.default_rng(1).choice(np.array([0, 3, 8], dtype=np.uint8), (40, 70))
    path = tif(tmp_path / "codes.tif", codes, nodata=0)
    found = read(KINDS, LayerFile(path=path))
    assert found.dtype == np.int32
    assert (found == np.where(codes == 0, NO_CODE, codes.astype(int))).all()
    coarse = np.arange(6.0).reshape(2, 3)
    stepped = tif(tmp_path / "steps.tif", coarse, Affine(240, 0, LEFT, 0, -200, TOP))
    assert len(np.unique(read(toy("bilinear"), LayerFile(path=stepped)))) > 100
    assert len(np.unique(read(toy("bilinear"), LayerFile(path=stepped, resampling="nearest")))) == 6


# variables of NetCDF and Zarr


def packed_rain(seed=4):
    """Months of rain in steps of 0.1 mm, of which some pixels lack one."""
    rng = np.random.default_rng(seed)
    rain = np.rint(rng.gamma(2, 30, (len(MONTHS), 30, 40)) * 10) / 10
    rain[9, 4:9, 10:15] = np.nan
    return rain


ENCODING = {"rain": {"dtype": "int16", "scale_factor": 0.1, "_FillValue": -32768}}


def write(dataset, path, encoding=ENCODING, **options):
    if path.suffix == ".zarr":
        dataset.to_zarr(path, encoding=encoding, consolidated=False, zarr_format=2)
    else:
        dataset.to_netcdf(path, engine=options.get("engine", "h5netcdf"), encoding=encoding)
    return str(path)


def on_grid(values, way="mean"):
    """Numbers of the lattice of the cubes on the grid, by the loops that are tested beside strangers."""
    lon, lat = lattice(0.0006)
    transform = Affine(0.0006, 0, lon[0] - 0.0003, 0, -0.0006, lat[0] + 0.0003)
    return read_layer(opened(values, transform, way, DEGREES), GRID, GRID.whole)


@pytest.mark.parametrize("name", ["rain.nc", "classic.nc", "rain.zarr"])
def test_months_are_added_up_over_a_year_and_a_missing_one_leaves_the_sum_unknown(tmp_path, name):
    rain = packed_rain()
    engine = "scipy" if name == "classic.nc" else "h5netcdf"
    path = write(cube(rain, MONTHS, 0.0006), tmp_path / name, engine=engine)
    found = open_layer(RAIN, LayerVariable(path=path, variable="rain"), GRID, YEAR)
    assert found.times[0] == datetime(2024, 1, 1, tzinfo=UTC)
    assert len(found.times) == 12
    assert found.assumed == ()
    expected = on_grid(rain[6:18].sum(axis=0))
    assert 0.5 < np.isfinite(expected).mean() < 1
    assert same(read_layer(found, GRID, GRID.whole), expected, rtol=1e-5)


def test_a_mean_over_time_is_of_the_known_times_and_one_time_is_itself(tmp_path):
    rain = packed_rain()
    path = write(cube(rain, MONTHS, 0.0006), tmp_path / "rain.nc")
    given = LayerVariable(path=path, variable="rain")
    assert same(read(WARMTH, given, YEAR), on_grid(np.nanmean(rain[6:18], axis=0)), rtol=1e-5)
    assert same(read(MOMENT, given, APRIL), on_grid(rain[9]), rtol=1e-5)


def test_axes_may_run_south_to_north_in_any_order_and_be_named_by_their_standard_names(tmp_path):
    rain = packed_rain()
    dataset = cube(rain, MONTHS, 0.0006, crs=None).isel(lat=slice(None, None, -1))
    dataset = dataset.transpose("lon", "time", "lat").rename(lat="nav_lat", lon="b")
    dataset["nav_lat"].attrs["standard_name"], dataset["b"].attrs["axis"] = "latitude", "X"
    path = write(dataset, tmp_path / "turned.nc")
    found = read(RAIN, LayerVariable(path=path, variable="rain", crs=DEGREES), YEAR)
    assert same(found, on_grid(rain[6:18].sum(axis=0)), rtol=1e-5)


def test_a_layer_that_holds_at_any_time_takes_a_variable_without_one_or_of_one(tmp_path):
    rain = packed_rain()
    layer = toy("mean", "mm")
    one = write(cube(rain, MONTHS, 0.0006).isel(time=slice(4, 5)), tmp_path / "one.nc")
    none = write(cube(rain, MONTHS, 0.0006).isel(time=4, drop=True), tmp_path / "none.nc")
    for path in (one, none):
        assert same(read(layer, LayerVariable(path=path, variable="rain")), on_grid(rain[4]), rtol=1e-5)
    found = open_layer(RAIN, LayerVariable(path=none, variable="rain"), GRID, YEAR)
    assert any("holds in every period" in note for note in found.assumed)


def test_numbers_outside_the_range_that_a_variable_calls_valid_are_unknown(tmp_path):
    rain = packed_rain()
    dataset = cube(rain, MONTHS, 0.0006).isel(time=4, drop=True)
    dataset["rain"].attrs["valid_range"] = np.array([100, 900], dtype=np.int16)
    path = write(dataset, tmp_path / "range.nc")
    month = rain[4]
    expected = on_grid(np.where((month >= 9.99) & (month <= 90.01), month, np.nan))
    assert same(read(toy("mean", "mm"), LayerVariable(path=path, variable="rain")), expected, rtol=1e-5)


def test_classes_of_a_variable_keep_their_codes(tmp_path):
    codes = np.random.default_rng(2).choice([1.0, 5.0, np.nan], (1, 30, 40))
    dataset = cube(codes, MONTHS[:1], 0.0006, units="")
    path = write(dataset, tmp_path / "kinds.nc", {"rain": {"dtype": "uint8", "_FillValue": 255}})
    found = read(KINDS, LayerVariable(path=path, variable="rain"))
    expected = on_grid(codes[0], "nearest")
    assert (found == np.where(np.isnan(expected), NO_CODE, expected)).all()


def test_a_time_that_is_missing_is_said_of_a_mean(tmp_path):
    rain = packed_rain()
    path = write(cube(rain, MONTHS, 0.0006).isel(time=np.delete(np.arange(30), 11)), tmp_path / "gap.nc")
    found = open_layer(WARMTH, LayerVariable(path=path, variable="rain"), GRID, YEAR)
    assert len(found.times) == 11
    assert any("11 times in 2024, 31 days apart, the widest gap 61" in note for note in found.assumed)


# STAC collections


def heights(row_from, row_to, col_from, col_to):
    """Numbers without symmetry by row and column of one lattice over all tiles."""
    row, col = np.mgrid[row_from:row_to, col_from:col_to]
    return (20 + 0.7 * row + 0.4 * col + 9 * np.sin(row * 1.3) * np.cos(col * 0.7)).astype(np.float32)


def lattice_transform(row=0, col=0):
    x, y = Transformer.from_crs(UTM, DEGREES, always_xy=True).transform(LEFT, TOP)
    west, north = np.floor(x / STEP) * STEP - 4 * STEP, np.ceil(y / STEP) * STEP + 4 * STEP
    return Affine(STEP, 0, west + col * STEP, 0, -STEP, north - row * STEP)


def tile(folder, name, numbers, transform, when="2021-04-22T00:00:00Z", crs=DEGREES, **asset):
    """A file of a tile and its item."""
    folder.mkdir(parents=True, exist_ok=True)
    path = tif(folder / f"{name}.tif", numbers, transform, crs, nodata=-9999)
    left, top = transform * (0, 0)
    right, bottom = transform * numbers.shape[::-1]
    if crs != DEGREES:
        (left, right), (bottom, top) = Transformer.from_crs(crs, DEGREES, always_xy=True).transform(
            [left, right], [bottom, top]
        )
    box = shapely.box(left, bottom, right, top)
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "collection": "toy-dem",
        "geometry": shapely.geometry.mapping(box),
        "bbox": list(box.bounds),
        "links": [],
        "properties": {"datetime": when},
        "assets": {"data": {"href": path, "raster:bands": [{"unit": "meter"}], **asset}},
    }


ROWS, COLS, SEAM = 30, 45, 13


def two_tiles(folder, **fields):
    parts = ((0, SEAM), (SEAM, COLS))
    return [
        tile(folder, f"part-{n}", heights(0, ROWS, *cols), lattice_transform(0, cols[0]), **fields)
        for n, cols in enumerate(parts)
    ]


def dem(folder, items):
    catalogue = write_catalogue(folder, items)
    return LayerCollection(collection="toy-dem", asset="data", provider={"static": str(catalogue)})


@pytest.mark.parametrize("way", ["bilinear", "mean", "sum", "nearest"])
def test_tiles_of_a_collection_are_one_raster_without_a_seam(tmp_path, way):
    layer = Layer("height", "A toy height", "m", way, heights=True)
    far = tile(tmp_path, "far", heights(0, 5, 0, 5), lattice_transform(5000, 9000))
    given = dem(tmp_path, [*two_tiles(tmp_path), far])
    found = open_layer(layer, given, GRID)
    assert len(found.rasters) == 1
    assert found.times == (datetime(2021, 4, 22, tzinfo=UTC),)
    whole = opened(heights(0, ROWS, 0, COLS).astype(float), lattice_transform(), way, DEGREES)
    expected = read_layer(whole, GRID, GRID.whole)
    assert np.isfinite(expected).all()
    assert np.array_equal(read_layer(found, GRID, GRID.whole), expected)


def test_the_latest_tile_lies_on_top_and_what_it_does_not_know_shows_the_one_below(tmp_path):
    above = heights(0, ROWS, 0, COLS) + 1000
    above[10:20, 5:30] = -9999
    items = [
        *two_tiles(tmp_path),
        tile(tmp_path, "later", above, lattice_transform(), "2023-01-01T00:00:00Z"),
    ]
    found = read(toy("nearest", "m"), dem(tmp_path, items))
    below = heights(0, ROWS, 0, COLS)
    planted = np.where(above == -9999, below, above).astype(float)
    expected = read_layer(opened(planted, lattice_transform(), "nearest", DEGREES), GRID, GRID.whole)
    assert len(np.unique(expected > 1000)) == 2
    assert np.array_equal(found, expected)


def test_tiles_on_another_lattice_fill_what_the_first_leaves(tmp_path):
    left, top = LEFT + 350, TOP
    other = tile(
        tmp_path, "other", np.full((40, 35), 5, dtype=np.float32), Affine(10, 0, left, 0, -10, top), crs=UTM
    )
    half = tile(tmp_path, "half", heights(0, ROWS, 0, 15), lattice_transform())
    found = open_layer(toy("nearest", "m"), dem(tmp_path, [other, half]), GRID)
    assert len(found.rasters) == 2
    values = read_layer(found, GRID, GRID.whole)
    assert (values[:, -20:] == 5).all()
    assert (values[:, :10] > 10).all()
    with pytest.raises(InputError, match="2 lattices"):
        open_layer(toy("sum", "m"), dem(tmp_path, [other, half]), GRID)


def test_an_item_tells_scale_nodata_and_unit_where_its_file_does_not(tmp_path):
    said = {"raster:bands": [{"unit": "metre", "scale": 0.1, "offset": -5, "nodata": 77}]}
    numbers = np.full((ROWS, COLS), 300, dtype=np.int16)
    numbers[:, 20:] = 77
    item = tile(tmp_path, "packed", numbers, lattice_transform(), **said)
    values = read(toy("nearest", "m"), dem(tmp_path, [item]))
    assert set(np.unique(values[np.isfinite(values)])) == {25.0}
    assert 0.1 < np.isnan(values).mean() < 0.9


def test_items_of_a_period_alone_count_where_a_layer_changes_with_time(tmp_path):
    items = [
        tile(
            tmp_path,
            f"t{month}",
            np.full((ROWS, COLS), month, dtype=np.float32),
            lattice_transform(),
            f"2024-{month:02d}-15T00:00:00Z",
        )
        for month in (3, 4, 5)
    ]
    found = open_layer(toy("mean", "m", over_time="one"), dem(tmp_path, items), GRID, APRIL)
    assert (read_layer(found, GRID, GRID.whole) == 4).all()
    with pytest.raises(InputError, match=r"found 3 items, 3 of them over the grid; expected .* 2023$"):
        open_layer(
            toy("mean", "m", over_time="one"),
            dem(tmp_path, items),
            GRID,
            Period(date(2023, 1, 1), date(2023, 12, 31), "2023"),
        )


@pytest.mark.parametrize("place", ["start", "middle", "end"])
@pytest.mark.parametrize("lost", [None, 0, 5, 11])
@pytest.mark.parametrize("around", [0, 2])
def test_a_month_that_is_lost_is_found_wherever_in_the_month_its_time_lies(tmp_path, place, lost, around):
    first = pd.Timestamp("2024-01-01") - pd.DateOffset(months=around)
    months = pd.date_range(first, periods=12 + 2 * around, freq="MS")
    ends = months + pd.offsets.MonthEnd(0)
    times = {"start": months, "middle": months + (ends - months) / 2, "end": ends}[place]
    kept = [n for n in range(len(times)) if lost is None or n != lost + around]
    path = write(cube(np.ones((len(kept), 30, 40)), times[kept], 0.0006), tmp_path / "rain.nc")
    given = LayerVariable(path=path, variable="rain")
    if lost is None:
        assert np.allclose(read(RAIN, given, YEAR), 12)
    else:
        with pytest.raises(InputError, match="11 times in 2024"):
            open_layer(RAIN, given, GRID, YEAR)


# what is refused, and how a layer is known


@pytest.mark.parametrize(
    ("layer", "fields", "options", "words"),
    [
        (toy(), {"crs": None}, {}, "no CRS"),
        (toy(), {}, {"crs": "EPSG:0"}, "EPSG:0"),
        (toy(), {}, {"band": 2}, "1 bands: 1 a; expected the band 2"),
        (toy(), {}, {"band": "b"}, "1 bands: 1 a; expected the band 'b'"),
        (toy(), {"units": ("ft",)}, {}, "the unit 'ft'; expected 'toy'"),
        (toy(), {"units": ("toy",)}, {"unit": "ft"}, "the unit 'ft'; expected 'toy'"),
        (KINDS, {}, {}, "numbers of type float64"),
    ],
)
def test_a_file_that_is_not_the_layer_is_refused_by_name(tmp_path, layer, fields, options, words):
    path = tif(tmp_path / "toy.tif", drawn((40, 70)), names=("a",), **fields)
    with pytest.raises(InputError, match=words) as caught:
        read(layer, LayerFile(path=path, **options))
    assert "toy.tif" in str(caught.value)


def test_classes_that_are_turned_or_packed_and_bands_that_none_names_are_refused(tmp_path):
    codes = np.ones((3, 4, 5), dtype=np.uint8)
    turned = tif(tmp_path / "turned.tif", codes[0], Affine(10, 1, LEFT, 1, -10, TOP))
    packed = tif(tmp_path / "packed.tif", codes[0], scales=(0.1,))
    several = tif(tmp_path / "several.tif", codes, names=("a", "b", "c"))
    whole = tif(tmp_path / "whole.tif", codes[0])
    with pytest.raises(InputError, match=r"kinds.resampling: found mean"):
        read(KINDS, LayerFile(path=whole, resampling="mean"))
    for path, words in (
        (turned, "turned"),
        (packed, "a scale or an offset"),
        (several, "3 bands: 1 a, 2 b, 3 c"),
    ):
        with pytest.raises(InputError, match=words):
            read(KINDS, LayerFile(path=path))


def test_a_file_at_an_address_is_refused_without_what_its_query_says():
    with pytest.raises(InputError, match=r"https://host/x\.tif: found an address") as caught:
        read(toy(), LayerFile(path="https://host/x.tif?secret=1"))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["gone.tif", "gone.nc", "text.tif", "text.nc", "empty.zarr"])
def test_what_is_not_there_or_no_raster_is_refused_by_name(tmp_path, name):
    if name.startswith("text"):
        (tmp_path / name).write_text("no raster")
    if name.startswith("empty"):
        (tmp_path / name).mkdir()
    path = str(tmp_path / name)
    given = LayerFile(path=path) if name.endswith("tif") else LayerVariable(path=path, variable="rain")
    with pytest.raises(InputError, match=name):
        read(toy(), given)


def uneven(dataset):
    lat = dataset["lat"].values.copy()
    lat[3] += 0.0001
    return dataset.assign_coords(lat=lat)


VARIABLES = {
    "another variable": (RAIN, lambda all_: all_.rename(rain="snow"), YEAR, "the variables .*snow; .*'rain'"),
    "no CRS": (RAIN, lambda all_: all_.drop_vars("crs"), YEAR, "no CRS"),
    "another unit": (
        RAIN,
        lambda all_: all_.assign(rain=all_["rain"].assign_attrs(units="m")),
        YEAR,
        "the unit 'm'",
    ),
    "uneven": (RAIN, uneven, YEAR, "uneven coordinates along lat"),
    "one row": (RAIN, lambda all_: all_.isel(lat=slice(0, 1)), YEAR, "one coordinate along lat"),
    "no coordinates": (RAIN, lambda all_: all_.drop_vars("lon"), YEAR, "no coordinates along lon"),
    "no plane": (RAIN, lambda all_: all_.rename(lon="a"), YEAR, "the axes time, lat, a"),
    "another axis": (RAIN, lambda all_: all_.expand_dims(depth=2), YEAR, r"the axes depth \(2\) besides"),
    "another time": (
        RAIN,
        lambda all_: all_.isel(time=slice(0, 5)),
        YEAR,
        "times from 2023-07-01 to 2023-11-01; expected one in 2024",
    ),
    "a month is missing": (
        RAIN,
        lambda all_: all_.drop_isel(time=11),
        YEAR,
        "11 times in 2024, 31 days apart, the widest gap 61",
    ),
    "the first month is missing": (RAIN, lambda all_: all_.isel(time=slice(7, None)), YEAR, "the widest gap"),
    "the last months are missing": (RAIN, lambda all_: all_.isel(time=slice(0, 15)), YEAR, "the widest gap"),
    "a month twice": (
        RAIN,
        lambda all_: all_.isel(time=[*range(30), 12]),
        YEAR,
        "13 times in 2024, .*some of them twice",
    ),
    "steps longer than the period": (
        RAIN,
        lambda all_: all_.isel(time=slice(0, None, 9)),
        APRIL,
        "days apart",
    ),
    "several times for one": (MOMENT, lambda all_: all_, YEAR, "12 times in 2024"),
    "times of what has none": (toy(unit="mm"), lambda all_: all_, None, "30 times; expected one time"),
}


@pytest.mark.parametrize("case", VARIABLES)
def test_a_variable_that_is_not_the_layer_is_refused_by_name(tmp_path, case):
    layer, spoil, period, words = VARIABLES[case]
    spoilt = spoil(cube(packed_rain(), MONTHS, 0.0006))
    path = write(spoilt, tmp_path / "rain.nc", encoding={})
    with pytest.raises(InputError, match=words) as caught:
        open_layer(layer, LayerVariable(path=path, variable="rain"), GRID, period)
    assert "rain.nc" in str(caught.value)


def test_all_that_is_wrong_with_a_raster_is_said_at_once(tmp_path):
    dataset = cube(packed_rain(), MONTHS, 0.0006, units="inch", crs=None).isel(time=slice(0, 5))
    path = write(dataset, tmp_path / "rain.nc")
    with pytest.raises(InputError) as caught:
        open_layer(RAIN, LayerVariable(path=path, variable="rain"), GRID, YEAR)
    assert [problem.found for problem in caught.value.problems] == [
        "no CRS",
        "the unit 'inch'",
        "times from 2023-07-01 to 2023-11-01",
    ]


def test_a_collection_that_is_not_the_layer_is_refused_by_name(tmp_path):
    items = two_tiles(tmp_path)
    given = dem(tmp_path, items)
    for change, words in (
        ({"asset": "dem"}, "part-0: found the assets data; expected the asset 'dem'"),
        ({"collection": "others"}, "others: found 0 items"),
    ):
        with pytest.raises(InputError, match=words):
            open_layer(HEIGHT, given.model_copy(update=change), GRID)
    with pytest.raises(InputError, match="the mean of times of a collection"):
        open_layer(
            toy(unit="m", over_time="mean"), given, GRID, Period(date(2021, 1, 1), date(2021, 12, 31), "2021")
        )
    with pytest.raises(SettingsError, match="nobody"):
        open_layer(HEIGHT, given.model_copy(update={"provider": "nobody"}), GRID)


def test_the_band_of_a_collection_is_read_with_what_its_items_state_of_it(tmp_path):
    item = tile(tmp_path, "two", heights(0, ROWS, 0, COLS), lattice_transform())
    asset = item["assets"]["data"]
    stack = np.stack([heights(0, ROWS, 0, COLS) * 0, heights(0, ROWS, 0, COLS)]).astype("int16")
    tif(asset["href"], stack, lattice_transform(), DEGREES)
    asset["raster:bands"] = [{"scale": 7.0, "unit": "K"}, {"scale": 0.5, "nodata": int(stack[1, 3, 4])}]
    with pytest.raises(InputError, match=r"2 bands: 1, 2.*Name one by `band`"):
        open_layer(toy("nearest", "m"), dem(tmp_path, [item]), GRID)
    found = read(toy("nearest", "m"), dem(tmp_path, [item]).model_copy(update={"band": 2}))
    known = np.where(stack[1] == stack[1, 3, 4], np.nan, stack[1] * 0.5)
    expected = opened(known, lattice_transform(), "nearest", DEGREES)
    assert np.array_equal(found, read_layer(expected, GRID, GRID.whole), equal_nan=True)


def test_files_on_other_hosts_and_items_that_are_none_are_refused(tmp_path):
    item = two_tiles(tmp_path)[0]
    item["assets"]["data"]["href"] = "https://elsewhere.example/x.tif?secret=1"
    with pytest.raises(InputError, match=r"found https://elsewhere.example/x.tif; expected") as caught:
        open_layer(HEIGHT, dem(tmp_path, [item]), GRID)
    assert "secret" not in str(caught.value)
    broken = {**two_tiles(tmp_path)[0], "bbox": [], "geometry": None}
    with pytest.raises(InputError, match="part-0: found"):
        open_layer(HEIGHT, dem(tmp_path, [broken]), GRID)


def test_what_is_null_or_odd_in_an_item_and_not_needed_costs_no_tile(tmp_path):
    plain = two_tiles(tmp_path)
    expected = read(HEIGHT, dem(tmp_path, plain))
    odd = [
        {**item, "links": None, "stac_extensions": "odd", "bbox": None, "stac_version": None}
        for item in plain
    ]
    for item in odd:
        item["assets"] |= {"thumbnail": None, "metadata": {"href": None}}
        item["properties"] = {"datetime": "2021-04-22T00:00:00", "updated": "someday"}
    given = dem(tmp_path, odd)
    assert ZONELESS in open_layer(HEIGHT, given, GRID).assumed
    assert same(read(HEIGHT, given), expected)


def test_tiles_of_two_vertical_datums_are_no_one_layer(tmp_path):
    items = [
        tile(tmp_path, name, heights(0, ROWS, 0, COLS), lattice_transform(), crs=crs)
        for name, crs in (("a", f"{DEGREES}+3855"), ("b", f"{DEGREES}+5773"))
    ]
    given = dem(tmp_path, items)
    with pytest.raises(InputError, match="vertical datums EGM2008 height, EGM96 height"):
        open_layer(HEIGHT, given, GRID)
    assert (
        open_layer(HEIGHT, given.model_copy(update={"vertical_datum": "EGM"}), GRID).vertical_datum == "EGM"
    )


def test_a_layer_is_known_by_the_content_of_its_files(tmp_path):
    rain = packed_rain()
    kinds = {
        "file": lambda n: LayerFile(path=tif(tmp_path / f"{n}.tif", drawn((40, 70), seed=n))),
        "variable": lambda n: LayerVariable(
            path=write(cube(rain + n, MONTHS, 0.0006), tmp_path / f"{n}.nc"), variable="rain", unit="toy"
        ),
        "store": lambda n: LayerVariable(
            path=write(cube(rain + n, MONTHS, 0.0006), tmp_path / f"{n}.zarr"), variable="rain", unit="toy"
        ),
        "collection": lambda n: dem(
            tmp_path / str(n),
            [
                tile(
                    tmp_path / str(n),
                    "a",
                    heights(n, n + ROWS, 0, COLS),
                    lattice_transform(),
                    **{"raster:bands": [{"unit": "toy"}]},
                )
            ],
        ),
    }
    for kind, make in kinds.items():
        layer = toy(over_time="one") if kind in {"variable", "store"} else toy()
        one, two = (make(n) for n in (1, 2))
        known = [open_layer(layer, given, GRID, APRIL).checksum() for given in (one, one, two)]
        assert known[0] == known[1] != known[2], kind


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"path": "a.tif"}, LayerFile),
        ({"path": "a.nc", "variable": "rain", "unit": "mm"}, LayerVariable),
        ({"collection": "dem", "asset": "data"}, LayerCollection),
    ],
)
def test_the_keys_of_the_config_tell_the_kinds_apart(fields, kind):
    assert type(TypeAdapter(LayerSource).validate_python(fields)) is kind
    with pytest.raises(ValidationError):
        TypeAdapter(LayerSource).validate_python({**fields, "typo": 1})
    assert json.loads(TypeAdapter(LayerSource).dump_json(kind(**fields)))


@pytest.mark.parametrize("kind", ["vrt", "gdalg", "wms"])
def test_a_file_that_only_names_others_is_refused_with_the_way_out(tmp_path, kind):
    """What a VRT names may lie on any host, and GDAL would fetch it."""
    path = tif(tmp_path / "real.tif", drawn((4, 4), holes=0))
    texts = {
        "vrt": '<VRTDataset rasterXSize="4" rasterYSize="4"><VRTRasterBand dataType="Float32" band="1">'
        f"<SimpleSource><SourceFilename>{path}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>",
        "gdalg": f'{{"type": "gdal_streamed_alg", "command_line": "gdal raster reproject {path} out"}}',
        "wms": "<GDAL_WMS><Service name='WMS'><ServerUrl>http://127.0.0.2/</ServerUrl></Service></GDAL_WMS>",
    }
    given = tmp_path / "given.tif"
    given.write_text(texts[kind], encoding="utf-8")
    with pytest.raises(InputError, match="gdal_translate"):
        open_layer(HEIGHT, LayerFile(path=str(given)), GRID)
