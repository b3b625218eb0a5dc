"""Scenes as they come, through the whole program: the planted figures, or a refusal that names the file."""

import json
import time
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from affine import Affine
from programs import write_config
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.geodesy import unproject
from tests.scenery import LEFT, TOP, UTM
from tests.stac import raw_item, write_catalogue

EDGE = 60
SOIL, DENSE = 0.1, 0.9
PLANTS = {"blue": 300, "green": 600, "red": 400, "nir": 4400, "nir08": 4400, "swir16": 1800, "swir22": 900}
GROUND = {
    "blue": 1200,
    "green": 1500,
    "red": 2000,
    "nir": 2500,
    "nir08": 2500,
    "swir16": 3200,
    "swir22": 2800,
}
OUTLINE = unproject(shapely.box(LEFT, TOP - EDGE * 10, LEFT + EDGE * 10, TOP), UTM)
MIDDLE = unproject(shapely.box(LEFT + 100, TOP - 500, LEFT + 500, TOP - 100), UTM)


def write_band(path: Path, numbers, pixel_m: float = 10.0, **options) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = {"height": numbers.shape[0], "width": numbers.shape[1], "count": 1, "dtype": numbers.dtype}
    place = {"crs": UTM, "transform": Affine(pixel_m, 0, LEFT, 0, -pixel_m, TOP), "nodata": 0}
    with rasterio.open(path, "w", driver="GTiff", **shape, **place, **options) as target:
        target.write(numbers, 1)


def plant(folder: Path, name: str, when: str, share: float, options=None) -> dict:
    """The files of a scene, plants on a share of its width from the west, and its item."""
    west = np.arange(EDGE) < share * EDGE
    for band, dense in PLANTS.items():
        numbers = np.broadcast_to(np.where(west, dense, GROUND[band]), (EDGE, EDGE)).astype(np.uint16)
        write_band(folder / name / f"{band}.tif", numbers, **(options or {}).get(band, {}))
    mask = np.full((EDGE // 2, EDGE // 2), 4, dtype=np.uint8)
    write_band(folder / name / "scl.tif", mask, 20.0, **(options or {}).get("scl", {}))
    item = raw_item(name, when=when, **{"s2:processing_baseline": "02.09"})
    files = {band: {"href": f"./{band}.tif"} for band in (*PLANTS, "scl")}
    place = {"geometry": shapely.geometry.mapping(OUTLINE), "bbox": list(OUTLINE.bounds)}
    return item | place | {"assets": files}


def run(folder: Path, provider: dict, out: str = "out", **scenes) -> tuple[int, str]:
    """The exit code of a run over the middle of the world, and what went wrong."""
    gpd.GeoDataFrame({"id": ["field"], "name": ["田"]}, geometry=[MIDDLE], crs=4490).to_file(
        folder / "a.geojson"
    )
    config = {
        "label": "2024",
        "aoi": ["a.geojson"],
        "scenes": {
            "provider": provider,
            "missions": ["sentinel-2"],
            "start": "2024-01-01",
            "end": "2024-12-31",
            "clear": {"open_px": 0, "dilate_px": 0},
            **scenes,
        },
        "vegetation": {"endmembers": {"soil": SOIL, "vegetation": DENSE}},
    }
    path = write_config(folder / "run.yaml", config)
    done = CliRunner().invoke(app, ["run", str(path), "--out", str(folder / out), "--quiet"])
    return getattr(done.exception, "exit_code", done.exit_code), str(done.exception)


def indicators_of(folder: Path, out: str = "out") -> pd.DataFrame:
    path = folder / out / "field" / "2024" / "tables" / "indicators.csv"
    return pd.read_csv(path, encoding="utf-8-sig").set_index("indicator")


def figures(folder: Path, out: str = "out") -> dict[str, float]:
    return indicators_of(folder, out)["value"].astype(float).to_dict()


def warnings_of(folder: Path, out: str = "out") -> str:
    manifest = json.loads((folder / out / "field" / "2024" / "manifest.json").read_text(encoding="utf-8"))
    return "\n".join(manifest["warnings"])


def test_scenes_without_a_zone_are_refused_or_taken_as_utc_in_every_zone_of_the_machine(
    tmp_path, monkeypatch
):
    planted = (
        ("S2A_51RUQ_20240101_0_L2A", "2024-01-01T02:30:15", 1.0),
        ("S2A_51RUQ_20240501_0_L2A", "2024-05-01T02:30:15", 0.0),
    )
    catalog = write_catalogue(tmp_path / "stac", [plant(tmp_path / "stac", *one) for one in planted])
    red, nir = (np.mean([PLANTS[band], GROUND[band]]) for band in ("red", "nir"))
    truth = ((nir - red) / (nir + red) - SOIL) / (DENSE - SOIL)
    for number, zone in enumerate(("Asia/Shanghai", "America/New_York")):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        code, told = run(tmp_path, {"static": str(catalog)}, f"{number} refused")
        assert code == 2
        assert all(
            f"{name}: found 时间无时区 time {moment} without a zone" in told for name, moment, _ in planted
        )
        assert run(tmp_path, {"static": str(catalog)}, str(number), times_without_zone="utc")[0] == 0
        found = figures(tmp_path, str(number))
        assert found["mean_fvc_land"] == pytest.approx(truth, abs=2e-4)
        assert found["vegetation_cover_share_land"] == pytest.approx(1.0)
        assert "2 景 scenes: 时间无时区" in warnings_of(tmp_path, str(number))
    monkeypatch.undo()
    time.tzset()


def test_null_fields_coded_addresses_and_a_packed_product_beside_cost_no_figure(tmp_path):
    item = plant(tmp_path / "archive", "may scene", "2024-05-01T02:30:15Z", 0.5)
    for asset in item["assets"].values():
        asset["href"] = f"./may%20scene/{asset['href'][2:]}"
        asset |= {
            "raster:bands": [{"nodata": 0, "scale": None, "offset": None}],
            "bands": None,
            "alternate": None,
        }
    item["properties"] |= {"updated": "yesterday", "eo:cloud_cover": "12.5", "created": None}
    item |= {"geometry": None, "links": None, "stac_extensions": None}
    collection = {"type": "FeatureCollection", "features": [item]}
    (tmp_path / "archive" / "items.json").write_text(json.dumps(collection), encoding="utf-8")
    packed = "S2A_MSIL2A_20240506T023011_N0510_R046_T51RUQ_20240506T070000.SAFE.zip"
    (tmp_path / "archive" / packed).write_bytes(b"")
    assert run(tmp_path, {"local": str(tmp_path / "archive")})[0] == 0
    found = figures(tmp_path)
    assert found["vegetation_cover_share_land"] == pytest.approx(0.5)
    assert found["unknown_share"] == pytest.approx(0, abs=1e-6)
    assert packed in warnings_of(tmp_path)
    assert "unpack it" in warnings_of(tmp_path)


@pytest.mark.parametrize("missing", ["swir16", "green"])
def test_scenes_without_a_band_of_land_cover_tell_cover_of_the_area_and_none_of_the_land(tmp_path, missing):
    item = plant(tmp_path / "stac", "S2A_51RUQ_20240501_0_L2A", "2024-05-01T02:30:15Z", 0.5)
    del item["assets"][missing]
    assert run(tmp_path, {"static": str(write_catalogue(tmp_path / "stac", [item]))})[0] == 0
    rows = indicators_of(tmp_path)
    assert rows.loc["vegetation_cover_share_area", "value"] == pytest.approx(0.5)
    for name in ("vegetation_cover_share_land", "mean_fvc_land", "class_share:water"):
        assert pd.isna(rows.loc[name, "value"])
        assert f"the scenes lack {missing}" in rows.loc[name, "reason"]
    assert rows.loc[["vegetation_cover_share_land", "mean_fvc_land"], "denominator"].isna().all()
    assert "NDVI below 0 is water" in str(rows.loc["mean_fvc_land_percentiles", "source"])
    assert rows.loc[["unknown_share", "never_seen_share"], "value"].tolist() == pytest.approx(
        [1, 0], abs=1e-6
    )


def test_an_archive_of_packed_products_is_refused_by_their_names(tmp_path):
    packed = "S2A_MSIL2A_20240501T023011_N0510_R046_T51RUQ_20240501T070000.SAFE.zip"
    (tmp_path / "archive").mkdir()
    with zipfile.ZipFile(tmp_path / "archive" / packed, "w") as content:
        content.writestr("readme", "")
    code, told = run(tmp_path, {"local": str(tmp_path / "archive")})
    assert code == 2
    assert packed in told
    assert "unpack it" in told
    assert not (tmp_path / "out" / "field").exists()


CODECS = {
    "blue": {"compress": "zstd", "predictor": 2, "tiled": True, "blockxsize": 16, "blockysize": 16},
    "green": {"compress": "lerc_zstd", "max_z_error": 0},
    "red": {"compress": "lerc_deflate", "max_z_error": 0, "bigtiff": "yes"},
    "nir": {"compress": "lzw"},
    "nir08": {"compress": "deflate", "nbits": 13},
    "swir16": {"endianness": "big"},
    "swir22": {"compress": "deflate", "tiled": True, "blockxsize": 16, "blockysize": 16},
    "scl": {"compress": "packbits"},
}


def test_every_codec_gives_the_same_figures(tmp_path):
    item = plant(tmp_path / "stac", "S2A_51RUQ_20240501_0_L2A", "2024-05-01T02:30:15Z", 0.5, CODECS)
    assert run(tmp_path, {"static": str(write_catalogue(tmp_path / "stac", [item]))})[0] == 0
    found = figures(tmp_path)
    assert found["vegetation_cover_share_land"] == pytest.approx(0.5)
    assert found["unknown_share"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("damage", ["gone", "no raster"])
def test_a_file_that_can_never_be_read_is_the_users_to_mend_and_no_reason_to_run_again(tmp_path, damage):
    item = plant(tmp_path / "stac", "S2A_51RUQ_20240501_0_L2A", "2024-05-01T02:30:15Z", 0.5)
    catalog = write_catalogue(tmp_path / "stac", [item])
    path = tmp_path / "stac" / "S2A_51RUQ_20240501_0_L2A" / "nir.tif"
    path.unlink() if damage == "gone" else path.write_bytes(b"II*\0")
    code, told = run(tmp_path, {"static": str(catalog)})
    assert code == 3
    assert "S2A_51RUQ_20240501_0_L2A, nir" in told
    assert str(path) in told
    assert "another run" not in told
    assert not (tmp_path / "out" / "field").exists()
