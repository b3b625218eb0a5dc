"""Reads that are lost: named to the file, counted to the pixel, and nothing else changes."""

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import rasterio
from rasterio.windows import Window

from pipeline.contracts import NEVER_READABLE, REFLECTANCE_NODATA
from pipeline.errors import BrokenAsset
from pipeline.ingest.reading import network
from pipeline.ingest.reading.reader import Trail
from pipeline.ingest.reading.readers import Source, open_reader
from pipeline.maps.making import make_block
from pipeline.storage.blocks import Layer, create_store, read_block
from tests.composing import composing
from tests.faults.server import Faults, serving
from tests.scenery import at, grid_of_px, planted_scene, request_of, truncated

KIND, DOOR = "the network fails", "scenes"
GRID = grid_of_px(128, 128)
BANDS = ("nir", "red")
LAYERS = {band: Layer("int16", REFLECTANCE_NODATA, {}) for band in BANDS}
COUNTS = {name: Layer("uint16", 0, {}) for name in ("looks", "failed")}
DAY = datetime(2024, 5, 1, 2, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(network, "_FIRST_PAUSE_S", 0.002)


def planted(folder, days):
    """Scenes of one tile on so many days, a third of each under cloud."""
    rng = np.random.default_rng(11)
    scenes = []
    for day in range(days):
        bands = {band: rng.integers(1, 9000, GRID.shape, dtype=np.uint16) for band in BANDS}
        mask = np.where(rng.random(GRID.shape) < 0.33, 9, 4).astype(np.uint8)
        scenes.append(planted_scene(folder, f"d{day:02}", bands, mask, when=DAY + timedelta(days=day)))
    return scenes


def served(scenes, folder, url):
    """The same scenes, their files at a server of the folder."""

    def there(asset):
        return at(asset, href=asset.href.replace(str(folder), url))

    return [
        at(scene, mask=there(scene.mask), assets={band: there(one) for band, one in scene.assets.items()})
        for scene in scenes
    ]


def composite_of(folder, scenes, size=64):
    """A composite block by block, by one Reader: its arrays, and the records of its reads."""
    create_store(folder, {**LAYERS, **COUNTS}, GRID, size)
    records = []
    with open_reader(Source()) as reader:
        for block in GRID.blocks(size):
            request = request_of(GRID, scenes, BANDS, block=block, reader=reader)
            records += make_block(composing(folder, request)).records
    return read_block(folder, GRID.whole, [*LAYERS, *COUNTS]), records


def clear_of(path):
    with rasterio.open(path) as source:
        return source.read(1) == 4


def test_a_lost_read_is_named_by_file_block_and_date_and_is_no_nodata(tmp_path):
    world = tmp_path / "world"
    scenes = planted(world, 6)
    (world / "d03" / "nir.tif").unlink()
    with serving(world) as server:
        found, records = composite_of(tmp_path / "store", served(scenes, world, server.url))
    without, _ = composite_of(tmp_path / "without", [scene for scene in scenes if scene.id != "d03"])
    lost = [record for record in records if record.outcome == "failed"]
    assert {(record.scene_id, record.band, record.href) for record in lost} == {
        ("d03", "nir", f"{server.url}/d03/nir.tif")
    }
    assert sorted(record.block for record in lost) == sorted(block.id for block in GRID.blocks(64))
    assert all("404" in record.error for record in lost)
    assert sum(record.attempts > 0 for record in lost) == 1
    assert (found["failed"] == clear_of(world / "d03" / "mask.tif")).all()
    assert all((found[name] == without[name]).all() for name in (*BANDS, "looks"))


@pytest.mark.parametrize("remote", [False, True], ids=["on disk", "over HTTP"])
def test_truncated_files_cost_their_scenes_and_nothing_else(tmp_path, remote):
    """5 % of 60 files are cut to an eighth, at random."""
    world = tmp_path / "world"
    scenes = planted(world, 20)
    files = sorted(world.rglob("*.tif"))
    cut = random.Random(4).sample(files, k=len(files) * 5 // 100)
    for path in cut:
        truncated(path)
    hurt = {path.parent.name for path in cut}
    whole = [scene for scene in scenes if scene.id not in hurt]
    clean, _ = composite_of(tmp_path / "clean", whole)
    with serving(world) as server:
        there = served(scenes, world, server.url) if remote else scenes
        found, records = composite_of(tmp_path / "store", there)
    assert len(hurt) == len(cut) == 3
    assert all((found[name] == clean[name]).all() for name in (*BANDS, "looks"))
    failed = {(record.scene_id, record.band) for record in records if record.outcome == "failed"}
    assert failed == {(path.parent.name, path.stem) for path in cut}
    assert found["failed"].any()


def test_a_third_of_503_changes_no_pixel_and_a_bounded_number_of_requests(tmp_path):
    world = tmp_path / "world"
    scenes = planted(world, 6)
    clean, _ = composite_of(tmp_path / "clean", scenes)
    with serving(world) as server:
        composite_of(tmp_path / "calm", served(scenes, world, server.url))
        calm = len(server.requests)
    with serving(world, Faults(error_share=0.3)) as server:
        found, records = composite_of(tmp_path / "store", served(scenes, world, server.url))
        asked = len(server.requests)
        assert server.statuses[503] > 5
    assert all((found[name] == clean[name]).all() for name in found)
    assert {record.outcome for record in records} == {"read"}
    assert asked < 6 * calm
    print(f"{calm} requests without faults, {asked} with a third of 503")


@pytest.mark.parametrize(("status", "lasting"), [(404, True), (410, True), (503, False), (403, False)])
def test_a_file_that_is_gone_is_told_from_a_host_that_is_busy(tmp_path, status, lasting, reader):
    planted(tmp_path, 1)
    with serving(tmp_path, Faults(error_share=1.0, status=status)) as server:
        with pytest.raises(BrokenAsset) as lost:
            reader.read_header(f"{server.url}/d00/nir.tif", Trail())
        with pytest.raises(BrokenAsset) as again:
            reader.read_header(f"{server.url}/d00/nir.tif", Trail())
    assert lost.value.lasting is again.value.lasting is lasting


@pytest.mark.parametrize("damage", ["gone", "cut", "no raster"])
def test_a_file_of_this_machine_that_is_broken_stays_so(tmp_path, damage, reader):
    planted(tmp_path, 1)
    path = tmp_path / "d00" / "nir.tif"
    match damage:
        case "gone":
            path.unlink()
        case "cut":
            truncated(path)
        case _:
            path.write_text("a raster")
    with pytest.raises(BrokenAsset) as lost:
        reader.read_window(str(path), Trail(), Window(0, 0, 128, 128))
    assert lost.value.lasting


def test_the_record_of_a_read_says_whether_another_run_could_do_it(tmp_path):
    scenes = planted(tmp_path / "world", 2)
    (tmp_path / "world" / "d01" / "nir.tif").unlink()
    _, records = composite_of(tmp_path / "store", scenes)
    assert {record.reason for record in records if record.outcome == "failed"} == {NEVER_READABLE}
