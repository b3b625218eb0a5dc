"""One block, all dates: looks, their owners, what becomes of every read."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely

from pipeline.contracts import REFLECTANCE_NODATA
from pipeline.grid import Block
from pipeline.ingest.reading.assets import ItemReader
from pipeline.ingest.reading.blocks import read_looks, split_scenes
from pipeline.settings import Clear
from tests.scenery import (
    LEFT,
    NO_GROWTH,
    at,
    band_of,
    grid_of_px,
    planted_scene,
    read_band,
    request_of,
    truncated,
)

GRID = grid_of_px(120, 130)
RNG = np.random.default_rng(11)
RED = RNG.integers(1, 9000, GRID.shape, dtype=np.uint16)
ALL_CLEAR = np.full(GRID.shape, 4, dtype=np.uint8)
DAY = datetime(2024, 5, 1, 2, 30, tzinfo=UTC)


def test_a_scene_that_does_not_reach_the_block_gives_nothing(tmp_path):
    scene = planted_scene(tmp_path, "a", {"red": RED}, ALL_CLEAR, left=LEFT + 50_000)
    looks = read_looks(request_of(GRID, [scene], ("red",)))
    assert looks.dates == ()
    assert looks.owner.shape == (0, *GRID.shape)
    assert [record.reason for record in looks.records] == ["nothing clear in the block"]


def two_tiles(tmp_path, gap=0):
    """West and east of one pass, overlapping by 20 columns, with different constants."""
    scenes = []
    for name, from_col, to_col, base in (("west", 0, 75, 100), ("east", 55, 130, 200)):
        width = to_col - from_col
        bands = {
            "red": np.full((120, width), base + 1, dtype=np.uint16),
            "nir": np.full((120, width), base + 2, dtype=np.uint16),
        }
        mask = np.full((120, width), 4, dtype=np.uint8)
        mask[:, :gap] = 9
        scenes.append(planted_scene(tmp_path, name, bands, mask, left=LEFT + 10 * from_col, when=DAY))
    return scenes


def test_two_tiles_of_one_solar_day_are_one_look_and_every_pixel_has_one_owner(tmp_path):
    scenes = two_tiles(tmp_path)
    scenes[1] = at(scenes[1], datetime=DAY + timedelta(seconds=14))
    request = request_of(GRID, scenes, ("red", "nir"))
    looks = read_looks(request)
    assert len(looks.dates) == 1
    assert (looks.owner[0] > 0).all()
    (red,), (nir,) = band_of(request, "red"), band_of(request, "nir")
    assert set(np.unique(red)) == {101, 201}
    assert (nir == red + 1).all()


def test_a_pixel_that_is_cloudy_in_one_item_comes_from_the_other(tmp_path):
    request = request_of(GRID, two_tiles(tmp_path, gap=10), ("red", "nir"))
    (red,), (nir,) = band_of(request, "red"), band_of(request, "nir")
    assert (red[:, :10] == REFLECTANCE_NODATA).all()
    assert (red[:, 55:65] == 101).all()
    assert (nir == np.where(red == REFLECTANCE_NODATA, red, red + 1)).all()


def test_a_request_in_parts_has_every_scene_once_and_never_parts_a_look(tmp_path):
    numbers, clear = {"red": np.ones((64, 64), dtype=np.uint16)}, np.full((64, 64), 4, dtype=np.uint8)
    start = datetime(2024, 5, 1, 2, 30, tzinfo=UTC)
    scenes = [
        planted_scene(
            tmp_path,
            f"{mission}{day}{tile}",
            numbers,
            clear,
            when=start + timedelta(days=day),
            mission=mission,
        )
        for day in (2, 0, 1)
        for mission in ("sentinel-2", "landsat-8")
        for tile in range(1 + day)
    ]
    request = request_of(grid_of_px(64, 64), scenes, ("red",))
    parts = list(split_scenes(request, 4))
    assert [len({(scene.mission, scene.datetime) for scene in part.scenes}) for part in parts] == [4, 2]
    assert sorted(scene.id for part in parts for scene in part.scenes) == sorted(scene.id for scene in scenes)
    first, second = ({(scene.mission, scene.datetime) for scene in part.scenes} for part in parts)
    assert not first & second
    assert all(part.bands == request.bands for part in parts)


def test_scenes_of_two_missions_or_days_are_looks_of_their_own(tmp_path):
    scenes = [planted_scene(tmp_path, name, {"red": RED}, ALL_CLEAR, when=DAY) for name in "abc"]
    landsat_mask = planted_scene(tmp_path, "q", {"red": RED}, np.full(GRID.shape, 64, dtype=np.uint16)).mask
    qa = at(scenes[1], mission="landsat-8", platform="landsat-8", mask=landsat_mask)
    next_day = at(scenes[2], datetime=DAY + timedelta(days=1))
    request = request_of(GRID, [scenes[0], qa, next_day], ("red",))
    assert [tuple(scene.id for scene in day) for day in read_looks(request).dates] == [("b",), ("a",), ("c",)]


def test_the_solar_day_is_that_of_the_place(tmp_path):
    late = planted_scene(
        tmp_path, "late", {"red": RED}, ALL_CLEAR, when=datetime(2024, 5, 1, 15, 50, tzinfo=UTC)
    )
    early = planted_scene(
        tmp_path, "early", {"red": RED}, ALL_CLEAR, when=datetime(2024, 5, 1, 15, 55, tzinfo=UTC)
    )
    assert len(read_looks(request_of(GRID, [late, early], ("red",))).dates) == 2


def test_pixels_outside_the_outline_are_nobodys(tmp_path):
    scene = planted_scene(tmp_path, "a", {"red": RED}, ALL_CLEAR)
    request = request_of(GRID, [scene], ("red",))
    half = shapely.box(*GRID.block_bounds(Block(0, 120, 0, 60))).buffer(-1)
    request = replace(request, outline=half)
    (found,) = band_of(request)
    assert (found[:, 60:] == REFLECTANCE_NODATA).all()
    assert (found[:, :60] == RED[:, :60]).all()


def test_a_band_that_a_scene_lacks_is_skipped_with_its_reason(tmp_path):
    scene = planted_scene(tmp_path, "a", {"red": RED}, ALL_CLEAR)
    request = request_of(GRID, [scene], ("red", "nir"))
    stack, (record,) = read_band(request, read_looks(request), "nir")
    assert (stack == REFLECTANCE_NODATA).all()
    assert (record.outcome, record.reason) == ("skipped", "the scene has no such band")


@pytest.mark.parametrize("damage", ["gone", "truncated"])
def test_a_band_that_cannot_be_read_is_failed_with_its_file(tmp_path, damage):
    scenes = [planted_scene(tmp_path, name, {"red": RED}, ALL_CLEAR) for name in "ab"]
    scenes[1] = at(scenes[1], datetime=DAY + timedelta(days=5))
    broken = tmp_path / "a" / "red.tif"
    broken.unlink() if damage == "gone" else truncated(broken)
    request = request_of(GRID, scenes, ("red",))
    stack, records = read_band(request, read_looks(request), "red")
    assert [(record.scene_id, record.outcome) for record in records] == [("a", "failed"), ("b", "read")]
    assert str(broken) in records[0].error
    assert records[0].href == str(broken)
    assert (stack[0] == REFLECTANCE_NODATA).all()
    assert (stack[1] == RED).all()


def test_a_mask_that_cannot_be_read_counts_as_a_lost_look(tmp_path):
    scenes = [planted_scene(tmp_path, name, {"red": RED}, ALL_CLEAR) for name in "ab"]
    scenes[1] = at(scenes[1], datetime=DAY + timedelta(days=5))
    truncated(tmp_path / "a" / "mask.tif")
    looks = read_looks(request_of(GRID, scenes, ("red",)))
    assert [tuple(scene.id for scene in day) for day in looks.dates] == [("b",)]
    assert (looks.lost == 1).all()
    assert [record.outcome for record in looks.records] == ["failed", "read"]


def test_a_scene_that_is_known_to_be_broken_is_lost_and_its_twin_takes_its_place(tmp_path):
    west, east = two_tiles(tmp_path)
    request = request_of(GRID, [west, east], ("red",))
    looks = read_looks(request, frozenset({"east"}))
    (red,), _ = read_band(request, looks, "red")
    assert (red[:, :75] == 101).all()
    assert (red[:, 75:] == REFLECTANCE_NODATA).all()


def counted(monkeypatch):
    reads = Counter()
    read = ItemReader.read_window

    def count(files, asset, window):
        reads[asset.href.rpartition("/")[2]] += 1
        return read(files, asset, window)

    monkeypatch.setattr(ItemReader, "read_window", count)
    return reads


def test_a_date_without_a_clear_pixel_is_never_read(tmp_path, monkeypatch):
    reads = counted(monkeypatch)
    cloudy = np.full(GRID.shape, 9, dtype=np.uint8)
    scenes = [planted_scene(tmp_path, name, {"red": RED}, cloudy) for name in "ab"]
    clear = planted_scene(tmp_path, "c", {"red": RED}, ALL_CLEAR, when=DAY + timedelta(days=1))
    request = request_of(GRID, [*scenes, clear], ("red",))
    assert band_of(request).shape[0] == 1
    assert reads == {"mask.tif": 3, "red.tif": 1}


def test_a_scene_hidden_behind_its_twin_is_never_read(tmp_path, monkeypatch):
    reads = counted(monkeypatch)
    scenes = [planted_scene(tmp_path, name, {"red": RED}, ALL_CLEAR) for name in "ab"]
    band_of(request_of(GRID, scenes, ("red",)))
    assert reads["red.tif"] == 1


def test_clouds_beyond_the_block_act_into_it(tmp_path):
    mask = ALL_CLEAR.copy()
    mask[60, 64] = 9
    scene = planted_scene(tmp_path, "a", {"red": RED}, mask)
    clear = Clear(open_px=0, dilate_px=3)
    looks = read_looks(request_of(GRID, [scene], ("red",), block=Block(40, 80, 65, 130), clear=clear))
    assert list(np.flatnonzero(looks.owner[0, 20] == 0)) == [0, 1, 2]


def test_the_same_request_gives_the_same_records_in_the_same_order(tmp_path):
    scenes = [
        planted_scene(tmp_path, f"s{n}", {"red": RED}, ALL_CLEAR, when=DAY + timedelta(days=n))
        for n in range(9)
    ]
    request = request_of(GRID, scenes, ("red",), clear=NO_GROWTH)
    answers = []
    for shuffled in (scenes, scenes[::-1], scenes[4:] + scenes[:4]):
        request = request_of(GRID, shuffled, ("red",))
        looks = read_looks(request)
        stack, records = read_band(request, looks, "red")
        answers.append((looks.records, tuple(records), stack.tobytes()))
    assert answers[0] == answers[1] == answers[2]
