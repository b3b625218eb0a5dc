"""A folder of downloads: what its metadata say becomes an item like any other."""

import json
import re
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.ingest.scenes.archives import read_archive
from pipeline.ingest.scenes.items import candidate_of
from pipeline.ingest.scenes.providers import fingerprint
from pipeline.settings.sources import LocalArchive
from tests.scenery import written
from tests.stac import raw_item

LANDSAT = "LC08_L2SP_118038_20240501_20240509_02_T1"
SAFE = "S2B_MSIL2A_20240501T023009_N0510_R046_T51RUQ_20240501T070000"

# The groups of a Collection 2 Level-2 MTL that matter; Level 1 repeats keys of Level 2.
MTL = f"""GROUP = LANDSAT_METADATA_FILE
  GROUP = PRODUCT_CONTENTS
    LANDSAT_PRODUCT_ID = "{LANDSAT}"
    PROCESSING_LEVEL = "L2SP"
    COLLECTION_CATEGORY = "T1"
  END_GROUP = PRODUCT_CONTENTS
  GROUP = IMAGE_ATTRIBUTES
    SPACECRAFT_ID = "LANDSAT_8"
    WRS_PATH = 118
    WRS_ROW = 38
    DATE_ACQUIRED = 2024-05-01
    SCENE_CENTER_TIME = "02:25:36.9443150Z"
    CLOUD_COVER = 2.79
  END_GROUP = IMAGE_ATTRIBUTES
  GROUP = PROJECTION_ATTRIBUTES
    MAP_PROJECTION = "UTM"
    UTM_ZONE = 51
    CORNER_UL_LAT_PRODUCT = 32.5
    CORNER_UL_LON_PRODUCT = 120.5
    CORNER_UR_LAT_PRODUCT = 32.5
    CORNER_UR_LON_PRODUCT = 122.5
    CORNER_LL_LAT_PRODUCT = 30.5
    CORNER_LL_LON_PRODUCT = 120.5
    CORNER_LR_LAT_PRODUCT = 30.5
    CORNER_LR_LON_PRODUCT = 122.5
  END_GROUP = PROJECTION_ATTRIBUTES
  GROUP = LEVEL2_PROCESSING_RECORD
    DATE_PRODUCT_GENERATED = 2024-05-09T08:11:12Z
  END_GROUP = LEVEL2_PROCESSING_RECORD
  GROUP = LEVEL2_SURFACE_REFLECTANCE_PARAMETERS
    REFLECTANCE_MULT_BAND_4 = 2.75e-05
    REFLECTANCE_ADD_BAND_4 = -0.2
  END_GROUP = LEVEL2_SURFACE_REFLECTANCE_PARAMETERS
  GROUP = LEVEL1_PROCESSING_RECORD
    LANDSAT_PRODUCT_ID = "LC08_L1TP_118038_20240501_20240509_02_T1"
  END_GROUP = LEVEL1_PROCESSING_RECORD
  GROUP = LEVEL1_RADIOMETRIC_RESCALING
    REFLECTANCE_MULT_BAND_4 = 2.0000E-05
    REFLECTANCE_ADD_BAND_4 = -0.100000
  END_GROUP = LEVEL1_RADIOMETRIC_RESCALING
END_GROUP = LANDSAT_METADATA_FILE
END
"""

OFFSETS = "".join(f'<BOA_ADD_OFFSET band_id="{number}">-1000</BOA_ADD_OFFSET>' for number in range(13))
STRIP = "S2B_OPER_MSI_L2A_DS_2BPS_20240501T070000_S20240501T023010_N05.10"
MTD = f"""<?xml version="1.0" encoding="UTF-8"?>
<n1:Level-2A_User_Product xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/User_Product_Level-2A.xsd">
  <n1:General_Info>
    <Product_Info>
      <PRODUCT_START_TIME>2024-05-01T02:30:09.024Z</PRODUCT_START_TIME>
      <PRODUCT_URI>{SAFE}.SAFE</PRODUCT_URI>
      <PROCESSING_LEVEL>Level-2A</PROCESSING_LEVEL>
      <PROCESSING_BASELINE>05.10</PROCESSING_BASELINE>
      <GENERATION_TIME>2024-05-01T07:00:00.000000Z</GENERATION_TIME>
      <Datatake datatakeIdentifier="GS2B_20240501T023009_037361_N05.10">
        <SPACECRAFT_NAME>Sentinel-2B</SPACECRAFT_NAME>
      </Datatake>
      <Product_Organisation><Granule_List>
        <Granule datastripIdentifier="{STRIP}"
          granuleIdentifier="S2B_OPER_MSI_L2A_TL_2BPS_20240501T070000_A037361_T51RUQ_N05.10"/>
      </Granule_List></Product_Organisation>
    </Product_Info>
    <Product_Image_Characteristics>
      <QUANTIFICATION_VALUES_LIST>
        <BOA_QUANTIFICATION_VALUE unit="none">10000</BOA_QUANTIFICATION_VALUE>
      </QUANTIFICATION_VALUES_LIST>
      <BOA_ADD_OFFSET_VALUES_LIST>{OFFSETS}</BOA_ADD_OFFSET_VALUES_LIST>
    </Product_Image_Characteristics>
  </n1:General_Info>
  <n1:Geometric_Info><Product_Footprint><Product_Footprint><Global_Footprint>
    <EXT_POS_LIST>32.5 120.5 32.5 121.6 31.5 121.6 31.5 120.5 32.5 120.5 </EXT_POS_LIST>
  </Global_Footprint></Product_Footprint></Product_Footprint></n1:Geometric_Info>
  <n1:Quality_Indicators_Info>
    <Cloud_Coverage_Assessment>12.5</Cloud_Coverage_Assessment>
  </n1:Quality_Indicators_Info>
</n1:Level-2A_User_Product>
"""


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def landsat_folder(folder: Path) -> Path:
    for key in ("SR_B4", "SR_B5", "ST_B10", "QA_PIXEL"):
        put(folder / LANDSAT / f"{LANDSAT}_{key}.TIF", "")
    return put(folder / LANDSAT / f"{LANDSAT}_MTL.txt", MTL)


def safe_folder(folder: Path, text: str = MTD) -> Path:
    images = folder / f"{SAFE}.SAFE" / "GRANULE" / "L2A_T51RUQ_A037361_20240501T023010" / "IMG_DATA"
    for size, bands in ((10, ("B04", "B08")), (20, ("B8A", "SCL", "B04")), (60, ("B01",))):
        for band in bands:
            put(images / f"R{size}m" / f"T51RUQ_20240501T023009_{band}_{size}m.jp2", "")
    return put(folder / f"{SAFE}.SAFE" / "MTD_MSIL2A.xml", text)


def test_a_band_in_a_file_beside_its_item_is_the_one_that_its_address_tells(tmp_path):
    item = raw_item("together")
    item["assets"] = {"scl": {"href": "https://far/scl.tif"}, "red": {"href": "https://far/x/all.tif#3"}}
    put(tmp_path / "all.tif", "")
    put(tmp_path / "item.json", json.dumps(item))
    (raw,) = read_archive(tmp_path)
    red = candidate_of(raw).scene.assets["red"]
    assert (red.href, red.band.number) == (str(tmp_path / "all.tif"), 3)


def test_a_landsat_folder_is_what_its_mtl_says(tmp_path):
    landsat_folder(tmp_path / "deep" / "down")
    (raw,) = read_archive(tmp_path)
    found = candidate_of(raw)
    scene = found.scene
    assert (scene.id, scene.mission, scene.tile, scene.crs) == (
        LANDSAT,
        "landsat-8",
        "WRS2-118038",
        "EPSG:32651",
    )
    assert f"{scene.datetime:%Y-%m-%dT%H:%M:%S}" == "2024-05-01T02:25:36"
    assert (scene.cloud_percent, scene.updated) == (2.79, "2024-05-09T08:11:12Z")
    assert set(scene.assets) == {"red", "nir", "nir08", "lwir11"}
    heat = scene.assets.pop("lwir11")
    assert (heat.scale, heat.offset) == (0.00341802, 149.0)
    assert (scene.assets["red"].scale, scene.assets["red"].offset) == (2.75e-5, -0.2)
    assert Path(scene.assets["nir"].href).name == f"{LANDSAT}_SR_B5.TIF"
    assert Path(scene.mask.href).name == f"{LANDSAT}_QA_PIXEL.TIF"
    assert scene.saturation is None
    put(tmp_path / "deep" / "down" / LANDSAT / f"{LANDSAT}_QA_RADSAT.TIF", "")
    (raw,) = read_archive(tmp_path)
    assert Path(candidate_of(raw).scene.saturation.href).name == f"{LANDSAT}_QA_RADSAT.TIF"
    assert found.outline.equals(shapely.box(120.5, 30.5, 122.5, 32.5))
    assert found.acquisition == "landsat-8 20240501 118038 "


def refusals(folder: Path) -> dict[str, str]:
    """What is said of every file of a folder that gives no scene, by its name."""
    return {Path(raw["id"]).name: candidate_of(raw) for raw in read_archive(folder)}


def test_products_of_level_1_say_what_they_are(tmp_path):
    put(tmp_path / "LC08_L1TP_MTL.txt", MTL.replace("L2SP", "L1TP"))
    put(tmp_path / "S2B_MSIL1C.SAFE" / "MTD_MSIL1C.xml", "<n/>")
    said = refusals(tmp_path)
    assert "download Level-2" in said["LC08_L1TP_MTL.txt"]
    assert "Level-1C" in said["MTD_MSIL1C.xml"]


@pytest.mark.parametrize("name", [f"{SAFE}.SAFE.zip", f"{SAFE}.zip", f"{LANDSAT}.tar", f"{LANDSAT}.tar.gz"])
def test_a_packed_product_is_named_and_is_to_be_unpacked_unless_it_lies_unpacked_beside(tmp_path, name):
    put(tmp_path / "deep" / name, "whatever")
    assert "unpack it" in refusals(tmp_path)[name]
    product = SAFE if name.startswith("S2") else LANDSAT
    (tmp_path / "deep" / (f"{product}.SAFE" if product == SAFE else product)).mkdir()
    assert refusals(tmp_path) == {}


def test_a_zip_of_another_name_is_looked_into(tmp_path):
    for name, inside in (("may.zip", f"{SAFE}.SAFE/MTD_MSIL2A.xml"), ("parcels.zip", "parcels.shp")):
        with zipfile.ZipFile(tmp_path / name, "w") as content:
            content.writestr(inside, "")
    assert list(refusals(tmp_path)) == ["may.zip"]


def test_a_safe_folder_is_what_its_metadata_say(tmp_path):
    safe_folder(tmp_path)
    (raw,) = read_archive(tmp_path)
    found = candidate_of(raw)
    scene = found.scene
    assert (scene.id, scene.platform, scene.tile, scene.baseline) == (
        SAFE,
        "sentinel-2b",
        "MGRS-51RUQ",
        "05.10",
    )
    assert set(scene.assets) == {"coastal", "red", "nir", "nir08"}
    assert Path(scene.assets["red"].href).name == "T51RUQ_20240501T023009_B04_10m.jp2"
    assert Path(scene.mask.href).name == "T51RUQ_20240501T023009_SCL_20m.jp2"
    assert (scene.assets["nir08"].scale, scene.assets["nir08"].offset) == (1e-4, -0.1)
    assert (dict(found.statements), scene.cloud_percent) == ({"raster:bands": -1000, "baseline": -1000}, 12.5)
    assert found.outline.equals(shapely.box(120.5, 31.5, 121.6, 32.5))
    assert found.acquisition == "sentinel-2b 20240501T023009 MGRS-51RUQ 20240501T023010"


def test_a_safe_folder_from_before_baseline_4_states_no_offset(tmp_path):
    safe_folder(tmp_path, MTD.replace(OFFSETS, "").replace("05.10", "02.14"))
    (raw,) = read_archive(tmp_path)
    assert dict(candidate_of(raw).statements) == {"raster:bands": 0, "baseline": 0}


MTD_2018 = (
    MTD.replace(OFFSETS, "")
    .replace("05.10", "02.09")
    .replace("PRODUCT_URI>", "PRODUCT_URI_2A>")
    .replace("BOA_QUANTIFICATION_VALUE", "L2A_BOA_QUANTIFICATION_VALUE")
)


def test_a_safe_folder_of_2018_is_read_by_the_names_that_it_has(tmp_path):
    safe_folder(tmp_path, MTD_2018)
    (raw,) = read_archive(tmp_path)
    found = candidate_of(raw)
    assert (found.scene.baseline, found.scene.platform) == ("02.09", "sentinel-2b")
    assert dict(found.statements) == {"raster:bands": 0, "baseline": 0}
    assert set(found.scene.assets) == {"coastal", "red", "nir", "nir08"}


def test_a_safe_folder_of_2016_is_read_by_the_names_that_it_has(tmp_path):
    product = tmp_path / "S2A_USER_PRD_MSIL2A_PDMC_20160504T180000_R022_V20160504T101917_20160504T101917.SAFE"
    granule = product / "GRANULE" / "S2A_USER_MSI_L2A_TL_SGS__20160504T153645_A004525_T51RUQ_N02.01"
    for size, kind, end in ((10, "MSI", "_B04"), (10, "MSI", "_B08"), (20, "SCL", "")):
        name = f"S2A_USER_{kind}_L2A_TL_SGS__20160504T153645_A004525_T51RUQ{end}_{size}m.jp2"
        put(granule / "IMG_DATA" / f"R{size}m" / name, "")
    text = MTD_2018.replace("02.09", "02.01").replace("Sentinel-2B", "Sentinel-2A")
    put(product / "S2A_USER_MTD_SAFL2A_PDMC_20160504T180000_R022_V20160504T101917.xml", text)
    (raw,) = read_archive(tmp_path)
    scene = candidate_of(raw).scene
    assert (scene.platform, scene.tile, scene.baseline) == ("sentinel-2a", "MGRS-51RUQ", "02.01")
    assert Path(scene.mask.href).name.endswith("T51RUQ_20m.jp2")
    assert {"red", "nir"} == set(scene.assets)


def test_what_a_safe_folder_need_not_say_may_lack(tmp_path):
    lean = MTD
    for tag in (
        "SPACECRAFT_NAME",
        "GENERATION_TIME",
        "Cloud_Coverage_Assessment",
        "PRODUCT_URI",
        "Granule_List",
    ):
        lean = re.sub(f"<{tag}>.*?</{tag}>", "", lean, flags=re.DOTALL)
    safe_folder(tmp_path, lean)
    put(tmp_path / f"{SAFE}.SAFE" / "GRANULE" / "notes.txt", "")
    (raw,) = read_archive(tmp_path)
    scene = candidate_of(raw).scene
    assert (scene.platform, scene.tile, scene.updated) == ("sentinel-2b", "MGRS-51RUQ", "")
    assert np.isnan(scene.cloud_percent)


@pytest.mark.parametrize("zone", ["Z", ""])
def test_the_start_of_a_product_is_utc(tmp_path, zone):
    safe_folder(tmp_path, MTD.replace("09.024Z", f"09.024{zone}"))
    (raw,) = read_archive(tmp_path)
    assert f"{candidate_of(raw).scene.datetime:%Y-%m-%dT%H:%M:%S%z}" == "2024-05-01T02:30:09+0000"


def test_every_item_of_an_item_collection_is_read_and_other_geojson_is_not(tmp_path):
    items = [raw_item(name) for name in ("first", "second")]
    other = {"type": "Feature", "properties": {}, "geometry": None}
    put(tmp_path / "found.json", json.dumps({"type": "FeatureCollection", "features": [*items, other]}))
    put(tmp_path / "aoi.geojson", json.dumps({"type": "FeatureCollection", "features": [other]}))
    assert [raw["id"] for raw in read_archive(tmp_path)] == ["first", "second"]


@pytest.mark.parametrize("href", ["./red%20band.tif", "red band.tif", "https://host/deep/red%20band.tif"])
def test_a_file_is_found_whose_address_is_spelt_in_codes(tmp_path, href):
    raw = raw_item("scene")
    raw["assets"]["red"]["href"] = href
    put(tmp_path / "item.json", json.dumps(raw))
    put(tmp_path / "red band.tif", "")
    (found,) = read_archive(tmp_path)
    assert found["assets"]["red"]["href"] == str(tmp_path / "red band.tif")


def test_a_file_address_is_a_path(tmp_path):
    raw = raw_item("scene")
    raw["assets"]["red"]["href"] = (tmp_path / "else where" / "r.tif").as_uri()
    put(tmp_path / "else where" / "r.tif", "")
    put(tmp_path / "items" / "item.json", json.dumps(raw))
    (found,) = read_archive(tmp_path)
    assert found["assets"]["red"]["href"] == str(tmp_path / "else where" / "r.tif")


def test_an_item_takes_the_files_beside_it_whatever_address_it_gives(tmp_path):
    raw = raw_item("scene")
    raw["assets"]["scl"]["href"] = "./elsewhere/scl.tif"
    put(tmp_path / "scene" / "item.json", json.dumps(raw))
    put(tmp_path / "scene" / "red.tif", "")
    (found,) = read_archive(tmp_path)
    assert found["assets"]["red"]["href"] == str(tmp_path / "scene" / "red.tif")
    assert found["assets"]["nir"]["href"] == "https://host/scene/nir.tif"
    assert found["assets"]["scl"]["href"] == str(tmp_path / "scene" / "elsewhere" / "scl.tif")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("item.json", "{"),
        ("item.json", '{"type": "Feature", "stac_version": "1.0.0"}'),
        ("X_MTL.txt", "GROUP = NOTHING"),
        ("MTD_MSIL2A.xml", "<open>"),
        ("MTD_MSIL2A.xml", "<n/>"),
    ],
)
def test_metadata_that_cannot_be_read_stop_nothing_and_are_told_by_their_place(tmp_path, name, text):
    landsat_folder(tmp_path)
    put(tmp_path / "broken" / name, text)
    broken, whole = read_archive(tmp_path)
    if whole["id"] != LANDSAT:
        broken, whole = whole, broken
    assert whole["id"] == LANDSAT
    assert str(tmp_path / "broken" / name) in broken["id"]
    assert candidate_of(broken).startswith(("cannot be read (", "no id"))


def test_json_that_is_no_item_is_none_of_our_business(tmp_path):
    put(tmp_path / "list.json", "[1]")
    put(tmp_path / "points.json", '{"type": "Feature", "geometry": null}')
    assert list(read_archive(tmp_path)) == []


def test_an_archive_that_is_not_there_says_so(tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        list(read_archive(tmp_path / "nowhere"))


def test_an_archive_is_known_by_its_items_and_files(tmp_path):
    landsat_folder(tmp_path)
    archive = LocalArchive(local=str(tmp_path))
    before = fingerprint(archive)
    put(tmp_path / "notes.txt", "not a scene")
    assert fingerprint(archive) == before
    written(tmp_path / LANDSAT / f"{LANDSAT}_SR_B4.TIF", np.ones((64, 64), dtype=np.uint16))
    assert fingerprint(archive) != before


@settings(max_examples=40)
@given(
    spelling=st.sampled_from(["2018", "now"]),
    zone=st.sampled_from(["Z", "", "+00:00"]),
    offset=st.sampled_from([0, -1000, None]),
    unit=st.sampled_from([10000, 1000]),
    lacking=st.sets(st.sampled_from(["SPACECRAFT_NAME", "GENERATION_TIME", "Granule_List", "EXT_POS_LIST"])),
    order=st.randoms(use_true_random=False),
)
def test_whatever_a_safe_says_it_is_the_planted_scene_or_a_refusal_by_name(
    spelling, zone, offset, unit, lacking, order
):
    offsets = [f'<BOA_ADD_OFFSET band_id="{number}">{offset}</BOA_ADD_OFFSET>' for number in range(13)]
    order.shuffle(offsets)
    text = MTD.replace(OFFSETS, "" if offset is None else "".join(offsets))
    text = text.replace("09.024Z", f"09.024{zone}").replace(">10000<", f">{unit}<")
    if spelling == "2018":
        text = text.replace("PRODUCT_URI>", "PRODUCT_URI_2A>")
        text = text.replace("BOA_QUANTIFICATION_VALUE", "L2A_BOA_QUANTIFICATION_VALUE")
    for tag in lacking:
        text = re.sub(f"<{tag}>.*?</{tag}>", "", text, flags=re.DOTALL)
    with tempfile.TemporaryDirectory() as name:
        path = safe_folder(Path(name), text)
        (raw,) = read_archive(Path(name))
    if "EXT_POS_LIST" in lacking:
        assert raw["id"] == str(path)
        assert "EXT_POS_LIST" in candidate_of(raw)
        return
    found = candidate_of(raw)
    assert found.scene.datetime == datetime(2024, 5, 1, 2, 30, 9, 24000, tzinfo=UTC)
    assert found.scene.platform == "sentinel-2b"
    assert found.scene.assets["red"].scale == 1 / unit
    assert dict(found.statements) == {"raster:bands": offset or 0, "baseline": -1000}
