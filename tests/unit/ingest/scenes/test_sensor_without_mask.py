"""A sensor that is one entry, without a mask, with looks by orbit and decibels: from item to composite."""

from datetime import datetime

import numpy as np
import pytest
import shapely

from pipeline.contracts import REFLECTANCE_NODATA, Packing, Scene
from pipeline.geodesy import unproject
from pipeline.ingest.reading.blocks import read_looks
from pipeline.ingest.scenes import sensors
from pipeline.ingest.scenes.choice import from_table, to_table
from pipeline.ingest.scenes.items import Candidate, candidate_of
from pipeline.ingest.scenes.looks import look_of
from pipeline.ingest.scenes.offsets import apply_offset
from pipeline.ingest.scenes.sensors import Band, Sensor
from pipeline.maps.making import make_block
from pipeline.storage.blocks import Layer, create_store, read_block
from tests.composing import composing
from tests.scenery import LEFT, UTM, grid_of_px, request_of, written

GRID = grid_of_px(48, 70)
OUTLINE = unproject(shapely.box(*GRID.block_bounds(GRID.whole)), UTM)
NOTHING, ODD = -9999, 2000
RADAR = Sensor(
    mission="toy-radar",
    platforms=("toy-1",),
    collections=("toy-gamma0",),
    bands={"vv": Band(("VV",), Packing(0.02, 1.0, NOTHING, "dB", valid=(-2000, 500)), 10)},
    look="orbit",
)
HELD = Packing(0.01, 0.0, REFLECTANCE_NODATA, "dB")
SPLIT = 40
"""The column where the west scene of a pass ends and the east one goes on alone; they share 10 columns."""


@pytest.fixture(autouse=True)
def radar(monkeypatch):
    monkeypatch.setitem(sensors._SENSORS, RADAR.mission, RADAR)
    monkeypatch.setitem(sensors._STORED, "vv", HELD)


def numbers_of(orbit: int):
    """What a pass writes: steps of 0.02 dB above 1 dB, a gap in a corner, and a number that is none."""
    y, x = np.mgrid[0 : GRID.height, 0 : GRID.width]
    numbers = (-600 - 3 * x - 5 * y + 40 * orbit).astype(np.int16)
    numbers[x + 2 * y < 12 * orbit] = NOTHING
    numbers[30 + orbit, 50] = ODD
    return numbers


def items_of(folder, orbit: int, when: datetime):
    """The two items of a pass, west and east, as a catalogue serves them."""
    numbers = numbers_of(orbit)
    for name, cols in (("w", slice(0, SPLIT)), ("e", slice(SPLIT - 10, None))):
        path = folder / f"{name}{orbit}.tif"
        written(path, numbers[:, cols], left=LEFT + 10 * cols.start, nodata=NOTHING)
        yield {
            "type": "Feature",
            "stac_version": "1.0.0",
            "id": f"{name}{orbit}",
            "collection": "toy-gamma0",
            "geometry": shapely.geometry.mapping(OUTLINE),
            "bbox": list(OUTLINE.bounds),
            "links": [],
            "properties": {
                "datetime": f"{when:%Y-%m-%dT%H:%M:%SZ}",
                "platform": "Toy_1",
                "eo:cloud_cover": 0.0,
                "sat:absolute_orbit": orbit,
            },
            "assets": {"VV": {"href": str(path)}},
        }


@pytest.fixture
def scenes(tmp_path, reader) -> list[Scene]:
    """Three passes: two of them on one day, morning and evening."""
    moments = [datetime(2024, 5, 1, 22), datetime(2024, 5, 2, 10), datetime(2024, 5, 14, 10)]  # noqa: DTZ001
    raw = [item for orbit, when in enumerate(moments, 1) for item in items_of(tmp_path, orbit, when)]
    candidates = [candidate_of(item) for item in raw]
    assert all(isinstance(candidate, Candidate) for candidate in candidates)
    return [apply_offset(candidate, reader) for candidate in candidates]


def decibels(orbit: int):
    """The truth of a pass; NaN where it saw nothing."""
    numbers = numbers_of(orbit).astype(float)
    numbers[(numbers == NOTHING) | (numbers == ODD)] = np.nan
    return numbers * 0.02 + 1.0


def test_an_item_becomes_a_scene_without_a_mask_and_comes_back_from_its_table(scenes):
    assert [scene.mission for scene in scenes] == ["toy-radar"] * 6
    assert {scene.mask for scene in scenes} == {None}
    assert [scene.orbit for scene in scenes] == ["1", "1", "2", "2", "3", "3"]
    vv = scenes[0].assets["vv"]
    assert (vv.scale, vv.offset, vv.nodata, vv.valid) == (0.02, 1.0, NOTHING, (-2000, 500))
    assert scenes[0].hrefs == [vv.href]
    assert from_table(to_table(scenes, [OUTLINE] * 6)) == scenes


def test_scenes_of_an_orbit_are_one_look_and_two_orbits_of_a_day_are_two(scenes):
    assert len({look_of(scene, 121.8) for scene in scenes}) == 3
    assert len({look_of(scene, 121.8)[:2] for scene in scenes}) == 2


def test_every_pixel_with_a_number_is_clear_and_no_other(scenes):
    looks = read_looks(request_of(GRID, scenes, ("vv",)))
    assert [[scene.id for scene in day] for day in looks.dates] == [["e1", "w1"], ["e2", "w2"], ["e3", "w3"]]
    for orbit in (1, 2, 3):
        assert ((looks.owner[orbit - 1] > 0) == np.isfinite(decibels(orbit))).all()
        assert set(np.unique(looks.owner[orbit - 1])) == {0, 1, 2}
    assert {(record.band, record.outcome) for record in looks.records} == {("mask", "read")}
    assert {record.href for record in looks.records} == {scene.assets["vv"].href for scene in scenes}


def test_a_composite_holds_the_median_of_the_passes_in_hundredths_of_a_decibel(tmp_path, scenes):
    store = tmp_path / "store"
    counts = dict.fromkeys(("looks", "failed"), Layer("uint16", 0, {}))
    layers = {"vv": Layer("int16", REFLECTANCE_NODATA, {}), **counts}
    create_store(store, layers, GRID, 32)
    for block in GRID.blocks(32):
        make_block(composing(store, request_of(GRID, scenes, ("vv",), block=block)))
    found = read_block(store, GRID.whole, list(layers))
    passes = np.stack([decibels(orbit) for orbit in (1, 2, 3)])
    seen = np.isfinite(passes).sum(axis=0)
    assert set(np.unique(seen)) == {0, 1, 2, 3}
    assert (found["looks"] == seen).all()
    known = seen > 0
    expected = np.nanmedian(passes[:, known], axis=0)
    assert np.abs(found["vv"][known] * HELD.scale - expected).max() <= 0.005 + 1e-9
    assert (found["vv"][~known] == REFLECTANCE_NODATA).all()


def test_a_scene_that_has_none_of_the_bands_sees_nothing_and_is_no_loss(scenes):
    looks = read_looks(request_of(GRID, scenes, ("vh",)))
    assert looks.dates == ()
    assert {record.outcome for record in looks.records} == {"skipped"}
    assert not looks.lost.any()


def test_a_request_may_ask_for_a_band_in_a_packing_of_its_own(tmp_path, scenes):
    coarse = Packing(0.5, -20.0, REFLECTANCE_NODATA, "dB")
    request = request_of(GRID, scenes[4:], ("vv",), packings={"vv": coarse})
    store = tmp_path / "store"
    create_store(store, {name: Layer("int16", 0, {}) for name in ("vv", "looks", "failed")}, GRID, 70)
    make_block(composing(store, request))
    truth = decibels(3)
    found = read_block(store, GRID.whole, ["vv"])["vv"]
    known = np.isfinite(truth)
    assert np.abs(found[known] * 0.5 - 20.0 - truth[known]).max() <= 0.25 + 1e-9
