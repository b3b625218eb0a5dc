"""Composites of planted and of real scenes, block by block."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import rasterio
import shapely

from pipeline.contracts import REFLECTANCE_NODATA
from pipeline.grid import Block, BlockPlan, Grid
from pipeline.indices.dark_water import LEAST_STEPS
from pipeline.ingest.reading.readers import Source, reader_of
from pipeline.ingest.scenes.items import candidate_of
from pipeline.ingest.scenes.offsets import apply_offset
from pipeline.maps.encoding import COUNT, RATIO
from pipeline.maps.making import make_block
from pipeline.settings import Clear
from pipeline.storage.blocks import create_store, read_block
from tests.composing import composing
from tests.scenery import SHARED, at, grid_of_px, needs_real_scenes, planted_scene, request_of, truncated

GRID = grid_of_px(128, 128)
DAY = datetime(2024, 5, 1, 2, 30, tzinfo=UTC)
RNG = np.random.default_rng(5)
BANDS = ("nir", "red")
LAYERS = {"looks": COUNT.stored, "failed": COUNT.stored}


def planted(folder, days=5):
    """Scenes of one tile on some days, a third of each under cloud."""
    scenes = []
    for day in range(days):
        bands = {band: RNG.integers(1, 9000, GRID.shape, dtype=np.uint16) for band in BANDS}
        mask = np.where(RNG.random(GRID.shape) < 0.33, 9, 4).astype(np.uint8)
        scenes.append(planted_scene(folder, f"d{day}", bands, mask, when=DAY + timedelta(days=day)))
    return scenes


def composite_of(
    folder, scenes, *, blocks=None, edge=None, bands=BANDS, grid=GRID, clear=None, method="median"
):
    """A composite of scenes over a grid, block by block; its arrays and the records of its reads."""
    blocks = blocks or [grid.whole]
    layers = {**dict.fromkeys(bands, RATIO.stored), **LAYERS}
    create_store(folder, layers, grid, edge or max(blocks[0].shape))
    settings = {"clear": clear} if clear else {}
    records = []
    for block in blocks:
        done = make_block(composing(folder, request_of(grid, scenes, bands, block=block, **settings), method))
        records += done.records
    return read_block(folder, grid.whole, (*bands, "looks", "failed")), records


def numbers_of(scene, band):
    with rasterio.open(scene.assets[band].href) as source:
        return source.read(1).astype(float)


def mask_of(scene):
    with rasterio.open(scene.mask.href) as source:
        return source.read(1)


def test_a_composite_is_the_median_of_the_clear_looks_and_counts_them(tmp_path):
    scenes = planted(tmp_path)
    found, records = composite_of(tmp_path / "store", scenes)
    clear = np.stack([mask_of(scene) == 4 for scene in scenes])
    assert (found["looks"] == clear.sum(axis=0)).all()
    assert (found["failed"] == 0).all()
    for band in BANDS:
        stack = np.where(clear, np.stack([numbers_of(scene, band) for scene in scenes]), np.nan)
        seen = clear.any(axis=0)
        expected = np.rint(np.nanmedian(stack[:, seen], axis=0))
        assert (found[band][seen] == expected).all()
        assert (found[band][~seen] == REFLECTANCE_NODATA).all()
    assert not clear.any(axis=0).all()
    assert {record.outcome for record in records} == {"read"}
    assert len(records) == len(scenes) * 3


@pytest.mark.parametrize("method", ["median", "medoid", "max-ndvi"])
@pytest.mark.parametrize("size", [64, 50])
def test_blocks_of_any_size_give_the_same_composite(tmp_path, size, method):
    scenes = planted(tmp_path)
    whole, _ = composite_of(tmp_path / "whole", scenes, method=method)
    blocks, _ = composite_of(tmp_path / "blocks", scenes, blocks=list(GRID.blocks(size)), method=method)
    assert all((whole[name] == blocks[name]).all() for name in whole)
    joined = BlockPlan(size, 1, 2).tasks(list(GRID.blocks(size)))
    rows, _ = composite_of(tmp_path / "rows", scenes, blocks=joined, edge=size, method=method)
    assert all((whole[name] == rows[name]).all() for name in whole)


@pytest.mark.parametrize("method", ["medoid", "max-ndvi"])
def test_a_composite_of_chosen_looks_has_all_bands_of_a_pixel_from_one_of_them(tmp_path, method):
    scenes = planted(tmp_path)
    found, _ = composite_of(tmp_path / "store", scenes, method=method)
    clear = np.stack([mask_of(scene) == 4 for scene in scenes])
    red, nir = (np.stack([numbers_of(scene, band) for scene in scenes]) for band in ("red", "nir"))
    same = clear & (red == found["red"]) & (nir == found["nir"])
    assert (found["looks"] == clear.sum(axis=0)).all()
    assert (same.any(axis=0) == clear.any(axis=0)).all()
    if method == "max-ndvi":
        ndvi = np.where(clear & (nir + red >= LEAST_STEPS), (nir - red) / (nir + red), -9)
        chosen = np.where(same, ndvi, -9).max(axis=0)
        assert (chosen == ndvi.max(axis=0)).all()


def test_a_hole_in_one_band_strikes_the_look_in_all_bands(tmp_path):
    """The hole is in the band that is read last, so that the others must be read again."""
    scenes = planted(tmp_path)
    hole = (slice(10, 14), slice(20, 27))
    with rasterio.open(scenes[1].assets[BANDS[-1]].href, "r+") as target:
        numbers = target.read(1)
        numbers[hole] = 0
        target.write(numbers, 1)
    found, _ = composite_of(tmp_path / "store", scenes)
    clear = np.stack([mask_of(scene) == 4 for scene in scenes])
    assert clear[1][hole].any()
    clear[1][hole] = False
    assert (found["looks"] == clear.sum(axis=0)).all()
    for band in BANDS:
        stack = np.where(clear, np.stack([numbers_of(scene, band) for scene in scenes]), np.nan)
        seen = clear.any(axis=0)
        assert (found[band][seen] == np.rint(np.nanmedian(stack[:, seen], axis=0))).all()


def test_a_scene_that_fails_in_one_band_is_lost_in_all_and_nothing_else_changes(tmp_path):
    scenes = planted(tmp_path)
    without, _ = composite_of(tmp_path / "without", [scene for scene in scenes if scene.id != "d2"])
    lost = mask_of(scenes[2]) == 4
    truncated(tmp_path / "d2" / "nir.tif")
    found, records = composite_of(tmp_path / "store", scenes)
    assert all((found[name] == without[name]).all() for name in (*BANDS, "looks"))
    assert (found["failed"] == lost).all()
    failed = [record for record in records if record.outcome == "failed"]
    assert [(record.scene_id, record.band) for record in failed] == [("d2", "nir")]
    assert "nir.tif" in failed[0].error
    assert not [r for r in records if r.scene_id == "d2" and r.band == "red" and r.outcome == "read"]


def test_a_scene_that_fails_in_every_file_is_told_for_each(tmp_path):
    scenes = planted(tmp_path, days=3)
    for name in ("red.tif", "nir.tif"):
        (tmp_path / "d1" / name).unlink()
    truncated(tmp_path / "d2" / "mask.tif")
    found, records = composite_of(tmp_path / "store", scenes)
    failed = sorted((record.scene_id, record.band) for record in records if record.outcome == "failed")
    assert failed == [("d1", "nir"), ("d1", "red"), ("d2", "mask")]
    assert (found["failed"] == 1 + (mask_of(scenes[1]) == 4)).all()


def test_a_broken_scene_is_lost_only_in_the_blocks_that_it_breaks(tmp_path):
    scenes = planted(tmp_path, days=2)
    path = tmp_path / "d1" / "nir.tif"
    content = path.read_bytes()
    whole, _ = composite_of(tmp_path / "whole", scenes, blocks=list(GRID.blocks(64)))
    path.write_bytes(content[: len(content) - 2000])
    found, records = composite_of(tmp_path / "store", scenes, blocks=list(GRID.blocks(64)))
    broken = {record.block for record in records if record.outcome == "failed"}
    assert 0 < len(broken) < 4
    for block in GRID.blocks(64):
        if block.id not in broken:
            assert all(
                (found[n][block.rows, block.cols] == whole[n][block.rows, block.cols]).all() for n in whole
            )
        else:
            assert found["failed"][block.rows, block.cols].any()


def test_no_scene_at_all_is_nodata_and_no_looks(tmp_path):
    found, records = composite_of(tmp_path / "store", [])
    assert (found["red"] == REFLECTANCE_NODATA).all()
    assert (found["looks"] == 0).all()
    assert records == []


def real(pattern):
    scenes = []
    for path in sorted((SHARED / "data" / "real_scenes").glob(f"{pattern}/item.json")):
        raw = json.loads(path.read_text(encoding="utf-8"))
        for asset in raw["assets"].values():
            asset["href"] = str(path.parent / asset["href"])
        scenes.append(apply_offset(candidate_of(raw), reader_of(Source())))
    return scenes


def grid_over(scene):
    with rasterio.open(scene.assets["red"].href) as source:
        left, bottom, right, top = source.bounds
        left, bottom = left // 60 * 60, bottom // 60 * 60
        right, top = -(-right // 60) * 60, -(-top // 60) * 60
        return Grid(
            source.crs.to_string(), left, top, 10.0, int((top - bottom) // 10), int((right - left) // 10)
        )


@needs_real_scenes
def test_over_flanders_in_april_2023_only_the_two_clear_dates_ever_count(tmp_path):
    scenes = real("S2_FLANDERS_*")
    assert len(scenes) == 12
    grid = grid_over(scenes[0])
    together, records = composite_of(tmp_path / "all", scenes, grid=grid, clear=Clear())
    alone = {}
    for scene in scenes:
        found, _ = composite_of(tmp_path / scene.id, [scene], grid=grid, clear=Clear())
        alone[scene.id] = found["looks"]
    counting = {name for name, looks in alone.items() if looks.any()}
    assert counting == {"S2_FLANDERS_20230405", "S2_FLANDERS_20230415"}
    assert together["looks"].max() == 2
    assert (together["looks"] == sum(alone.values())).all()
    assert {record.scene_id for record in records if record.band == "nir"} == counting


def test_an_outline_bounds_what_is_composed(tmp_path):
    scenes = planted(tmp_path, days=1)
    request = request_of(GRID, scenes, BANDS)
    outline = shapely.box(*GRID.block_bounds(Block(0, 128, 0, 40))).buffer(-1)
    request = type(request)(**{**vars(request), "outline": outline})
    layers = {**dict.fromkeys(BANDS, RATIO.stored), **LAYERS}
    create_store(tmp_path / "store", layers, GRID, 128)
    make_block(composing(tmp_path / "store", request))
    found = read_block(tmp_path / "store", GRID.whole, ["looks", "red"])
    assert not found["looks"][:, 40:].any()
    assert (found["red"][:, 40:] == REFLECTANCE_NODATA).all()
    assert found["looks"][:, :40].any()


def test_twins_of_one_day_stand_in_for_each_other_when_one_breaks(tmp_path):
    scenes = [at(scene, datetime=DAY) for scene in planted(tmp_path, days=2)]
    truncated(tmp_path / "d0" / "red.tif")
    found, _ = composite_of(tmp_path / "store", scenes)
    other = mask_of(scenes[1]) == 4
    assert (found["red"][other] == numbers_of(scenes[1], "red")[other]).all()
    assert (found["red"][~other] == REFLECTANCE_NODATA).all()
