"""Files that change under their items: what is read is of the content that was found, or it is refused."""

import hashlib
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
from rasterio.windows import Window

from pipeline.contracts import Asset
from pipeline.errors import BrokenAsset
from pipeline.ingest.reading.assets import ItemReader
from pipeline.ingest.reading.blocks import read_looks
from pipeline.ingest.reading.readers import Source, open_reader
from pipeline.ingest.scenes.contents import count_unverified, explain_content, find_replaced, watch_files
from pipeline.ingest.scenes.items import candidate_of
from pipeline.maps.making import describe_scene
from tests.faults.strangers import standing_at
from tests.scenery import band_of, grid_of_px, planted_scene, read_band, request_of, written
from tests.stac import raw_item

KIND = "change under our feet"
DOOR = "assets"
RED = np.random.default_rng(3).integers(1, 9000, (256, 256), dtype=np.uint16)
CLEAR = np.full(RED.shape, 4, dtype=np.uint8)
OTHER = RED[::-1].copy()
GRID = grid_of_px(256, 256)
WINDOW, WHOLE = Window(0, 0, 64, 64), Window(0, 0, 256, 256)
TELLS = {
    "ETag": ({"ETag": '"one"'}, {"ETag": '"two"'}),
    "a weak ETag": ({"ETag": 'W/"one"'}, {"ETag": 'W/"two"'}),
    "Last-Modified": (
        {"Last-Modified": "Wed, 01 May 2024 00:00:00 GMT"},
        {"Last-Modified": "Thu, 02 May 2024 00:00:00 GMT"},
    ),
    "ETag beside one Last-Modified": (
        {"ETag": '"one"', "Last-Modified": "Wed, 01 May 2024 00:00:00 GMT"},
        {"ETag": '"two"', "Last-Modified": "Wed, 01 May 2024 00:00:00 GMT"},
    ),
}
"""What a server says of a file before it is replaced, and after."""


def overwrite_in_place(path, content):
    """Same name, same size, same time of change."""
    state = path.stat()
    path.write_bytes(content.ljust(state.st_size, b"\0")[: state.st_size])
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def rename_over(path, content):
    beside = path.with_suffix(".new")
    shutil.copy2(path, beside)
    overwrite_in_place(beside, content)
    beside.replace(path)


def write_anew(path, content):
    path.write_bytes(content + b"\0")


WAYS = (overwrite_in_place, rename_over, write_anew)


@pytest.fixture
def provider():
    with standing_at("127.0.0.1") as server:
        yield server


@pytest.fixture
def contents(tmp_path):
    """A file before and after, by its packing, as bytes."""
    return {
        compress: [written(tmp_path / compress / f"{n}.tif", numbers, compress=compress).read_bytes()
                   for n, numbers in enumerate((RED, OTHER))]
        for compress in ("deflate", "lzw")
    }  # fmt: skip


def serve(server, content, headers):
    server.answers["/red.tif"] = (200, headers, content)
    return Asset(f"{server.url}/red.tif")


@pytest.mark.parametrize("compress", ["deflate", "lzw"])
@pytest.mark.parametrize("told", TELLS)
def test_a_file_of_the_network_that_is_replaced_between_two_reads_is_broken(
    provider, contents, told, compress
):
    before, after = TELLS[told]
    red = serve(provider, contents[compress][0], before)
    with open_reader(Source()) as reader:
        files = ItemReader(reader)
        assert (files.read_window(red, WINDOW) == RED[:64, :64]).all()
        serve(provider, contents[compress][1], after)
        with pytest.raises(BrokenAsset, match="replaced since its scene was found") as broken:
            files.read_window(red, WHOLE)
    assert not broken.value.lasting


@pytest.mark.parametrize("told", TELLS)
def test_a_file_that_was_replaced_after_its_scene_was_found_is_broken_at_its_first_read(
    provider, contents, told
):
    before, after = TELLS[told]
    red = serve(provider, contents["deflate"][0], before)
    with open_reader(Source()) as reader:
        scene = watch_files(scene_of(red), reader)
    serve(provider, contents["deflate"][1], after)
    with open_reader(Source()) as reader, pytest.raises(BrokenAsset, match="replaced since"):
        ItemReader(reader).read_window(scene.assets["red"], WINDOW)


def scene_of(red):
    """A scene of one file, in the manner of Earth Search."""
    scene = candidate_of(raw_item()).scene
    return replace(scene, assets={"red": red}, mask=None)


@pytest.mark.parametrize("told", TELLS)
def test_a_replaced_file_of_the_network_makes_its_scene_another_and_no_kept_piece_is_used(
    provider, contents, tmp_path, told
):
    scenes, read = [], []
    for headers, content in zip(TELLS[told], contents["deflate"], strict=True):
        serve(provider, content, headers)
        source = Source(cache_folder=tmp_path / "cache", cache_bytes=2**24)
        with open_reader(source) as reader:
            assert find_replaced(scenes, reader) == {scene.id for scene in scenes}
            scenes = [watch_files(scene_of(Asset(f"{provider.url}/red.tif")), reader)]
            read.append(ItemReader(reader, scenes[0].item_sha256).read_window(scenes[0].assets["red"], WHOLE))
        scenes_now = describe_scene(scenes[0])
        assert headers.get("ETag", headers.get("Last-Modified")).removeprefix("W/") in scenes_now
    assert (read[0] == RED).all()
    assert (read[1] == OTHER).all()


def test_a_file_that_stays_is_asked_for_a_byte_and_found_to_be_the_same(provider, contents):
    scene = scene_of(serve(provider, contents["deflate"][0], {"ETag": '"one"'}))
    with open_reader(Source()) as reader:
        watched = watch_files(scene, reader)
    hits = len(provider.hits)
    with open_reader(Source()) as reader:
        assert find_replaced([watched], reader) == set()
    assert len(provider.hits) == hits + 1


@pytest.mark.parametrize("status", [404, 403, 503, 500])
def test_a_host_that_does_not_answer_replaces_nothing(provider, contents, caplog, monkeypatch, status):
    monkeypatch.setattr("pipeline.ingest.reading.network._FIRST_PAUSE_S", 0.002)
    scene = scene_of(serve(provider, contents["deflate"][0], {"ETag": '"one"'}))
    with open_reader(Source()) as reader:
        watched = watch_files(scene, reader)
    provider.answers["/red.tif"] = (status, {}, b"")
    with open_reader(Source()) as reader:
        assert find_replaced([watched], reader) == set()
    assert "1 of 1 files do not tell whether they were replaced" in caplog.text


def test_a_server_that_says_nothing_of_its_files_is_read_as_ever(provider, contents):
    red = serve(provider, contents["deflate"][0], {})
    with open_reader(Source()) as reader:
        scene = watch_files(scene_of(red), reader)
        assert scene.assets["red"].version == ""
        assert (ItemReader(reader).read_window(scene.assets["red"], WHOLE) == RED).all()


@pytest.mark.parametrize("compress", ["deflate", "lzw"])
@pytest.mark.parametrize("way", WAYS)
def test_a_file_of_this_machine_that_is_replaced_between_two_reads_is_broken(
    tmp_path, contents, way, compress
):
    path = tmp_path / "red.tif"
    path.write_bytes(contents[compress][0])
    with open_reader(Source()) as reader:
        files = ItemReader(reader)
        assert (files.read_window(Asset(str(path)), WINDOW) == RED[:64, :64]).all()
        way(path, contents[compress][1])
        with pytest.raises(BrokenAsset, match="replaced since its scene was found"):
            files.read_window(Asset(str(path)), WHOLE)


@pytest.mark.parametrize("way", WAYS)
def test_a_band_that_is_replaced_once_the_mask_was_read_is_lost_and_never_mixed(tmp_path, reader, way):
    scene = watch_files(planted_scene(tmp_path, "a", {"red": RED}, CLEAR), reader)
    request = request_of(GRID, [scene], ("red",), reader=reader)
    looks = read_looks(request)
    path = tmp_path / "a" / "red.tif"
    way(path, written(tmp_path / "other.tif", OTHER).read_bytes())
    _, (record,) = read_band(request, looks, "red")
    assert (record.outcome, "replaced since" in record.error) == ("failed", True)
    again = watch_files(scene, reader)
    assert describe_scene(again) != describe_scene(scene)
    if way is write_anew:
        assert (band_of(request_of(GRID, [again], ("red",))) == OTHER).all()


HASHES = {"sha1": "1114", "sha256": "1220", "sha512": "1340", "md5": "d50110"}


@pytest.mark.parametrize("key", ["file:checksum", "checksum:multihash"])
@pytest.mark.parametrize("name", HASHES)
def test_a_checksum_of_an_item_is_held_against_the_file(tmp_path, name, key):
    item = raw_item()
    path = written(tmp_path / "red.tif", RED)
    right = HASHES[name] + hashlib.new(name, path.read_bytes()).hexdigest()
    item["assets"]["red"] = {"href": str(path), key: right.upper() if name == "sha1" else right}
    scene = candidate_of(item).scene
    assert explain_content(scene) == ""
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert explain_content(scene).startswith(f"{path}: {name} ")


def test_the_size_that_an_item_states_is_held_against_files_of_this_machine_and_of_the_network(
    tmp_path, provider, contents, reader
):
    path = tmp_path / "red.tif"
    path.write_bytes(contents["deflate"][0])
    size = path.stat().st_size
    remote = serve(provider, contents["deflate"][0], {"ETag": '"one"'})
    for asset in (Asset(str(path)), remote):
        for stated, told in ((size, ""), (size + 1, f"{size} bytes; its item says {size + 1}")):
            assert explain_content(watch_files(scene_of(replace(asset, size=stated)), reader)).endswith(told)


@pytest.mark.parametrize("said", [None, 5, [], "", "zz", "1b20" + "0" * 64, "1220"])
def test_a_checksum_that_nobody_can_make_does_no_harm(tmp_path, said):
    item = raw_item()
    item["assets"]["red"] = {"href": str(written(tmp_path / "red.tif", RED)), "file:checksum": said}
    item["assets"]["red"]["file:size"] = said
    told = explain_content(candidate_of(item).scene)
    assert told == "" or said == "1220"


def test_checksums_of_files_of_the_network_are_counted_as_not_verified():
    item = raw_item()
    item["assets"]["red"]["file:checksum"] = "1220" + "0" * 64
    assert count_unverified([candidate_of(item).scene]) == 1
