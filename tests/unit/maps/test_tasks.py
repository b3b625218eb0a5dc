"""One task, one block: from planted scenes to composites, indices, cover and change."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import rasterio
import shapely

from pipeline.contracts import INDEX_STEP, REFLECTANCE_NODATA
from pipeline.grid import Block, BlockPlan, Grid
from pipeline.indices.vegetation import EndmemberPair
from pipeline.ingest.reading.assets import close_assets
from pipeline.ingest.scenes.items import candidate_of
from pipeline.ingest.scenes.offsets import decided
from pipeline.legends import LAND_COVER, NODATA_CLASS
from pipeline.maps.encoding import as_index, as_ratio, from_ratio
from pipeline.maps.tasks import (
    ChangeTask,
    CompositeTask,
    CoverTask,
    HistogramTask,
    PeriodMaps,
    SpectralTask,
    change_block,
    composite_block,
    cover_block,
    ndvi_histogram,
    spectral_block,
)
from pipeline.settings import Clear
from pipeline.storage.blocks import Layer, create_store, read_block, write_block
from tests.scenery import SHARED, at, grid_of_px, needs_real_scenes, planted_scene, request_of, truncated

GRID = grid_of_px(128, 128)
DAY = datetime(2024, 5, 1, 2, 30, tzinfo=UTC)
RNG = np.random.default_rng(5)
BANDS = ("nir", "red")
LAYERS = {
    **{band: Layer("int16", REFLECTANCE_NODATA, {}) for band in ("red", "nir", "ndvi", "fvc", "swir16")},
    "looks": Layer("uint16", 0, {}),
    "failed": Layer("uint16", 0, {}),
    "land_cover": Layer("uint8", NODATA_CLASS, {}),
    "change": Layer("uint8", NODATA_CLASS, {}),
}


@pytest.fixture(autouse=True)
def closed():
    yield
    close_assets()


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
    layers = {name: LAYERS[name] for name in (*bands, "looks", "failed")}
    create_store(folder, layers, grid, edge or max(blocks[0].shape))
    records = []
    for block in blocks:
        settings = {"clear": clear} if clear else {}
        done = composite_block(
            CompositeTask(folder, request_of(grid, scenes, bands, block=block, **settings), method)
        )
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
        ndvi = np.where(clear, (nir - red) / (nir + red), -9)
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
    close_assets()
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


def test_ratios_keep_four_digits_and_unknown_stays_unknown():
    values = np.array([0.12344, -0.99996, 1.0, np.nan, np.inf, -np.inf, 4.0, -4.0, 0.0])
    stored = as_ratio(values)
    assert list(stored) == [1234, -10000, 10000, -32768, -32768, -32768, 32767, -32767, 0]
    back = from_ratio(stored)
    assert np.isnan(back[3:6]).all()
    assert back[0] == pytest.approx(0.1234)


def composite_store(path, red, nir, shape=(4, 4)):
    grid = Grid("EPSG:32651", 0.0, 0.0, 10.0, *shape)
    create_store(path, {"red": LAYERS["red"], "nir": LAYERS["nir"]}, grid, 4)
    write_block(path, grid.whole, {"red": red, "nir": nir})
    return grid


def test_an_index_is_kept_to_half_a_step_whatever_its_size_and_unknown_stays_unknown():
    values = np.array([-3.7, -1e-5, 0.0, 0.31416, 1.0, 12.3456, np.nan])
    kept = as_index(values)
    assert kept.dtype == np.float32
    assert np.nanmax(np.abs(kept - values)) <= INDEX_STEP / 2
    assert (kept[:-1] / INDEX_STEP % 1 == 0).all()
    assert np.isnan(kept[-1])
    np.testing.assert_allclose(as_index(np.array([1e6, 1e30])), [1e6, 1e30], rtol=1e-7)


@pytest.mark.parametrize("order", ["C", "F"])
def test_what_is_stored_is_what_arrays_give_in_any_layout(order):
    values = np.random.default_rng(3).normal(0, 2, (40, 30))
    values[::7] = [np.nan, np.inf, -np.inf] * 10
    values = np.array(values, order=order)
    steps = np.rint(np.where(np.isfinite(values), values, 0) / 1e-4).clip(-32767, 32767)
    stored = as_ratio(values)
    assert np.array_equal(stored, np.where(np.isfinite(values), steps, -32768).astype(np.int16))
    back = from_ratio(np.asarray(stored, order=order))
    assert np.array_equal(back, np.where(np.isfinite(values), steps * 1e-4, np.nan), equal_nan=True)
    assert np.array_equal(
        as_index(values), (np.rint(values * 2**13) / 2**13).astype(np.float32), equal_nan=True
    )


def test_what_lacks_a_band_is_unknown_and_the_rest_is_computed(tmp_path):
    red = np.full((4, 4), 1000, dtype=np.int16)
    nir = np.full((4, 4), 3000, dtype=np.int16)
    nir[0, 0] = REFLECTANCE_NODATA
    red[1, 1], nir[1, 1] = -200, 200
    grid = composite_store(tmp_path / "composite", red, nir)
    layers = {
        "ndvi": LAYERS["ndvi"],
        "evi": Layer("float32", float("nan"), {}),
    }
    create_store(tmp_path / "spectral", layers, grid, 4)
    task = SpectralTask(tmp_path / "spectral", grid.whole, tmp_path / "composite", BANDS, ("ndvi", "evi"))
    spectral_block(task)
    found = read_block(tmp_path / "spectral", grid.whole, layers)
    assert found["ndvi"][0, 0] == REFLECTANCE_NODATA
    assert found["ndvi"][1, 1] == REFLECTANCE_NODATA
    assert found["ndvi"][2, 2] == 5000
    assert np.isnan(found["evi"]).all()


def test_the_histogram_leaves_water_and_the_unknown_out(tmp_path):
    ndvi = np.array([[5000, 5000, -3000, REFLECTANCE_NODATA], [-3000, 9000, 9000, 0]], dtype=np.int16)
    cover = np.array([[2, 2, 255, 255], [2, 1, 255, 255]], dtype=np.uint8)
    grid = Grid("EPSG:32651", 0.0, 0.0, 10.0, 2, 4)
    create_store(tmp_path / "store", {name: LAYERS[name] for name in ("ndvi", "land_cover")}, grid, 4)
    write_block(tmp_path / "store", grid.whole, {"ndvi": ndvi, "land_cover": cover})
    counts = ndvi_histogram(HistogramTask(grid.whole, tmp_path / "store", tmp_path / "store"))
    assert {int(step) - 10_000: int(counts[step]) for step in np.flatnonzero(counts)} == {
        5000: 2,
        -3000: 1,
        9000: 1,
        0: 1,
    }


@pytest.mark.parametrize("endmembers", [EndmemberPair(0.1, 0.8, "given"), None])
def test_cover_comes_from_ndvi_as_it_is_stored(tmp_path, endmembers):
    ndvi = np.array([[1000, 8000, 4500, REFLECTANCE_NODATA], [-5000, 9999, 1001, 7999]], dtype=np.int16)
    grid = Grid("EPSG:32651", 0.0, 0.0, 10.0, 2, 4)
    create_store(tmp_path / "spectral", {"ndvi": LAYERS["ndvi"]}, grid, 4)
    write_block(tmp_path / "spectral", grid.whole, {"ndvi": ndvi})
    create_store(tmp_path / "cover", {"fvc": LAYERS["fvc"]}, grid, 4)
    cover_block(
        CoverTask(tmp_path / "cover", grid.whole, tmp_path / "spectral", tmp_path / "land", endmembers)
    )
    fvc = read_block(tmp_path / "cover", grid.whole, ["fvc"])["fvc"]
    if endmembers is None:
        assert (fvc == REFLECTANCE_NODATA).all()
    else:
        assert fvc.tolist() == [[0, 10000, 5000, REFLECTANCE_NODATA], [0, 10000, 1, 9999]]


def test_change_is_the_transition_of_the_stored_classes_as_far_as_an_index_moved(tmp_path):
    grid = Grid("EPSG:32651", 0.0, 0.0, 10.0, 2, 3)
    index = Layer("float32", float("nan"), {})
    layers = {"land_cover": LAYERS["land_cover"], "ndvi": LAYERS["ndvi"], "mndwi": index, "bsi": index}
    stored = {
        "before": ([[1, 2, 3], [3, 255, 3]], [[0, 7000, 1000], [0, 0, 0]], 0.0),
        "after": ([[1, 4, 4], [255, 2, 4]], [[0, 4000, 1900], [0, 0, 1600]], 0.1),
    }
    for name, (classes, ndvi, bsi) in stored.items():
        create_store(tmp_path / name, layers, grid, 4)
        values = {
            "land_cover": np.array(classes, dtype=np.uint8),
            "ndvi": np.array(ndvi, dtype=np.int16),
            "mndwi": np.zeros(grid.shape, dtype=np.float32),
            "bsi": np.full(grid.shape, bsi, dtype=np.float32),
        }
        write_block(tmp_path / name, grid.whole, values)
    create_store(tmp_path / "change", {"change": LAYERS["change"]}, grid, 4)
    both = (PeriodMaps(tmp_path / name, tmp_path / name) for name in stored)
    change_block(ChangeTask(tmp_path / "change", grid.whole, *both, 0.15))
    codes = read_block(tmp_path / "change", grid.whole, ["change"])["change"]
    assert codes.tolist() == [[0, 24, 0], [255, 255, 34]]


def real(pattern):
    scenes = []
    for path in sorted((SHARED / "data" / "real_scenes").glob(f"{pattern}/item.json")):
        raw = json.loads(path.read_text(encoding="utf-8"))
        for asset in raw["assets"].values():
            asset["href"] = str(path.parent / asset["href"])
        scenes.append(decided(candidate_of(raw)))
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
def test_ndvi_of_the_south_tyrol_chip_is_that_of_its_own_pixels(tmp_path):
    (scene,) = real("S2_ALPS_20220612")
    grid = grid_over(scene)
    found, _ = composite_of(tmp_path / "store", [scene], bands=("nir", "red"), grid=grid, clear=Clear())
    create_store(tmp_path / "spectral", {"ndvi": LAYERS["ndvi"]}, grid, 512)
    spectral_block(SpectralTask(tmp_path / "spectral", grid.whole, tmp_path / "store", BANDS, ("ndvi",)))
    ndvi = from_ratio(read_block(tmp_path / "spectral", grid.whole, ["ndvi"])["ndvi"])
    with rasterio.open(scene.assets["red"].href) as source:
        col, row = ~grid.transform * (source.bounds.left, source.bounds.top)
        red, nir = numbers_of(scene, "red"), numbers_of(scene, "nir")
    inside = (slice(round(row), round(row) + red.shape[0]), slice(round(col), round(col) + red.shape[1]))
    seen = (found["looks"][inside] > 0) & (red > 0) & (nir > 0)
    expected = (nir - red)[seen] / (nir + red)[seen]
    assert seen.mean() > 0.98
    assert np.abs(ndvi[inside][seen] - expected).max() <= 1e-4
    assert np.isnan(ndvi[inside][~seen]).all()


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
    create_store(tmp_path / "store", {name: LAYERS[name] for name in (*BANDS, "looks", "failed")}, GRID, 128)
    composite_block(CompositeTask(tmp_path / "store", request))
    found = read_block(tmp_path / "store", GRID.whole, ["looks", "red"])
    assert not found["looks"][:, 40:].any()
    assert (found["red"][:, 40:] == REFLECTANCE_NODATA).all()
    assert found["looks"][:, :40].any()


def test_every_class_of_land_cover_fits_its_byte():
    assert max(entry.code for entry in LAND_COVER.classes) < NODATA_CLASS


def test_twins_of_one_day_stand_in_for_each_other_when_one_breaks(tmp_path):
    scenes = [at(scene, datetime=DAY) for scene in planted(tmp_path, days=2)]
    truncated(tmp_path / "d0" / "red.tif")
    found, _ = composite_of(tmp_path / "store", scenes)
    other = mask_of(scenes[1]) == 4
    assert (found["red"][other] == numbers_of(scenes[1], "red")[other]).all()
    assert (found["red"][~other] == REFLECTANCE_NODATA).all()
