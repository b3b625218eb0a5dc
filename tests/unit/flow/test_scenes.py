"""Scenes are searched once, decided for good or asked again, and accounted for."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio

from pipeline.errors import InputError
from pipeline.flow import inputs as plan_inputs
from pipeline.flow import scenes as plan_scenes
from pipeline.flow.inputs import find_inputs, is_settled, name_scenes
from pipeline.flow.scenes import make_scene_table
from pipeline.ingest.reading.radiometry import PixelEvidence
from pipeline.ingest.reading.readers import Source
from pipeline.ingest.scenes import offsets
from pipeline.ingest.scenes.choice import from_table
from pipeline.maps.making import describe_scene
from pipeline.settings.access import Access
from pipeline.settings.sources import StacApi


def files_of(area) -> Path:
    return Path(area.settings.scenes.provider.static).parent


def found(run, area):
    """The scenes of an area as another run finds them."""
    run = replace(run, source=Source())
    return make_scene_table(run, area, find_inputs(run, area))


def test_what_was_found_and_taken_is_accounted_for(run, planted):
    result = found(run, planted)
    assert list(result.table["offset_source"]) == ["pixels"] * 3
    assert result.account["found"] == result.account["taken"] == 3
    assert result.account["passes"] == {"sentinel-2": {"found": 3, "expected": 2}}
    assert result.account["undecided"] == result.account["warnings"] == []
    assert is_settled(run, planted, find_inputs(run, planted))


def test_a_scene_whose_pixels_were_out_of_reach_is_asked_again_and_the_others_are_not(
    run, planted, monkeypatch
):
    """As from a host that was down: what the catalogue is known by stays the same."""
    cause = name_scenes(planted, find_inputs(run, planted))
    for module in (plan_inputs, plan_scenes):
        monkeypatch.setattr(module, "name_scenes", lambda *_: cause)
    read = offsets._ask_pixels

    def ask(files, bands, mask):
        away = "S2A_1" in mask.href
        return (PixelEvidence(None, 0, "not readable"), False) if away else read(files, bands, mask)

    monkeypatch.setattr(offsets, "_ask_pixels", ask)
    first = found(run, planted)
    assert list(first.table["offset_source"]) == ["pixels", "metadata", "pixels"]
    assert first.account["undecided"] == ["S2A_1"]
    assert "S2A_1" in first.account["warnings"][0]
    assert not is_settled(run, planted, find_inputs(run, planted))

    monkeypatch.setattr(offsets, "_ask_pixels", read)
    asked = []
    decide = plan_scenes.apply_offset
    monkeypatch.setattr(
        plan_scenes, "apply_offset", lambda one, reader: asked.append(one.scene.id) or decide(one, reader)
    )
    again = found(run, planted)
    assert asked == ["S2A_1"]
    assert list(again.table["offset_source"]) == ["pixels"] * 3
    assert is_settled(run, planted, find_inputs(run, planted))
    found(run, planted)
    assert asked == ["S2A_1"]


def test_a_file_replaced_under_an_unchanged_item_makes_another_scene_of_it(run, planted):
    before = found(run, planted)
    tif = files_of(planted) / "S2A_2" / "nir.tif"
    state = tif.stat()
    os.utime(tif, ns=(state.st_atime_ns, state.st_mtime_ns + 1))
    after = found(run, planted)
    assert after.key != before.key
    changed = [
        new.id
        for old, new in zip(from_table(before.table), from_table(after.table), strict=True)
        if old != new
    ]
    assert changed == ["S2A_2"]
    assert list(before.table["item_sha256"]) == list(after.table["item_sha256"])


@pytest.fixture
def by_api(planted, monkeypatch):
    """The same scenes through a STAC API, and every search that it was asked for."""
    items = plan_scenes.find_items(planted, planted.settings.scenes.provider)
    searches = []

    def search(api, *_):
        searches.append(api.api)
        return items

    monkeypatch.setattr("pipeline.ingest.scenes.search.search_items", search)
    folder = str(Path(planted.settings.scenes.provider.static).parent)
    provider = StacApi(api="https://host", access=Access(folders=(folder,)))
    scenes = planted.settings.scenes.model_copy(update={"provider": provider})
    return replace(planted, settings=planted.settings.model_copy(update={"scenes": scenes})), searches


def test_an_api_is_searched_once_whatever_else_changes_until_refreshed(run, by_api):
    area, searches = by_api
    first = found(run, area)
    assert len(first.table) == 3
    stricter = area.settings.scenes.model_copy(update={"max_cloud_percent": 50})
    other = replace(area, settings=area.settings.model_copy(update={"scenes": stricter}))
    assert found(run, other).key != first.key
    assert found(run, area).key == first.key
    assert searches == ["https://host"]
    found(replace(run, refresh=True), area)
    assert searches == ["https://host"] * 2


def test_a_file_that_an_api_names_is_noticed_when_it_is_replaced_and_nobody_searches_again(run, by_api):
    area, searches = by_api
    before = found(run, area)
    assert is_settled(replace(run, source=Source()), area, find_inputs(run, area))
    tif = Path(from_table(before.table)[1].assets["nir"].href)
    state = tif.stat()
    tif.write_bytes(tif.read_bytes()[::-1])
    os.utime(tif, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert not is_settled(replace(run, source=Source()), area, find_inputs(run, area))
    after = found(run, area)
    pairs = zip(from_table(before.table), from_table(after.table), strict=True)
    assert [new.id for old, new in pairs if describe_scene(old) != describe_scene(new)] == ["S2A_1"]
    assert is_settled(replace(run, source=Source()), area, find_inputs(run, area))
    assert searches == ["https://host"]


def test_a_scene_whose_file_has_another_checksum_than_its_item_says_is_left_out_by_name(run, planted):
    item = files_of(planted) / "S2A_1" / "item.json"
    content = json.loads(item.read_text(encoding="utf-8"))
    content["assets"]["nir"]["file:checksum"] = "1220" + "0" * 64
    item.write_text(json.dumps(content), encoding="utf-8")
    result = found(run, planted)
    assert list(result.table["id"]) == ["S2A_0", "S2A_2"]
    assert (result.account["taken"], result.account["rejected"]) == (2, {"content": 1})
    (warning,) = result.account["warnings"]
    assert "left out, a file is not the one that their item describes: S2A_1" in warning
    assert "nir.tif: sha256" in warning


def test_another_question_is_another_search(run, by_api):
    area, searches = by_api
    found(run, area)
    longer = area.settings.scenes.model_copy(update={"end": area.settings.scenes.end.replace(month=6, day=1)})
    found(run, replace(area, settings=area.settings.model_copy(update={"scenes": longer})))
    assert len(searches) == 2


def lie(planted, name, *, baseline="02.14", cloudy=False):
    """Let an item of the catalogue state another baseline beside the offset of its bands."""
    item = files_of(planted) / name / "item.json"
    content = json.loads(item.read_text(encoding="utf-8"))
    content["properties"]["s2:processing_baseline"] = baseline
    content["assets"]["red"]["raster:bands"] = [{"scale": 1e-4, "offset": -0.1}]
    item.write_text(json.dumps(content), encoding="utf-8")
    if cloudy:
        with rasterio.open(item.parent / "scl.tif", "r+") as scl:
            scl.write(np.full((1, *scl.shape), 9, dtype=np.uint8))


def test_a_scene_whose_offset_nothing_tells_is_left_out_by_name_and_counted(run, planted):
    lie(planted, "S2A_1", cloudy=True)
    lie(planted, "S2A_2")
    scenes = planted.settings.scenes.model_copy(update={"times_without_zone": "utc"})
    settings = planted.settings.model_copy(update={"scenes": scenes})
    result = found(run, replace(planted, settings=settings))
    assert list(result.table["id"]) == ["S2A_0", "S2A_2"]
    assert list(result.table["offset_conflict"]) == [False, True]
    account = result.account
    assert (account["found"], account["taken"], account["rejected"]) == (3, 2, {"offset": 1})
    assert account["undecided"] == []
    left_out, contradicted = sorted(account["warnings"], key=lambda text: "S2A_1" not in text)
    assert "left out" in left_out
    assert "raster:bands: -1000; baseline: 0" in left_out
    assert "S2A_2" in contradicted
    assert "their pixels decided" in contradicted


def test_where_the_offset_of_no_scene_can_be_told_all_are_named(run, planted):
    for number in range(3):
        lie(planted, f"S2A_{number}", cloudy=True)
    with pytest.raises(InputError) as refusal:
        found(run, planted)
    assert [problem.place for problem in refusal.value.problems] == ["S2A_0", "S2A_1", "S2A_2"]
    assert all("raster:bands" in problem.todo for problem in refusal.value.problems)


def test_a_kind_of_conflict_is_one_warning_whatever_the_number_of_scenes(run, planted):
    for number in range(3):
        lie(planted, f"S2A_{number}")
    (warning,) = found(run, planted).account["warnings"]
    assert warning.startswith("3 scenes")


def test_what_cannot_be_used_and_what_is_assumed_is_said_once_by_name(run, planted):
    for name, when in (("S2A_0", "2024-05-01T02:30:00"), ("S2A_1", "someday")):
        item = files_of(planted) / name / "item.json"
        content = json.loads(item.read_text(encoding="utf-8"))
        content["properties"]["datetime"] = when
        item.write_text(json.dumps(content), encoding="utf-8")
    scenes = planted.settings.scenes.model_copy(update={"times_without_zone": "utc"})
    settings = planted.settings.model_copy(update={"scenes": scenes})
    result = found(run, replace(planted, settings=settings))
    assert list(result.table["id"]) == ["S2A_0", "S2A_2"]
    fault, assumed = sorted(result.account["warnings"], key=lambda text: "someday" not in text)
    assert "S2A_1: no time that can be read ('someday')" in fault
    assert "S2A_0" in assumed
    assert "UTC" in assumed
