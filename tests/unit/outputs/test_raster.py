import warnings
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree as ET

import dask.array as da
import numpy as np
import pytest
import rasterio
import rioxarray
import xarray as xr
from rasterio.enums import Resampling

from pipeline.contracts import Raster
from pipeline.errors import ContractError
from pipeline.grid import Grid
from pipeline.legends import LAND_COVER
from pipeline.outputs.raster import write_raster
from tests.deliveries import AS_OF

GRID = Grid("EPSG:32651", 600_000.0, 3_500_040.0, 10.0, 1100, 1300)
DAYS = (date(2024, 1, 1), date(2024, 12, 31))


def made(kind, values, name="fvc_2024", legend=None):
    dims = ("band", "y", "x") if values.ndim == 3 else ("y", "x")
    return Raster(name, name, kind, xr.DataArray(values, dims=dims), "植被覆盖度", "FVC", *DAYS, legend)


def written(raster, path, grid=GRID, *, simulated=True):
    write_raster(raster, grid, path, simulated=simulated, as_of=AS_OF)
    return rasterio.open(path)


def shares(shape=GRID.shape):
    row, col = np.ogrid[: shape[0], : shape[1]]
    values = ((row * 7 + col * 3) % 10_000).astype(np.int16)
    values[: shape[0] // 2, : shape[1] // 2] = -32768
    return values


@pytest.mark.parametrize(
    ("kind", "values", "nodata", "scale"),
    [
        ("ratio", shares(), -32768, 1e-4),
        ("index", shares().astype(np.float32) / 7, float("nan"), 1),
        ("amount", shares().astype(np.float32) * 11, float("nan"), 1),
        ("count", np.abs(shares() % 30).astype(np.uint16), None, 1),
    ],
)
def test_stored_values_scale_and_nodata_come_back(tmp_path, kind, values, nodata, scale):
    with written(made(kind, values), tmp_path / "map.tif") as file:
        assert np.array_equal(file.read(1), values, equal_nan=kind in {"index", "amount"})
        assert file.dtypes[0] == values.dtype
        assert file.nodata is None if nodata is None else np.isclose(file.nodata, nodata, equal_nan=True)
        assert file.scales == (scale,)
        assert file.crs.to_epsg() == 32651
        assert file.transform == GRID.transform


def test_the_file_is_a_cog_with_overviews_and_says_what_it_is(tmp_path):
    with written(made("ratio", shares()), tmp_path / "map.tif") as file:
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert file.overviews(1)
        assert file.descriptions == ("植被覆盖度",)
        tags = file.tags()
    assert tags["simulated"] == "模拟数据"
    assert tags["period"] == "2024-01-01/2024-12-31"
    assert tags["as_of"] == "2024-11-28T02:31:09Z"


def test_an_amount_says_its_unit_in_the_file_and_in_the_legend(tmp_path):
    given = replace(made("amount", shares().astype(np.float32), "value_2024"), unit="yuan/ha")
    with written(given, tmp_path / "map.tif") as file:
        assert file.units == ("yuan/ha",)
        assert file.tags()["unit"] == "yuan/ha"
    labels = [item.get("label") for item in ET.parse(tmp_path / "map.qml").iter("item")]
    assert all(label.endswith(" 元/公顷") for label in labels)


@pytest.mark.parametrize(
    ("kind", "values", "unit"),
    [
        ("ratio", shares(), "1"),
        ("index", shares().astype(np.float32), "1"),
        ("count", np.abs(shares() % 30).astype(np.uint16), "1"),
        ("classes", (shares() % 4 + 1).astype(np.uint8), None),
    ],
)
def test_every_band_says_unit_and_statistics(tmp_path, kind, values, unit):
    legend = LAND_COVER if kind == "classes" else None
    with written(made(kind, values, legend=legend), tmp_path / "map.tif") as file:
        assert file.units == (unit,)
        held = file.read(1, masked=True).compressed().astype(float)
        tags = {key.removeprefix("STATISTICS_"): float(value) for key, value in file.tags(1).items()}
    assert tags == pytest.approx(
        {
            "MINIMUM": held.min(),
            "MAXIMUM": held.max(),
            "MEAN": held.mean(),
            "STDDEV": held.std(),
            "VALID_PERCENT": 100 * held.size / values.size,
        }
    )


def test_a_map_of_nothing_has_no_mean(tmp_path):
    with written(made("ratio", np.full(GRID.shape, -32768, np.int16)), tmp_path / "map.tif") as file:
        assert file.tags(1) == {"STATISTICS_VALID_PERCENT": "0"}


def test_values_scale_and_unit_are_what_xarray_reads(tmp_path):
    values = shares()
    written(made("ratio", values), tmp_path / "map.tif").close()
    with rioxarray.open_rasterio(tmp_path / "map.tif", mask_and_scale=True) as read:
        expected = np.where(values == -32768, np.nan, values * 1e-4)
        np.testing.assert_allclose(read.to_numpy()[0], expected, rtol=1e-6)
        assert read.attrs["units"] == "1"


def test_observed_data_carry_no_label(tmp_path):
    with written(made("ratio", shares()), tmp_path / "map.tif", simulated=False) as file:
        assert "simulated" not in file.tags()


def test_lazy_values_are_written_like_those_in_memory(tmp_path):
    values = shares()
    written(made("ratio", values), tmp_path / "eager.tif").close()
    lazy = xr.DataArray(da.from_array(values, chunks=(384, 500)), dims=("y", "x"))
    written(replace(made("ratio", values), values=lazy), tmp_path / "lazy.tif").close()
    assert (tmp_path / "eager.tif").read_bytes() == (tmp_path / "lazy.tif").read_bytes()


def test_never_more_than_a_row_of_chunks_is_asked_for(tmp_path):
    asked = []

    def chunk(block_info=None):
        place = block_info[None]["array-location"]
        asked.append(place[0])
        return np.ones([stop - start for start, stop in place], dtype=np.int16)

    lazy = da.map_blocks(chunk, chunks=((500, 500, 100), (650, 650)), dtype=np.int16)
    raster = replace(made("ratio", shares()), values=xr.DataArray(lazy, dims=("y", "x")))
    written(raster, tmp_path / "map.tif").close()
    assert [rows[0] for rows in asked] == [0, 0, 500, 500, 1000, 1000]


def test_classes_carry_colours_and_names_of_no_code_that_is_no_class(tmp_path):
    codes = np.full(GRID.shape, 255, dtype=np.uint8)
    codes[100:900, 200:700] = 2
    codes[300:400, 250:300] = 4
    with written(made("classes", codes, "land_cover_2024", LAND_COVER), tmp_path / "map.tif") as file:
        assert file.nodata == 255
        colors = file.colormap(1)
        assert set(np.unique(file.read(1, out_shape=(60, 70), resampling=Resampling.nearest))) <= {2, 4, 255}
    assert {code: color[:3] for code, color in colors.items() if color[:3] != (255, 255, 255)} == {
        entry.code: entry.rgb for entry in LAND_COVER.classes
    }
    table = ET.parse(tmp_path / "map.tif.aux.xml")
    rows = [[cell.text for cell in row][:3] for row in table.iter("Row")]
    assert rows == [[str(one.code), one.name_zh, one.name_en] for one in LAND_COVER.classes]
    assert table.find(".//Category") is None


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_names_of_classes_are_those_of_the_language(tmp_path, language):
    codes = np.full(GRID.shape, 2, dtype=np.uint8)
    raster = made("classes", codes, "land_cover_2024", LAND_COVER)
    write_raster(raster, GRID, tmp_path / "map.tif", simulated=True, as_of=AS_OF, language=language)
    fields = ET.parse(tmp_path / "map.tif.aux.xml").iter("FieldDefn")
    used = [field.findtext("Name") for field in fields if field.findtext("Usage") == "2"]
    assert used == [f"name_{language}"]


def test_reflectance_keeps_its_bands_by_name(tmp_path):
    values = np.stack([shares(), shares()[::-1]])
    raster = made("reflectance", values, "composite_2024")
    raster = replace(raster, values=raster.values.assign_coords(band=["red", "nir"]))
    with written(raster, tmp_path / "map.tif") as file:
        assert file.descriptions == ("red", "nir")
        assert np.array_equal(file.read(), values)
        assert file.scales == (1e-4, 1e-4)


def test_a_small_overview_of_shares_is_their_mean_without_nodata(tmp_path):
    values = np.full(GRID.shape, -32768, dtype=np.int16)
    values[::2] = 4000
    with written(made("ratio", values), tmp_path / "map.tif") as file:
        small = file.read(1, out_shape=(GRID.height // 4, GRID.width // 4))
    assert set(np.unique(small)) == {4000}


def fours(values):
    """The four pixels under each pixel of half the size (4, y, x)."""
    return np.stack([values[row::2, col::2] for row in (0, 1) for col in (0, 1)])


def test_every_overview_is_the_mean_of_the_four_pixels_under_it(tmp_path):
    grid = replace(GRID, width=2056, height=1032)
    expected = np.random.default_rng(5).normal(size=grid.shape).astype(np.float32)
    expected[expected > 1] = np.nan
    written(made("index", expected), tmp_path / "map.tif", grid).close()
    for level in range(3):
        with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
            expected = np.nanmean(fours(expected), axis=0)
        with rasterio.open(tmp_path / "map.tif", overview_level=level) as file:
            found = file.read(1)
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert rasterio.open(tmp_path / "map.tif").overviews(1) == [2, 4, 8]


def test_overviews_of_odd_sides_end_where_the_raster_ends(tmp_path):
    grid = replace(GRID, width=1027, height=1301)
    row, col = np.mgrid[: grid.height, : grid.width]
    written(made("index", (row + 10 * col).astype(np.float32)), tmp_path / "map.tif", grid).close()
    for level, (height, width) in enumerate([(651, 514), (326, 257)]):
        step = 2 ** (level + 1)
        with rasterio.open(tmp_path / "map.tif", overview_level=level) as file:
            found = file.read(1)
        row, col = np.mgrid[:height, :width] * step + (step - 1) / 2
        assert found.shape == (height, width)
        np.testing.assert_allclose(found, row + 10 * col, atol=11 * step)


def test_an_overview_of_classes_holds_the_most_frequent_one_and_of_counts_one_that_is_there(tmp_path):
    grid = replace(GRID, width=1102, height=1302)
    codes = np.random.default_rng(6).choice(np.array([1, 2, 255], dtype=np.uint8), size=grid.shape)
    written(made("classes", codes, legend=LAND_COVER), tmp_path / "classes.tif", grid).close()
    written(made("count", codes.astype(np.uint16)), tmp_path / "counts.tif", grid).close()
    below = fours(codes)
    votes = {code: (below == code).sum(axis=0) for code in (1, 2)}
    with rasterio.open(tmp_path / "classes.tif", overview_level=0) as file:
        found = file.read(1)
    assert (found[votes[1] > votes[2]] == 1).all()
    assert (found[votes[2] > votes[1]] == 2).all()
    assert (found[(votes[1] == 0) & (votes[2] == 0)] == 255).all()
    with rasterio.open(tmp_path / "counts.tif", overview_level=0) as file:
        assert (file.read(1) == below).any(axis=0).all()


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("ratio", shares().astype(np.float32)),
        ("count", shares()),
        ("index", shares((5, 7)).astype(np.float32)),
    ],
)
def test_a_wrong_type_or_shape_is_a_breach_of_contract(tmp_path, kind, values):
    with pytest.raises(ContractError, match="fvc_2024"):
        written(made(kind, values), tmp_path / "map.tif")


def test_classes_without_a_legend_are_a_breach_of_contract(tmp_path):
    with pytest.raises(ContractError, match="legend"):
        written(made("classes", np.zeros(GRID.shape, dtype=np.uint8)), tmp_path / "map.tif")


def test_a_map_of_almost_nothing_takes_little_room(tmp_path):
    grid = Grid("EPSG:32651", 600_000.0, 3_500_040.0, 10.0, 3576, 7866)
    values = np.full(grid.shape, -32768, dtype=np.int16)
    values[900:1900, 2100:4900] = 4321
    written(made("ratio", values), tmp_path / "map.tif", grid).close()
    assert (tmp_path / "map.tif").stat().st_size < 100_000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["map.qml", "map.tif"]


def refuse(block, block_info=None):
    """A chunk, which may be asked for only in the north-east."""
    (top, _), (left, _) = block_info[0]["array-location"]
    assert top < 512 <= left, "computed beyond the blocks"
    return block


@pytest.mark.parametrize("edge", [256, 512])
@pytest.mark.parametrize("kind", ["ratio", "index", "count", "classes"])
def test_a_map_written_by_the_blocks_that_hold_something_is_the_map_and_nothing_else_is_computed(
    tmp_path, kind, edge
):
    stored = {"ratio": np.int16, "index": np.float32, "count": np.uint16, "classes": np.uint8}[kind]
    nothing = {"ratio": -32768, "index": np.nan, "count": 0, "classes": 255}[kind]
    values = np.full(GRID.shape, nothing, dtype=stored)
    values[7:500, 800:1290] = (shares()[-493:, -490:] % (7 if kind == "classes" else 9_000)).astype(stored)
    legend = LAND_COVER if kind == "classes" else None
    with written(made(kind, values, legend=legend), tmp_path / "whole.tif"):
        pass
    lazy = da.map_blocks(refuse, da.from_array(values, chunks=edge), dtype=stored, meta=values[:0, :0])
    blocks = [block for block in GRID.blocks(edge) if block.row_from < 512 <= block.col_from]
    told = {"simulated": True, "as_of": AS_OF, "blocks": blocks}
    write_raster(made(kind, lazy, legend=legend), GRID, tmp_path / "parts.tif", **told)
    assert (tmp_path / "parts.tif").read_bytes() == (tmp_path / "whole.tif").read_bytes()
