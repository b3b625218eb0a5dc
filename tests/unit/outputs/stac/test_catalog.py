"""The catalogue as strangers read it: pystac, the schemas of STAC 1.1, odc-stac."""

import hashlib
import json
from dataclasses import replace

import geopandas as gpd
import numpy as np
import odc.stac
import pystac
import pytest
import rasterio
import rioxarray
import shapely
import xarray as xr
from pystac.extensions.file import FileExtension
from pystac.extensions.table import TableExtension
from pystac.validation import validate_dict

from pipeline.contracts import Raster
from pipeline.geodesy import CGCS2000
from tests.deliveries import small_delivery, written

FOLDERS = ("collections", "items", "scenes")
PRODUCTS = ["fvc", "looks", "land_cover", "change"]


def entries(folder):
    """All files of the catalogue."""
    single = [folder / "catalog.json", folder / "collection.json"]
    return [*single, *(path for name in FOLDERS for path in (folder / name).iterdir())]


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_catalogue_reader_finds_every_raster(folder, delivery):
    catalog = pystac.Catalog.from_file(str(folder / "catalog.json"))
    items = {item.id: item for item in catalog.get_items(recursive=True)}
    (collection,) = catalog.get_collections()
    assert collection.id == "delta_2024"
    assert [child.id for child in collection.get_collections()] == [f"delta_2024_{name}" for name in PRODUCTS]
    assert set(items) == {raster.name for raster in delivery.rasters}
    for raster in delivery.rasters:
        item = items[raster.name]
        assert item.get_collection().id == f"delta_2024_{raster.product}"
        href = item.assets[raster.product].get_absolute_href()
        assert href == str(folder / "rasters" / f"{raster.name}.tif")


def test_the_collection_of_a_product_holds_it_at_all_its_times_and_nothing_else(folder):
    product = pystac.Collection.from_file(str(folder / "collections" / "land_cover.json"))
    assert [item.id for item in product.get_items()] == ["land_cover_2023", "land_cover_2024"]
    ((first, last),) = product.extent.temporal.intervals
    assert (str(first)[:10], str(last)[:10]) == ("2023-01-01", "2024-12-31")
    assert set(product.item_assets) == {"land_cover"}
    assert product.extra_fields["ecoledger:product"] == "land_cover"


def test_an_item_says_when_where_and_whether_simulated(folder):
    item = json.loads((folder / "items" / "fvc_2024.json").read_text(encoding="utf-8"))
    properties = item["properties"]
    assert properties["ecoledger:simulated"] is True
    assert properties["start_datetime"] == "2024-01-01T00:00:00Z"
    assert properties["created"] == "2024-11-28T02:31:09Z"
    assert properties["proj:code"] == "EPSG:32651"
    assert item["bbox"] == pytest.approx([121.62, 31.42, 121.99, 31.59], abs=0.004)


def test_classes_are_listed_with_colours(folder):
    item = json.loads((folder / "items" / "land_cover_2024.json").read_text(encoding="utf-8"))
    classes = item["assets"]["land_cover"]["classification:classes"]
    assert classes[0] == {
        "value": 1,
        "name": "water",
        "title": "水体",
        "description": "水体 / Water",
        "color_hint": "2B83BA",
    }


def test_everything_keeps_the_schema_of_stac_1_1(folder, monkeypatch):
    monkeypatch.setattr(pystac.StacIO, "read_text", lambda *_: pytest.fail("asked the network for a schema"))
    for path in entries(folder):
        content = load(path)
        (schema, *_) = validate_dict({**content, "stac_extensions": []})
        assert "/v1.1.0/" in schema


def test_bands_say_type_unit_scale_and_statistics_as_stac_1_1_has_them(folder):
    item = load(folder / "items" / "fvc_2024.json")
    (band,) = item["assets"]["fvc"]["bands"]
    with rasterio.open(folder / "rasters" / "fvc_2024.tif") as file:
        held = file.read(1, masked=True)
    assert (band["data_type"], band["nodata"], band["unit"]) == ("int16", -32768, "1")
    assert (band["raster:scale"], band["raster:offset"], band["raster:spatial_resolution"]) == (1e-4, 0, 60)
    assert band["statistics"] == pytest.approx(
        {
            "minimum": held.min(),
            "maximum": held.max(),
            "mean": held.mean(dtype=float),
            "stddev": held.std(dtype=float),
            "valid_percent": 100 * held.count() / held.size,
        }
    )
    (stored,) = item["assets"]["fvc"]["raster:bands"]
    assert (stored["scale"], stored["offset"], stored["spatial_resolution"]) == (1e-4, 0, 60)
    assert stored["statistics"] == band["statistics"]


def test_codes_of_classes_have_no_mean(folder):
    (band,) = load(folder / "items" / "land_cover_2024.json")["assets"]["land_cover"]["bands"]
    assert set(band["statistics"]) == {"valid_percent"}


def test_extensions_read_what_was_written(folder):
    item = pystac.Item.from_file(str(folder / "items" / "land_cover_2024.json"))
    assert item.ext.proj.epsg == 32651
    asset = item.assets["land_cover"]
    first, *_ = asset.ext.classification.classes
    assert (first.value, first.name) == (1, "water")
    assert {one.rpartition("io/")[2] for one in item.stac_extensions} == {
        "raster/v1.1.0/schema.json",
        "projection/v2.0.0/schema.json",
        "classification/v2.0.0/schema.json",
        "processing/v1.2.0/schema.json",
        "file/v2.1.0/schema.json",
    }


@pytest.mark.filterwarnings("ignore:The 'shapely.ops.transform:DeprecationWarning")  # odc-geo calls it
def test_a_loader_of_stac_finds_pixels_and_nodata(folder, delivery):
    catalog = pystac.Catalog.from_file(str(folder / "catalog.json"))
    items = [item for item in catalog.get_items(recursive=True) if "fvc" in item.assets]
    loaded = odc.stac.load(items, bands=["fvc"], chunks={})["fvc"]
    rasters = [one for one in delivery.rasters if one.product == "fvc"]
    assert [str(when)[:10] for when in loaded["time"].to_numpy()] == ["2023-01-01", "2024-01-01"]
    assert np.array_equal(loaded.to_numpy(), np.stack([raster.values for raster in rasters]))
    assert (loaded.attrs["nodata"], loaded.odc.crs.epsg) == (-32768, 32651)


@pytest.mark.filterwarnings("ignore:The 'shapely.ops.transform:DeprecationWarning")  # odc-geo calls it
def test_scale_and_offset_of_the_catalogue_make_the_values_that_the_file_gives(folder):
    item = pystac.Item.from_file(str(folder / "items" / "fvc_2024.json"))
    (band,) = item.assets["fvc"].ext.raster.bands
    loaded = odc.stac.load([item], bands=["fvc"])["fvc"].isel(time=0)
    values = loaded.where(loaded != band.nodata) * band.scale + band.offset
    decoded = rioxarray.open_rasterio(item.assets["fvc"].get_absolute_href(), mask_and_scale=True)
    np.testing.assert_allclose(values.to_numpy(), decoded.isel(band=0).to_numpy(), atol=1e-6)


@pytest.mark.filterwarnings("ignore:The 'shapely.ops.transform:DeprecationWarning")  # odc-geo calls it
def test_bands_of_a_composite_are_loaded_by_their_names(tmp_path):
    given = small_delivery(resolution_m=600)
    numbers = np.arange(2 * np.prod(given.grid.shape), dtype=np.int16).reshape(2, *given.grid.shape)
    bands = xr.DataArray(numbers, dims=("band", "y", "x"), coords={"band": ["nir", "red"]})
    days = given.periods[1].first, given.periods[1].last
    composite = Raster("composite_2024", "composite", "reflectance", bands, "合成", "Composite", *days)
    written(replace(given, rasters=(composite,), tables={}), tmp_path)
    item = pystac.Item.from_file(str(tmp_path / "items" / "composite_2024.json"))
    loaded = odc.stac.load([item], bands=["red", "nir"]).isel(time=0)
    for name in ("red", "nir"):
        assert np.array_equal(loaded[name].to_numpy(), bands.sel(band=name).to_numpy())
    assert [band.scale for band in item.assets["composite"].ext.raster.bands] == [1e-4, 1e-4]


def test_every_file_stands_in_the_catalogue_with_its_size_and_checksum(folder):
    collection = pystac.Collection.from_file(str(folder / "collection.json"))
    assets = [*collection.assets.values()]
    assets += [asset for item in collection.get_items(recursive=True) for asset in item.assets.values()]
    told = {}
    for asset in assets:
        file = FileExtension.ext(asset)
        if file.checksum:
            told[asset.get_absolute_href()] = (file.size, file.checksum)
    own = {str(path) for path in entries(folder)}
    lying = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    assert told == {
        str(path): (path.stat().st_size, f"1220{hashlib.sha256(path.read_bytes()).hexdigest()}")
        for path in lying
        if str(path) not in own
    }
    manifest = collection.assets["manifest"]
    assert (manifest.roles, FileExtension.ext(manifest).checksum) == (["metadata"], None)


def test_products_are_assets_whose_keys_and_columns_are_told(folder, delivery):
    collection = pystac.Collection.from_file(str(folder / "collection.json"))
    own = {key: asset.title for key, asset in collection.assets.items() if "/" not in key}
    assert {
        "gpkg",
        "xlsx",
        "csv",
        "supplement_xlsx",
        "parquet",
        "parcels_parquet",
        "html",
        "manifest",
    } == set(own)
    assert not [title for title in own.values() if delivery.aoi.id in title]
    assert "tables/indicators" in collection.assets
    assert collection.assets["parcels_parquet"].title == "确权地块（GeoParquet）"
    table = TableExtension.ext(collection.assets["parcels_parquet"])
    columns = {column.name: (column.col_type, column.description) for column in table.columns}
    assert columns["area_registered_m2"] == ("double", "登记面积 (m2)")
    assert (table.row_count, table.primary_geometry) == (len(delivery.parcels), "geometry")
    balance = TableExtension.ext(collection.assets["tables/area_balance"])
    held = [*delivery.tables["area_balance"].columns, "data_label"]
    assert [column.name for column in balance.columns] == held


def test_a_raster_leads_to_the_scenes_of_its_days_and_to_no_other(folder):
    links = {
        name: [link.get_absolute_href() for link in item.get_links("derived_from")]
        for name in ("fvc_2023", "fvc_2024", "change_2023_2024")
        if (item := pystac.Item.from_file(str(folder / "items" / f"{name}.json")))
    }
    early, late = (str(folder / "scenes" / f"{name}.json") for name in ("S2A_x", "S2B_y"))
    assert links == {"fvc_2023": [early], "fvc_2024": [late], "change_2023_2024": [early, late]}
    scene = pystac.Item.from_file(early)
    assert scene.properties["ecoledger:item_sha256"] == "ab" * 32
    assert scene.properties["eo:cloud_cover"] == 12.5
    assert "eo:cloud_cover" not in pystac.Item.from_file(late).properties


def test_a_scene_leads_to_the_item_of_its_provider_where_that_is_known(tmp_path):
    given, address = small_delivery(resolution_m=600), "https://stac.example.org/items/S2A_x"
    scenes = given.scenes.assign(item_href=[address, ""])
    written(replace(given, scenes=scenes, tables={}), tmp_path)
    found = {
        name: [link.href for link in pystac.Item.from_file(str(path)).get_links("canonical")]
        for name in ("S2A_x", "S2B_y")
        if (path := tmp_path / "scenes" / f"{name}.json")
    }
    assert found == {"S2A_x": [address], "S2B_y": []}


def test_an_item_says_by_what_and_from_what_it_was_made(folder):
    said = load(folder / "items" / "land_cover_2024.json")["properties"]
    assert said["processing:level"] == "L4"
    assert set(said["processing:software"]) == {"ecoledger"}
    assert "sentinel-2 2" in said["processing:lineage"]


def test_ids_of_scenes_that_are_no_names_of_files_stay_in_the_folder_and_apart(tmp_path):
    given = small_delivery(resolution_m=600)
    scenes = gpd.GeoDataFrame(
        given.scenes.assign(id=["../../x y", "../../x_y"]),
        geometry=[shapely.box(121, 31, 122, 32), None],
        crs=CGCS2000,
    )
    written(replace(given, scenes=scenes, tables={}), tmp_path)
    paths = sorted((tmp_path / "scenes").iterdir())
    assert {load(path)["id"] for path in paths} == {"../../x y", "../../x_y"}
    shapes = {load(path)["id"]: load(path)["geometry"] for path in paths}
    assert shapes["../../x y"]["type"] == "Polygon"
    assert shapes["../../x_y"] is None
    (link,) = pystac.Item.from_file(str(tmp_path / "items" / "fvc_2023.json")).get_links("derived_from")
    assert pystac.Item.from_file(link.get_absolute_href()).id == "../../x y"


def test_titles_are_in_the_language_of_the_delivery(tmp_path):
    written(replace(small_delivery(language="en"), tables={}), tmp_path)
    item = json.loads((tmp_path / "items" / "land_cover_2024.json").read_text(encoding="utf-8"))
    assert item["properties"]["title"] == "Land cover (simulated data)"
    assert item["assets"]["land_cover"]["classification:classes"][0]["title"] == "Water"


def test_who_compiles_a_delivery_is_named_as_its_producer(tmp_path):
    written(replace(small_delivery(resolution_m=600), tables={}, organisation="崇明区自然资源局"), tmp_path)
    (provider,) = load(tmp_path / "collection.json")["providers"]
    assert provider == {"name": "崇明区自然资源局", "roles": ["producer"]}


def test_no_path_of_this_machine_is_written(folder):
    for path in entries(folder):
        assert str(folder) not in path.read_text(encoding="utf-8")
