"""Scenes as they come, through the whole program: the planted figures, or a refusal that names the file."""

import json
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from planted_scenes import DENSE, GROUND, PLANTS, SOIL, figures, indicators_of, plant, run

from tests.stac import write_catalogue


def warnings_of(folder: Path, out: str = "out") -> str:
    manifest = json.loads((folder / out / "field" / "2024" / "manifest.json").read_text(encoding="utf-8"))
    return "\n".join(manifest["warnings"])


@pytest.mark.slow
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
        assert all(f"{name}: found time {moment} without a zone" in told for name, moment, _ in planted)
        assert run(tmp_path, {"static": str(catalog)}, str(number), times_without_zone="utc")[0] == 0
        found = figures(tmp_path, str(number))
        assert found["mean_fvc_land"] == pytest.approx(truth, abs=2e-4)
        assert found["vegetation_cover_share_land"] == pytest.approx(1.0)
        assert "2 景：没有时区的时间" in warnings_of(tmp_path, str(number))
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
    assert "请在此解压" in warnings_of(tmp_path)


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
