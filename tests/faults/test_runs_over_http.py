"""Whole runs over a network that fails: what is delivered, what is refused, and what no file may tell."""

import contextlib
import json
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import zarr

from tests.faults.server import Faults, Server, serving
from tests.flow.programs import ecoledger, files_of, write_config
from tests.scenery import truncated

KIND, DOOR = "the network fails", "run"

pytestmark = pytest.mark.slow
RING = [[120.50, 32.05], [120.516, 32.05], [120.517, 32.064], [120.501, 32.063], [120.50, 32.05]]
SPAN = {"missions": ["sentinel-2"], "start": "2024-04-01", "end": "2024-06-30", "period": "quarter"}
FILES = r"\.tif$"


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """A clean run of a simulated world: its delivery, and the folder of the world."""
    folder = tmp_path_factory.mktemp("clean")
    place = {"type": "Polygon", "coordinates": [RING]}
    feature = {"type": "Feature", "properties": {"id": "pond", "name": "小塘"}, "geometry": place}
    area = {"type": "FeatureCollection", "features": [feature]}
    (folder / "area.geojson").write_text(json.dumps(area), encoding="utf-8")
    config = {"label": "q2", "aoi": ["area.geojson"], "scenes": {"provider": "simulated", **SPAN}}
    ecoledger("run", write_config(folder / "run.yaml", config), "--out", folder / "out", "--quiet")
    world = next((folder / "out" / "work" / "artifacts" / "simulated").glob("*/catalog.json")).parent
    return folder / "out" / "pond" / "q2", world


@pytest.fixture
def world(clean, tmp_path):
    """A copy of the world that may be damaged."""
    return Path(shutil.copytree(clean[1], tmp_path / "world"))


def config_over(world: Path, provider: object, **scenes: object) -> dict:
    """A config with scenes from a provider and everything else from a world."""
    return {
        "label": "q2",
        "aoi": [str(world.parent / "area.geojson")],
        "scenes": {"provider": provider, **SPAN, **scenes},
        "samples": [{"path": str(world / "water" / "*")}],
        "sections": {"register": str(world / "sections.csv")},
        "parcels": {"path": str(world / "register.gpkg")},
    }


def run(world: Path, clean: tuple[Path, Path], config: dict, *words: object, expected: int = 0) -> Path:
    """Run a config into the folder beside a world."""
    shutil.copy(clean[0].parents[2] / "area.geojson", world.parent / "area.geojson")
    out = world.parent / "out"
    path = write_config(world.parent / "run.yaml", config)
    ecoledger("run", path, "--out", out, "--log", out.parent / "log.jsonl", *words, expected=expected)
    return out


def rasters(delivery: Path) -> dict[str, bytes]:
    return files_of(delivery / "rasters")


def composite_of(out: Path, layer: str):
    store = next(filter(Path.is_dir, (out / "work" / "artifacts" / "composite").iterdir()))
    return zarr.open_array(store / layer, mode="r")[:]


def reads(out: Path) -> pd.DataFrame:
    with contextlib.closing(sqlite3.connect(out / "work" / "ledger.sqlite")) as ledger:
        return pd.read_sql("select * from reads", ledger)


def test_a_tenth_of_503_and_a_corrupt_file_leave_every_other_pixel_as_it_is(clean, world):
    hurt = sorted(world.rglob("red.tif"))[1]
    truncated(hurt)
    scene = hurt.parent.name
    with serving(world, Faults(error_share=0.1, only=FILES)) as server:
        out = run(world, clean, config_over(world, {"static": f"{server.url}/catalog.json"}))
        assert server.statuses[503] > 0
        href = f"{server.url}/{hurt.relative_to(world).as_posix()}"
    delivered = out / "pond" / "q2"
    table = pd.read_csv(delivered / "tables" / "reads.csv", encoding="utf-8-sig")
    failed = table[table["outcome"] == "failed"]
    assert set(zip(failed["scene_id"], failed["band"], strict=True)) == {(scene, "red")}
    known = reads(out)
    assert set(known.loc[known["outcome"] == "failed", "href"]) == {href}
    assert (known["attempts"] > 1).any()
    lost = composite_of(out, "failed") > 0
    reference = clean[0].parents[1]
    for layer in ("red", "nir", "green", "blue", "looks"):
        same = composite_of(out, layer) == composite_of(reference, layer)
        assert same[~lost].all()
    assert lost.any()
    assert not lost.all()
    measures = pd.read_csv(delivered / "tables" / "parcel_measures.csv", encoding="utf-8-sig")
    assert (measures.loc[measures["measure"] == "failed_looks_mean", "value"] > 0).any()


def test_a_run_of_one_period_without_a_register_or_samples_delivers_the_same_maps(clean, world):
    given = config_over(world, {"static": str(world / "catalog.json")})
    out = run(world, clean, {key: given[key] for key in ("label", "aoi", "scenes")})
    delivered = out / "pond" / "q2"
    assert rasters(delivered) == rasters(clean[0])
    assert pd.read_parquet(delivered / "inventory.parquet").empty
    assert len(pd.read_csv(delivered / "tables" / "indicators.csv", encoding="utf-8-sig"))


def test_files_that_are_gone_are_exit_3_and_the_last_delivery_stands_until_they_are_back(clean, world):
    with serving(world) as server:
        good = config_over(world, {"static": f"{server.url}/catalog.json"})
        out = run(world, clean, good)
        delivered = out / "pond" / "q2"
        before = files_of(delivered, but="")
        assert rasters(delivered) == rasters(clean[0])
        shutil.rmtree(out / "work" / "cache")
        other = {**good, "scenes": {**good["scenes"], "clear": {"dilate_px": 4}}}
        server.set(error_share=1.0, status=404, only=r"(red|green|blue)\.tif$")
        run(world, clean, other, expected=3)
        assert files_of(delivered, but="") == before
        assert (out / "pond" / "latest").read_text(encoding="utf-8").strip() == "q2"
        server.set(error_share=0.0)
        run(world, clean, other)
        whole = run_elsewhere(world, other)
    assert rasters(delivered) == rasters(whole)
    assert set(reads(out)["outcome"]) == {"read"}


def run_elsewhere(world: Path, config: dict) -> Path:
    """The delivery of the same config in a folder of its own."""
    elsewhere = world.parent / "elsewhere"
    path = write_config(world.parent / "again.yaml", config)
    ecoledger("run", path, "--out", elsewhere, "--quiet")
    return elsewhere / "pond" / "q2"


@contextlib.contextmanager
def api_of(world: Path, server: Server) -> Iterator[str]:
    """A STAC API whose items point at a server of the world."""
    items = []
    for path in sorted(world.rglob("S2*/*.json")):
        item = json.loads(path.read_text(encoding="utf-8"))
        for asset in item["assets"].values():
            file = (path.parent / asset["href"]).resolve().relative_to(world)
            asset["href"] = f"{server.url}/{file.as_posix()}"
        items.append({**item, "links": []})
    content = world.parent / "items.json"
    content.write_text(json.dumps({"type": "FeatureCollection", "features": items}), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [Path(sys.executable).with_name("rustac"), "serve", "--addr", f"127.0.0.1:{port}", content]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        for _ in range(100):
            with socket.socket() as door:
                if door.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def test_a_run_with_tokens_of_a_second_succeeds_and_tells_none_of_them(clean, world):
    faults = Faults(token_ttl_s=1.0, error_share=0.1, cut_share=0.05, only=FILES)
    with serving(world, faults) as server, api_of(world, server) as api:
        token_url = f"{server.url}/token/{{account}}/{{container}}"
        provider = {"api": api, "access": {"hosts": ["127.0.0.1"], "token_url": token_url}}
        out = run(world, clean, config_over(world, provider))
        assert server.tokens
    assert rasters(out / "pond" / "q2") == rasters(clean[0])
    written = [path for path in world.parent.rglob("*") if path.is_file() and world not in path.parents]
    assert len(written) > 40
    assert [path for path in written if b"planted-secret" in path.read_bytes()] == []


def test_a_second_run_reads_from_the_network_only_what_is_new(clean, world):
    with serving(world) as server:
        config = config_over(world, {"static": f"{server.url}/catalog.json"})
        out = run(world, clean, config)
        cold = sum(request.path.endswith(".tif") for request in server.requests)
        shutil.rmtree(out / "work" / "artifacts")
        (out / "work" / "ledger.sqlite").unlink()
        first = rasters(out / "pond" / "q2")
        server.requests.clear()
        shutil.rmtree(out / "pond")
        run(world, clean, config)
        asked = [request.span for request in server.requests if request.path.endswith(".tif")]
        warm = sum(span != (0, 0) for span in asked)
    assert cold > 20
    assert warm == 0
    assert len(asked) == len({request.path for request in server.requests if request.path.endswith(".tif")})
    assert rasters(out / "pond" / "q2") == first == rasters(clean[0])


@pytest.mark.parametrize("words", [(), ("--refresh",)], ids=["as ever", "with --refresh"])
def test_an_asset_replaced_under_its_item_makes_the_maps_anew(clean, world, words):
    """The same size, the same item; what it is now is what is delivered, and a third run keeps it."""
    red = max(world.rglob("red.tif"))
    with serving(world) as server:
        config = config_over(world, {"static": f"{server.url}/catalog.json"})
        out = run(world, clean, config)
        before = composite_of(out, "red")
        shutil.copy(red.with_name("nir.tif"), red)
        run(world, clean, config, *words)
        delivered = out / "pond" / "q2"
        after = files_of(delivered, but="")
        assert rasters(delivered) != rasters(clean[0])
        whole = run_elsewhere(world, config)
        assert rasters(delivered) == rasters(whole)
        run(world, clean, config)
        assert files_of(delivered, but="") == after
    assert (before > 0).any()
