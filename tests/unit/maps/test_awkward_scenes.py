"""Scenes whose files say something of themselves, from the catalogue to maps: the right figure or a refusal.

West of the middle plants, east of it bare ground, all clear; a quarter of the area without data in some.
"""

from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine

from pipeline.engine.study import Study
from pipeline.errors import InputError
from pipeline.geodesy import unproject
from pipeline.legends import LAND_COVER
from pipeline.maps.encoding import from_ratio
from pipeline.settings import Clear, Scenes, Settings
from pipeline.settings.sources import StaticCatalog
from tests.declared import PLACE, Declared
from tests.mapmaking import make
from tests.scenery import LEFT, TOP, UTM, grid_of_px
from tests.stac import raw_item, write_catalogue

SIZE = 60
FRAME = shapely.box(LEFT + 100, TOP - 500, LEFT + 500, TOP - 100)
PLANTS = {"blue": 300, "green": 600, "red": 400, "nir": 4400, "nir08": 4400, "swir16": 1500, "swir22": 800}
GROUND = {
    "blue": 1200,
    "green": 1600,
    "red": 2000,
    "nir": 2500,
    "nir08": 2500,
    "swir16": 3000,
    "swir22": 2600,
}
SPLIT = 20
"""Where plants end, in pixels from the corner: 10 of 40 columns of the area are plants."""
EMPTY = np.zeros((SIZE, SIZE), dtype=bool)
QUARTER = EMPTY.copy()
QUARTER[:, 40:50] = True
"""Ten of forty columns of the area, all of bare ground."""
LANDSAT = "LC08_L2SP_118038_20240501_20240508_02_T1"


def land(transform: Affine = PLACE) -> dict[str, np.ndarray]:
    """Numbers by band on the pixels of a transform."""
    x, _ = transform * (np.arange(SIZE) + 0.5, np.full(SIZE, 0.5))
    plants = np.broadcast_to(x < LEFT + 10 * SPLIT, (SIZE, SIZE))
    return {band: np.where(plants, PLANTS[band], GROUND[band]) for band in PLANTS}


def study_of(folder, item: dict[str, Any], mission: str = "sentinel-2") -> Study:
    catalog = write_catalogue(folder / "stac", [item])
    frame = gpd.GeoDataFrame({"id": ["field"]}, geometry=[unproject(FRAME, UTM)], crs="EPSG:4490")
    frame.to_file(folder / "field.geojson")
    scenes = Scenes(
        provider=StaticCatalog(static=str(catalog)),
        missions=[mission],
        start=date(2024, 5, 1),
        end=date(2024, 5, 31),
        period="month",
        clear=Clear(open_px=0, dilate_px=0),
    )
    settings = Settings(label="2024", aoi=[str(folder / "field.geojson")], scenes=scenes, out=str(folder))
    return Study.of(settings.aoi[0], settings)


def item_of(name: str, hrefs: dict[str, Any], **said: Any) -> dict[str, Any]:
    outline = unproject(shapely.box(*grid_of_px(SIZE, SIZE).block_bounds(grid_of_px(SIZE, SIZE).whole)), UTM)
    place = {"geometry": shapely.geometry.mapping(outline), "bbox": list(outline.bounds)}
    return {**raw_item(name), **place, "assets": hrefs, **said}


def plant(folder, declared: Declared, hidden: np.ndarray = EMPTY, **said: Any) -> dict[str, Any]:
    """The item of a scene of Sentinel-2 with a file a band, each written in one way."""
    assets = {"scl": {"href": "./scl.tif"}}
    clear = np.full((SIZE, SIZE), 4)
    place = {"transform": declared.transform, "dtype": "uint8"}
    Declared("nothing", **place).write(folder / "stac" / "a" / "scl.tif", clear, EMPTY)
    for band, numbers in land(declared.transform).items():
        declared.write(folder / "stac" / "a" / f"{band}.tif", numbers, hidden)
        assets[band] = {"href": f"./{band}.tif", "raster:bands": [{"scale": 1e-4, "offset": 0, **said}]}
    return item_of("a", assets)


def shares(run, study) -> dict[str, float]:
    """Shares of the area: not seen, of plants among what was seen, of water."""
    maps = make(run, study)
    (period,) = study.periods
    inside = study.grid.mask_geometry(study.outline, study.grid.whole)
    looks = maps.open("composite", period)["looks"].to_numpy()[inside]
    fvc = from_ratio(maps.open("cover", period)["fvc"].to_numpy())[inside]
    cover = maps.open("land_cover", period)["land_cover"].to_numpy()[inside]
    return {
        "unknown": float((looks == 0).mean()),
        "plants": float(np.mean(fvc[np.isfinite(fvc)] > 0.5)),
        "water": float(np.isin(cover, [one.code for one in LAND_COVER.classes if one.key == "water"]).mean()),
    }


def expected(unknown: float, plants: float) -> Any:
    return pytest.approx({"unknown": unknown, "plants": plants, "water": 0.0}, abs=0.03)


@pytest.mark.parametrize(
    "declared",
    [
        Declared("nodata", 65535),
        Declared("nodata", -9999, "int16"),
        Declared("mask"),
        Declared("msk"),
        Declared("alpha"),
        Declared("nodata", 0, packing=(("compress", "zstd"), ("predictor", 2), ("tiled", True))),
        Declared("nodata", 0, packing=(("compress", "lerc_deflate"), ("BIGTIFF", "YES"), ("tiled", True))),
        Declared("nodata", 0, packing=(("compress", "lzw"), ("ENDIANNESS", "BIG"))),
        Declared("nodata", 0, packing=(("nbits", 13), ("compress", "packbits"))),
    ],
    ids=str,
)
def test_a_quarter_without_data_is_unknown_however_the_files_say_so(run, tmp_path, declared):
    found = shares(run, study_of(tmp_path, plant(tmp_path, declared, QUARTER)))
    assert found == expected(0.25, 1 / 3)


@pytest.mark.parametrize("number", [65535, 1, -9999, -32768, -1000])
def test_numbers_that_sentinel_2_never_measures_are_unknown_though_no_one_says_so(run, tmp_path, number):
    declared = Declared("nothing", dtype="uint16" if number > 0 else "int16")
    planted = plant(tmp_path, declared)
    for band, numbers in land().items():
        path = tmp_path / "stac" / "a" / f"{band}.tif"
        declared.write(path, np.where(QUARTER, number, numbers), EMPTY)
    assert shares(run, study_of(tmp_path, planted)) == expected(0.25, 1 / 3)


@pytest.mark.parametrize(
    "transform",
    [
        Affine(10, 0, LEFT, 0, 10, TOP - 600),
        Affine.translation(LEFT - 3, TOP + 4) * Affine.rotation(0.005) * Affine.scale(10, -10),
        Affine.translation(LEFT + 300, TOP - 300)
        * Affine.rotation(20)
        * Affine.translation(-390, 390)
        * Affine.scale(13, -13),
    ],
    ids=["south up", "turned a little", "turned"],
)
def test_files_that_are_turned_or_south_up_give_the_same_ground(run, tmp_path, transform):
    declared = Declared("nothing", transform=transform)
    planted = plant(tmp_path, declared)
    if transform.b:
        x, _ = transform * tuple(axis + 0.5 for axis in np.meshgrid(np.arange(SIZE), np.arange(SIZE)))
        for band, plants in PLANTS.items():
            numbers = np.where(x < LEFT + 10 * SPLIT, plants, GROUND[band])
            declared.write(tmp_path / "stac" / "a" / f"{band}.tif", numbers, EMPTY)
    assert shares(run, study_of(tmp_path, planted)) == expected(0.0, 0.25)


ORDER = ("nir", "red", "swir16", "blue", "green", "swir22", "nir08")


def plant_together(folder, names: tuple[str, ...] = ()) -> None:
    """One file of seven bands in an order of its own."""
    stack = folder / "stac" / "a" / "all.tif"
    Declared("nothing", bands=7, names=names).write(stack, land()["nir"], EMPTY)
    with rasterio.open(stack, "r+") as file:
        for number, band in enumerate(ORDER, 1):
            file.write(land()[band].astype("uint16"), number)
    scl = folder / "stac" / "a" / "scl.tif"
    Declared("nothing", dtype="uint8").write(scl, np.full((SIZE, SIZE), 4), EMPTY)


@pytest.mark.parametrize("way", ["a list under each key", "a list under one key", "suffixes", "descriptions"])
def test_the_bands_of_one_file_are_those_that_are_named(run, tmp_path, way):
    plant_together(tmp_path, ORDER if way == "descriptions" else ())
    file = {"href": "./all.tif", "raster:bands": [{"scale": 1e-4, "offset": 0}] * 7}
    listed = {**file, "eo:bands": [{"name": band} for band in ORDER]}
    assets = {
        "a list under each key": dict.fromkeys(ORDER, listed),
        "a list under one key": {"data": listed},
        "suffixes": {band: {**file, "href": f"./all.tif#{n}"} for n, band in enumerate(ORDER, 1)},
        "descriptions": {band: {**file, "bands": [{"name": band}]} for band in ORDER},
    }[way]
    item = item_of("a", {"scl": {"href": "./scl.tif"}, **assets})
    assert shares(run, study_of(tmp_path, item)) == expected(0.0, 0.25)


def test_a_file_of_several_bands_that_are_not_told_apart_is_the_users_data(run, tmp_path):
    plant_together(tmp_path)
    assets = {band: {"href": "./all.tif", "bands": [{"name": band}]} for band in ORDER}
    item = item_of("a", {"scl": {"href": "./scl.tif"}, **assets})
    with pytest.raises(InputError, match=r"(?s)not what their items say.*a, blue.*all\.tif: 7 bands"):
        shares(run, study_of(tmp_path, item))


def plant_landsat(folder, number: int, saturated: int) -> dict[str, Any]:
    """A scene of Landsat 8 whose visible bands hold a number in a quarter; what QA_RADSAT says there."""
    folder = folder / "stac" / LANDSAT
    assets: dict[str, Any] = {}
    files = {"qa_pixel": np.full((SIZE, SIZE), 21824), "qa_radsat": np.where(QUARTER, saturated, 0)}
    for band, numbers in land().items():
        dn = np.rint((numbers / 1e4 + 0.2) / 2.75e-5)
        files[band] = np.where(QUARTER, number, dn) if number and band in {"blue", "green", "red"} else dn
    del files["nir"]
    for key, numbers in files.items():
        nodata = 1 if key == "qa_pixel" else 0
        Declared("nothing", nodata).write(folder / f"{key}.tif", numbers, EMPTY)
        assets[key] = {"href": f"./{key}.tif"}
    said = {"collection": "landsat-c2-l2"}
    item = item_of(LANDSAT, assets, **said)
    item["properties"] |= {"platform": "landsat-8"}
    return item


@pytest.mark.parametrize(
    ("number", "saturated"),
    [(65535, 0b1110), (65535, 0), (43637, 0), (7272, 0), (1, 0), (0, 0b1000), (0, 1 << 11)],
)
def test_what_landsat_cannot_have_measured_is_unknown_and_no_water(run, tmp_path, number, saturated):
    study = study_of(tmp_path, plant_landsat(tmp_path, number, saturated), "landsat-8")
    assert shares(run, study) == expected(0.25, 1 / 3)


def test_saturation_in_a_band_that_is_not_read_spoils_nothing(run, tmp_path):
    study = study_of(tmp_path, plant_landsat(tmp_path, 0, 1 << 8), "landsat-8")
    assert shares(run, study) == expected(0.0, 0.25)
