"""What users get wrong: one clear message, the right exit code, nothing published, nothing lost."""

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from programs import ecoledger, files_of, write_config

SPAN = {"start": "2023-01-01", "end": "2024-12-31"}


@pytest.fixture
def config(demo):
    """A valid config over the simulated scenes of 龙游湾, to be spoilt."""
    world = next(demo.glob("work/artifacts/simulated/*/SIM-longyou")).parent
    return {
        "label": "2024",
        "aoi": ["longyou_bay"],
        "scenes": {"provider": {"static": str(world / "catalog.json")}, **SPAN},
        "parcels": {"path": str(world / "register.gpkg")},
        "samples": [{"path": str(world / "water" / "*")}],
        "sections": {"register": str(world / "sections.csv")},
    }


def refused(folder, config, code, *words):
    """Run a spoilt config; its message, after nothing was published."""
    done = ecoledger(
        "run", write_config(folder / "run.yaml", config), "--out", folder / "out", "--quiet", expected=code
    )
    assert "Traceback" not in done.stderr
    assert not (folder / "out" / "longyou_bay").exists()
    for word in words:
        assert word in done.stderr
    return done.stderr


def test_every_mistake_of_a_config_is_told_at_once(config, tmp_path):
    config["scenes"]["period"] = "yeer"
    config["vegetatoin"] = {}
    config["label"] = "../elsewhere"
    message = refused(tmp_path, config, 2, "scenes.period", "'yeer'", "vegetatoin", "label")
    assert message.count("run.yaml:") >= 3


def test_wrong_names_are_told_before_any_work(config, tmp_path):
    config["aoi"] = ["longyou_bay", "atlantis"]
    config["indices"] = ["ndvi", "nvdi"]
    config["parcels"]["path"] = str(tmp_path / "nowhere.gpkg")
    refused(tmp_path, config, 2, "atlantis", "nvdi", "nowhere.gpkg")
    assert not list((tmp_path / "out" / "work").glob("artifacts/*"))


def test_a_query_without_a_scene_names_the_nearest_misses(config, tmp_path):
    config["scenes"] |= {"start": "2019-01-01", "end": "2019-12-31"}
    refused(tmp_path, config, 2, "No scene from 2019-01-01", "taken on 2023")


def test_a_register_without_polygons_is_the_users_data(config, tmp_path):
    points = gpd.GeoDataFrame({"parcel_no": ["1"]}, geometry=[shapely.Point(120.5, 32.03)], crs="EPSG:4490")
    points.to_file(tmp_path / "points.gpkg", layer="点")
    config["parcels"]["path"] = str(tmp_path / "points.gpkg")
    refused(tmp_path, config, 3, "points.gpkg", "polygon")


def test_a_mapped_column_that_is_not_there_names_those_that_are(config, tmp_path):
    config["parcels"]["columns"] = {"owner_subject": "QUANSHU"}
    refused(tmp_path, config, 3, "QUANSHU", "SYQZT")


def test_samples_of_which_nothing_can_be_used_are_the_users_data(config, tmp_path):
    pd.DataFrame({"甲": ["乙"], "丙": ["丁"]}).to_csv(tmp_path / "odd.csv", index=False)
    config["samples"] = [{"path": str(tmp_path / "odd.csv")}]
    refused(tmp_path, config, 3, "odd.csv")


def test_a_broken_catalogue_is_the_users_data(config, tmp_path):
    (tmp_path / "catalog.json").write_text("{", encoding="utf-8")
    config["scenes"]["provider"] = {"static": str(tmp_path / "catalog.json")}
    refused(tmp_path, config, 3, "catalog.json")


def test_an_out_folder_that_cannot_be_written_is_code_6(config, tmp_path):
    (tmp_path / "out").write_text("a file stands here", encoding="utf-8")
    done = ecoledger(
        "run", write_config(tmp_path / "run.yaml", config), "--out", tmp_path / "out", "--quiet", expected=6
    )
    assert str(tmp_path / "out") in done.stderr
    assert "Traceback" not in done.stderr


def with_broken_band(catalog: Path, world: Path, band: str) -> Path:
    """A copy of a catalogue whose files of one band are cut off after a third."""
    world.mkdir()
    links = []
    for path in sorted(catalog.parent.glob("SIM-*/*/*.json")):
        item = {**json.loads(path.read_text(encoding="utf-8")), "links": []}
        for asset in item["assets"].values():
            asset["href"] = str(path.parent / asset["href"])
        if band in item["assets"]:
            whole = Path(item["assets"][band]["href"])
            broken = world / f"{path.stem}_{band}.tif"
            broken.write_bytes(whole.read_bytes()[: whole.stat().st_size // 3])
            item["assets"][band]["href"] = str(broken)
        (world / path.name).write_text(json.dumps(item), encoding="utf-8")
        links.append({"rel": "item", "href": f"./{path.name}", "type": "application/geo+json"})
    content = {**json.loads(catalog.read_text(encoding="utf-8")), "links": links}
    (world / "catalog.json").write_text(json.dumps(content), encoding="utf-8")
    return world / "catalog.json"


def test_broken_files_of_scenes_are_code_3_and_the_last_delivery_stays(config, tmp_path):
    words = ("--out", tmp_path / "out", "--quiet", "--set", "indices=[ndvi]")
    ecoledger("run", write_config(tmp_path / "run.yaml", config), *words)
    before = files_of(tmp_path / "out" / "longyou_bay", but="")
    whole = Path(config["scenes"]["provider"]["static"])
    catalog = with_broken_band(whole, tmp_path / "world", "nir08")
    config["scenes"]["provider"] = {"static": str(catalog), "allowed_folders": [str(whole.parent)]}
    done = ecoledger("run", write_config(tmp_path / "spoilt.yaml", config), *words, expected=3)
    assert "_nir08.tif: tile 0,0 is broken" in done.stderr
    assert files_of(tmp_path / "out" / "longyou_bay", but="") == before
