"""A real STAC API over HTTP, searched with pystac-client: the same scenes as from the static catalogue."""

import json
import socket
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import shapely
from programs import ROOT, ecoledger, files_of, write_config

from pipeline.errors import ProviderUnavailable
from pipeline.ingest.scenes import search
from pipeline.settings.sources import StacApi

COLLECTIONS = ("sentinel-2-c1-l2a", "landsat-c2-l2")
SPAN = {"start": "2023-01-01", "end": "2024-12-31"}


def collection(name):
    return {
        "type": "Collection",
        "stac_version": "1.0.0",
        "id": name,
        "description": "模拟数据 simulated",
        "license": "Apache-2.0",
        "links": [],
        "extent": {
            "spatial": {"bbox": [[-180, -90, 180, 90]]},
            "temporal": {"interval": [["2020-01-01T00:00:00Z", None]]},
        },
    }


def items_of(world):
    """Items of a simulated catalogue with absolute hrefs."""
    items = []
    for path in sorted(world.rglob("*.json")):
        item = json.loads(path.read_text(encoding="utf-8"))
        if item.get("type") == "Feature":
            for asset in item["assets"].values():
                asset["href"] = str((path.parent / asset["href"]).resolve())
            items.append({**item, "links": []})
    return items


@pytest.fixture(scope="module")
def api(demo, tmp_path_factory):
    """A STAC API that serves the simulated items of 龙游湾."""
    folder = tmp_path_factory.mktemp("api")
    world = next(demo.glob("work/artifacts/simulated/*/SIM-longyou")).parent
    files = [folder / "items.json", *(folder / f"{name}.json" for name in COLLECTIONS)]
    contents = [
        {"type": "FeatureCollection", "features": items_of(world)},
        *(collection(name) for name in COLLECTIONS),
    ]
    for file, content in zip(files, contents, strict=True):
        file.write_text(json.dumps(content), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    server = subprocess.Popen(
        [Path(sys.executable).with_name("rustac"), "serve", "--addr", address, *map(str, files)],
        stdout=subprocess.DEVNULL,
    )
    for _ in range(100):
        with socket.socket() as door:
            host, port = address.split(":")
            if door.connect_ex((host, int(port))) == 0:
                break
        time.sleep(0.1)
    yield f"http://{address}", world
    server.kill()
    server.wait()


def test_a_search_finds_every_item_once_month_by_month(api):
    url, world = api
    found = [
        item["id"]
        for item in search.search_items(
            StacApi(api=url),
            shapely.box(120.4, 32.0, 120.6, 32.1),
            date(2023, 1, 1),
            date(2024, 12, 31),
            ["sentinel-2", "landsat-8", "landsat-9"],
        )
    ]
    assert sorted(found) == sorted(item["id"] for item in items_of(world))


@pytest.mark.slow
def test_a_run_over_the_api_gives_the_rasters_of_the_static_catalogue(api, tmp_path):
    url, world = api
    by_api = {"api": url, "access": {"folders": [str(world)]}}
    for name, provider in (("api", by_api), ("static", {"static": str(world / "catalog.json")})):
        config = {"label": "2024", "aoi": ["longyou_bay"], "scenes": {"provider": provider, **SPAN}}
        path = write_config(tmp_path / f"{name}.yaml", config)
        ecoledger("run", path, "--out", tmp_path / name, "--quiet")
    by_api, by_file = (
        files_of(tmp_path / name / "longyou_bay" / "2024" / "rasters") for name in ("api", "static")
    )
    assert by_api == by_file
    assert len(by_api) > 10


def test_the_plan_of_the_demo_promises_what_it_then_read_and_no_less(demo):
    done = ecoledger("plan", ROOT / "configs" / "demo.yaml", "--json")
    plans = {plan["aoi"]: plan for plan in json.loads(done.stdout)}
    assert set(plans) == {"chongming_wetlands", "guangyang_island", "longyou_bay"}
    for aoi, plan in plans.items():
        delivery = demo / aoi / "2024"
        manifest = json.loads((delivery / "manifest.json").read_text(encoding="utf-8"))
        reads = pd.read_csv(delivery / "tables" / "reads.csv", encoding="utf-8-sig")
        masks = reads["band"] == "mask"
        assert plan["scenes"] >= manifest["search"]["taken"] > 0
        assert plan["blocks"] == reads["block"].nunique()
        assert plan["mask_reads"] >= masks.sum() > 0
        assert plan["band_reads"] >= (~masks).sum() > 0


def test_an_api_that_does_not_answer_is_worth_another_try_later(monkeypatch):
    monkeypatch.setattr(search, "_RETRY", 0)
    with pytest.raises(ProviderUnavailable, match="try again later"):
        list(
            search.search_items(
                StacApi(api="http://127.0.0.1:9"),
                shapely.box(0, 0, 1, 1),
                date(2023, 1, 1),
                date(2023, 1, 31),
                ["sentinel-2"],
            )
        )
    assert ProviderUnavailable.exit_code == 75


def test_an_unknown_provider_names_those_that_there_are(tmp_path):
    config = {"label": "2024", "aoi": ["longyou_bay"], "scenes": {"provider": "earth-serch", **SPAN}}
    done = ecoledger(
        "run", write_config(tmp_path / "run.yaml", config), "--out", tmp_path / "out", expected=2
    )
    assert "earth-search" in done.stderr
    assert not (tmp_path / "out" / "longyou_bay").exists()
    assert ROOT.joinpath("configs", "providers.yaml").exists()
