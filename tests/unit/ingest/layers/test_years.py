"""Layers of a year by the conventions of their data sets: the planted figure, or a refusal by name."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from affine import Affine
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from pipeline import standards
from pipeline.errors import InputError
from pipeline.ingest.layers.gridding import read_layer
from pipeline.ingest.layers.years import average_parts, hold, open_year
from pipeline.maps.accounts.entries import LAYERS
from pipeline.periods import Period
from pipeline.settings.account_layers import AccountSource
from tests.scenery import LEFT, TOP
from tests.unit.ingest.layers.planted import GRID, TO_DEGREES, cube, tif

YEAR = Period(date(2024, 1, 1), date(2024, 12, 31), "2024")
DAYS = np.array([31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
MONTHS = pd.date_range("2023-07-01", periods=30, freq="MS")
STEP = 0.02
SOURCE = TypeAdapter(AccountSource)


def months_of(seed, shape=(12, 6, 8), low=5, high=300):
    """Numbers of twelve months, each month and place another."""
    return np.random.default_rng(seed).uniform(low, high, shape).round(1)


def in_time(months):
    """Twelve months of 2024 within thirty, the others far off."""
    stack = np.full((30, *months.shape[1:]), 7777.0)
    stack[6:18] = months
    return stack


def nc(path, months, units="mm", name="rain", **encoding):
    dataset = cube(in_time(months), MONTHS, STEP, units=units).rename(rain=name)
    dataset.to_netcdf(path, engine="h5netcdf", encoding={name: encoding} if encoding else {})
    return {"path": str(path), "variable": name}


def open_source(layer, given, year=YEAR):
    return open_year(LAYERS[layer], SOURCE.validate_python(given), GRID, year)


def number_in(opened):
    """The numbers over the grid, which lie under one of the large pixels of a source, or nearly."""
    return read_layer(opened, GRID, GRID.whole)


def read_total(layer, given, how=None):
    opened = open_source(layer, given)
    return number_in(opened.combine(how) if how else opened.total())


def pixel_under(months):
    """The months of the source pixel under the middle of the grid."""
    dataset = cube(months, MONTHS[:12], STEP)
    lon, lat = TO_DEGREES.transform(LEFT + 355, TOP - 205)
    return dataset["rain"].sel(lon=lon, lat=lat, method="nearest").to_numpy()


def middle(values):
    return values[20, 35]


# conventions


def test_months_of_terraclimate_are_summed_to_the_year(tmp_path):
    months = months_of(1)
    given = nc(tmp_path / "ppt.nc", months, dtype="int16", scale_factor=0.1, _FillValue=-32768)
    found = read_total("rain", given | {"convention": "terraclimate"})
    assert middle(found) == pytest.approx(pixel_under(months).sum(), abs=1e-6)


def test_era5_land_comes_in_metres_a_day_and_its_evaporation_is_negative(tmp_path):
    daily = np.random.default_rng(2).uniform(0.0005, 0.009, (12, 6, 8))
    rain = nc(tmp_path / "tp.nc", daily, units="m") | {"convention": "era5-land"}
    evaporated = nc(tmp_path / "e.nc", -daily, units="m of water equivalent") | {"convention": "era5-land"}
    expected = (pixel_under(daily) * DAYS).sum() * 1000
    assert middle(read_total("rain", rain)) == pytest.approx(expected, rel=1e-9)
    assert middle(read_total("evapotranspiration", evaporated)) == pytest.approx(expected, rel=1e-9)
    assert any("as era5-land has it" in note for note in open_source("rain", rain).assumed)


def test_chirps_is_a_file_a_month_and_its_nodata_is_known(tmp_path):
    for month in range(1, 13):
        numbers = np.full((40, 70), 10.0 * month, dtype=np.float32)
        numbers[3, 4] = -9999
        tif(tmp_path / f"chirps.2024.{month:02d}.tif", numbers)
    found = read_total("rain", {"path": str(tmp_path / "chirps.{year}.{month}.tif"), "convention": "chirps"})
    assert np.isnan(found[3, 4])
    assert np.isnan(found).sum() == 1
    assert middle(found) == pytest.approx(780)


def test_mod16_is_scaled_only_where_its_file_does_not_say_so_and_its_fill_codes_are_unknown(tmp_path):
    stored = np.full((40, 70), 6123, dtype=np.uint16)
    stored[0, :7] = range(65529, 65536)
    raw = tif(tmp_path / "raw.tif", stored)
    said = tif(tmp_path / "said.tif", stored, scales=(0.1,), offsets=(0.0,))
    plain = tif(tmp_path / "plain.tif", np.where(stored > 65528, np.nan, stored * 0.1).astype(np.float32))
    for path in (raw, said, plain):
        found = read_total("evapotranspiration", {"path": path, "convention": "mod16"})
        assert middle(found) == pytest.approx(612.3, rel=1e-6)
        assert np.isnan(found[0, :7]).all(), path
        assert np.isfinite(found[1:]).all()


def test_mod17_comes_in_tonnes_of_carbon_a_hectare(tmp_path):
    stored = np.full((40, 70), 7654, dtype=np.int16)
    stored[2, 3:9] = range(32761, 32767)
    found = read_total("npp", {"path": tif(tmp_path / "npp.tif", stored), "convention": "mod17"})
    assert middle(found) == pytest.approx(7.654)
    assert np.isnan(found[2, 3:9]).all()


def test_soilgrids_comes_in_per_cent(tmp_path):
    stored = np.full((40, 70), 215, dtype=np.int16)
    stored[5, 5] = -32768
    path = tif(tmp_path / "soil.tif", stored)
    for layer, percent in (("sand", 21.5), ("silt", 21.5), ("clay", 21.5), ("organic_carbon", 2.15)):
        found = read_total(layer, {"path": path, "convention": "soilgrids"})
        assert middle(found) == pytest.approx(percent)
        assert np.isnan(found[5, 5])


def test_kelvin_becomes_degrees(tmp_path):
    months = months_of(4, low=275, high=305)
    given = nc(tmp_path / "t2m.nc", months, units="K", name="t2m") | {"convention": "era5-land"}
    found = read_total("temperature", given, average_parts)
    assert middle(found) == pytest.approx(pixel_under(months).mean() - 273.15)


def test_every_row_of_the_table_is_a_layer_of_the_accounts_and_has_a_source():
    for row in standards.read_rows("layer_conventions"):
        layer = LAYERS[row["layer"]]
        assert (row["span"] != "") == (layer.over_time is not None)
        assert row["confirmed"] in {"y", "n"}
        assert row["source"]
        assert float(row["scale"]) > 0
        assert float(row["factor"]) != 0


@given(
    seed=st.integers(0, 2**16),
    scale=st.sampled_from([None, 0.1, 0.01]),
    fill=st.sampled_from([-32768, -9999]),
    words=st.sampled_from(["mm", "millimetres", "mm/month", "m", "feet", ""]),
)
@settings(
    max_examples=8,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_rain_is_the_planted_figure_or_refused_by_its_unit(tmp_path, seed, scale, fill, words):
    months = months_of(seed)
    packed = {"dtype": "int16", "scale_factor": scale, "_FillValue": fill} if scale == 0.1 else {}
    given = nc(tmp_path / f"{seed}.nc", months, units=words, **packed) | {"convention": "terraclimate"}
    if words in {"m", "feet"}:
        with pytest.raises(InputError, match="Rain"):
            open_source("rain", given)
        return
    assert middle(read_total("rain", given)) == pytest.approx(pixel_under(months).sum(), abs=1e-6)


# times


def test_the_months_of_a_year_are_told_apart(tmp_path):
    months = months_of(6)
    opened = open_source("rain", nc(tmp_path / "rain.nc", months))
    assert opened.monthly
    assert opened.days == tuple(DAYS)
    stacked = [middle(number_in(part)) for part in opened.parts]
    np.testing.assert_allclose(stacked, pixel_under(months))


def test_a_year_in_one_raster_has_no_months(tmp_path):
    path = tif(tmp_path / "rain.tif", np.full((40, 70), 1090.0, dtype=np.float32), units=("mm",))
    opened = open_source("rain", {"path": path})
    assert not opened.monthly
    assert middle(number_in(opened.total())) == 1090
    assert any("it holds in every period" in note for note in opened.assumed)


def test_the_year_in_a_path_says_the_time(tmp_path):
    for year in (2023, 2024):
        tif(tmp_path / f"rain{year}.tif", np.full((40, 70), float(year), dtype=np.float32), units=("mm",))
    opened = open_source("rain", {"path": str(tmp_path / "rain{year}.tif")})
    assert middle(number_in(opened.total())) == 2024
    assert not any("every period" in note for note in opened.assumed)


def test_missing_months_are_named_each(tmp_path):
    for month in (1, 2, 3, 5, 6, 7, 8, 9, 10, 12):
        tif(tmp_path / f"2024{month:02d}.tif", np.ones((40, 70), dtype=np.float32))
    with pytest.raises(InputError) as refused:
        open_source("rain", {"path": str(tmp_path / "{year}{month}.tif"), "convention": "chirps"})
    assert [problem.place[-10:] for problem in refused.value.problems] == ["202404.tif", "202411.tif"]


def test_a_month_that_a_variable_lacks_is_named(tmp_path):
    dataset = cube(in_time(months_of(8)), MONTHS, STEP).isel(time=[n for n in range(30) if n != 9])
    dataset.to_netcdf(tmp_path / "gap.nc", engine="h5netcdf")
    given = {"path": str(tmp_path / "gap.nc"), "variable": "rain"}
    for source in (given, given | {"convention": "terraclimate"}):
        with pytest.raises(InputError, match="2024-04"):
            open_source("rain", source)


def test_a_year_that_a_variable_lacks_is_named(tmp_path):
    given = nc(tmp_path / "rain.nc", months_of(9))
    with pytest.raises(InputError, match="2029"):
        open_source("rain", given, Period(date(2029, 1, 1), date(2029, 12, 31), "2029"))


def test_one_file_for_all_months_is_refused_with_the_way_out(tmp_path):
    path = tif(tmp_path / "chirps.tif", np.ones((40, 70), dtype=np.float32))
    with pytest.raises(InputError, match=r"a file a month.*|\{month\}"):
        open_source("rain", {"path": path, "convention": "chirps"})


def test_months_on_other_pixels_are_refused(tmp_path):
    for month in range(1, 13):
        transform = Affine(10, 0, LEFT - (month == 6) * 3, 0, -10, TOP)
        tif(tmp_path / f"{month:02d}.tif", np.ones((40, 70), dtype=np.float32), transform)
    opened = open_source("rain", {"path": str(tmp_path / "{month}.tif")})
    with pytest.raises(InputError, match="2 lattices"):
        opened.total()


# heights


def dem(tmp_path, crs=None, units=("m",)):
    return tif(
        tmp_path / "dem.tif", np.full((40, 70), 12.0, dtype=np.float32), crs=crs or GRID.crs, units=units
    )


def test_heights_in_feet_are_refused_by_their_unit_and_by_their_datum(tmp_path):
    with pytest.raises(InputError, match="ft"):
        open_source("elevation", {"path": dem(tmp_path, units=("ft",))})
    with pytest.raises(InputError, match="feet"):
        open_source("elevation", {"path": dem(tmp_path, crs="EPSG:32651+6360")})


def test_another_vertical_datum_than_told_is_refused_and_the_same_by_another_name_is_not(tmp_path):
    path = dem(tmp_path, crs="EPSG:32651+5773")
    for told in ({"vertical_datum": "EGM2008"}, {"convention": "copernicus-dem"}):
        with pytest.raises(InputError, match="EGM96 height"):
            open_source("elevation", {"path": path} | told)
    opened = open_source("elevation", {"path": path, "vertical_datum": "EPSG:5773"})
    assert opened.parts[0].vertical_datum == "EGM96 height"


def test_the_datum_of_a_convention_is_told_where_the_file_has_none(tmp_path):
    opened = open_source("elevation", {"path": dem(tmp_path), "convention": "copernicus-dem"})
    assert opened.parts[0].vertical_datum == "EGM2008"
    assert any("EGM2008" in note for note in opened.assumed)
    bare = open_source("elevation", {"path": dem(tmp_path)})
    assert any("none is told" in note for note in bare.assumed)


# held


def test_large_pixels_that_are_held_give_the_same_numbers(tmp_path):
    opened = open_source("rain", nc(tmp_path / "rain.nc", months_of(10))).total()
    held = hold(opened, GRID)
    (tmp_path / "rain.nc").unlink()
    assert np.isfinite(number_in(held)).all()
    for block in GRID.whole.split(17):
        np.testing.assert_array_equal(
            read_layer(held, GRID, block), number_in(held)[block.within(GRID.whole)]
        )
