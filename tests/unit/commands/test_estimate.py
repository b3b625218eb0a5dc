"""What a plan promises is what a run then reads."""

from collections import Counter
from dataclasses import replace

import pytest

from pipeline.aoi import PROJECT_ROOT
from pipeline.commands.estimate import dump_estimates, estimate_all, estimate_study, tabulate_estimates
from pipeline.errors import NoScenes
from pipeline.grid import BASELINE_BYTES
from pipeline.settings import load_settings
from pipeline.settings.maps import WaterRules
from pipeline.storage.blocks import open_store
from tests.mapmaking import make


def test_a_run_reads_every_mask_and_band_that_the_plan_says_where_all_is_clear(run, planted):
    planned = estimate_study(planted)
    maps = make(run, planted)
    reads = Counter(row[1] == "mask" for row in run.workspace.ledger.list_reads(maps.keys["composite"]))
    assert (planned.mask_reads, planned.band_reads) == (reads[True], reads[False])
    assert planned.block_px == maps.layout.edge_px
    assert planned.blocks == len(planted.blocks(maps.layout.edge_px))
    assert planned.mask_reads == 3 * planned.blocks
    assert planned.band_reads == planned.mask_reads * len(planned.bands)


def test_a_run_reads_again_what_the_plan_says_for_inundation(run, planted):
    water = WaterRules(inundation=True, regimes={"field": "tidal"})
    area = replace(planted, settings=planted.settings.model_copy(update={"water": water}))
    planned = estimate_study(area)
    stores = [key for keys in make(run, area).keys.values() for key in keys]
    reads = Counter(row[1] == "mask" for row in run.workspace.ledger.list_reads(stores))
    assert (planned.mask_reads, planned.band_reads) == (reads[True], reads[False])
    assert planned.band_reads == estimate_study(planted).band_reads + 4 * 3 * planned.blocks


def test_a_run_reads_again_what_the_plan_says_for_the_greatest_ndvi(run, planted):
    vegetation = planted.settings.vegetation.model_copy(update={"ndvi": "maximum"})
    area = replace(planted, settings=planted.settings.model_copy(update={"vegetation": vegetation}))
    planned = estimate_study(area)
    stores = [key for keys in make(run, area).keys.values() for key in keys]
    reads = Counter(row[1] == "mask" for row in run.workspace.ledger.list_reads(stores))
    assert (planned.mask_reads, planned.band_reads) == (reads[True], reads[False])
    assert planned.band_reads == estimate_study(planted).band_reads + 2 * 3 * planned.blocks


def test_blocks_of_a_row_that_are_read_as_one_are_planned_as_one_and_give_the_same_maps(
    run, planted, monkeypatch
):
    single = make(run, planted)
    monkeypatch.setattr("pipeline.grid._LEAST_TASKS", 1)
    compute = planted.settings.compute.model_copy(update={"memory": BASELINE_BYTES + 30 * 2**20})
    area = replace(planted, settings=planted.settings.model_copy(update={"compute": compute}))
    planned, joined = estimate_study(area), make(run, area)
    reads = Counter(row[1] == "mask" for row in run.workspace.ledger.list_reads(joined.keys["composite"]))
    assert (planned.mask_reads, planned.band_reads) == (reads[True], reads[False])
    assert planned.mask_reads < 3 * planned.blocks
    assert planned.block_px == joined.layout.edge_px == 128
    for one, other in zip(*(maps.of("composite").values() for maps in (single, joined)), strict=True):
        assert one.key != other.key
        assert open_store(one.path).load().drop_attrs().identical(open_store(other.path).load().drop_attrs())


def test_the_maps_of_every_step_are_counted(planted):
    planned = estimate_study(planted)
    assert planned.maps["composite"] == planned.maps["cover"] == planned.periods == 1
    assert "rsei" not in planned.maps


def test_bytes_are_those_of_the_windows_once_decoded(planted):
    planned = estimate_study(planted)
    covered = sum(block.shape[0] * block.shape[1] for block in planted.blocks(planned.block_px)) * 100
    fine = {"blue", "green", "red", "nir"} & set(planned.bands)
    coarse = set(planned.bands) - fine
    expected = 3 * covered * (len(fine) * 2 / 100 + len(coarse) * 2 / 400 + 1 / 400)
    assert coarse == {"swir16"}
    assert planned.decoded_bytes == round(expected)


def test_a_plan_needs_no_file_of_any_scene_and_writes_none(planted, tmp_path):
    for path in tmp_path.rglob("*.tif"):
        path.unlink()
    before = sorted(tmp_path.rglob("*"))
    (planned,) = estimate_all(planted.settings)
    assert planned.scenes == 3
    assert sorted(tmp_path.rglob("*")) == before


def test_what_would_find_nothing_says_so_before_anything_is_read(planted):
    scenes = planted.settings.scenes
    nowhere = scenes.model_copy(
        update={"start": scenes.start.replace(year=2020), "end": scenes.end.replace(year=2020)}
    )
    with pytest.raises(NoScenes, match="taken on"):
        estimate_all(planted.settings.model_copy(update={"scenes": nowhere}))


def test_people_and_machines_are_told_the_same(planted):
    planned = estimate_study(planted)
    (content,) = dump_estimates([planned])
    rows = {row[""]: row["field"] for row in tabulate_estimates([planned])}
    assert rows["景 scenes"] == content["scenes"] == 3
    assert rows["其中 of which"] == "3 sentinel-2"
    assert rows["块 blocks"] == f"{content['blocks']} x {content['block_px']} px"
    assert content["provider"] == planted.settings.scenes.provider.static


def test_a_simulated_world_is_planned_without_being_built(tmp_path):
    overrides = ["aoi=[longyou_bay]", f"out={tmp_path / 'out'}"]
    settings = load_settings(PROJECT_ROOT / "configs" / "demo.yaml", overrides)
    (planned,) = estimate_all(settings)
    assert set(planned.missions) == {"sentinel-2", "landsat-8", "landsat-9"}
    assert planned.passes_missed == {}
    assert planned.mask_reads <= planned.scenes * planned.blocks
    assert not (tmp_path / "out").exists()
