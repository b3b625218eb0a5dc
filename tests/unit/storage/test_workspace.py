"""Artifacts by cause, the ledger, the lock, publishing."""

import os
import sqlite3
import subprocess
import sys
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.contracts import ReadRecord
from pipeline.errors import WorkspaceBusy, WorkspaceError
from pipeline.grid import Block, Grid
from pipeline.storage.blocks import Layer, checksum_of, create_store, open_store, read_block, write_block
from pipeline.storage.workspace import (
    Cause,
    Workspace,
    load_json,
    load_layer,
    load_table,
    measured,
    publish,
    restore,
    save_json,
    save_tables,
)

CAUSE = Cause("composite", 3, {"bands": ["red", "nir"], "clear": {"scl": [4, 5], "open_px": 2}}, ["a", "b"])
GRID = Grid("EPSG:32651", 0.0, 0.0, 10.0, 10, 13)
LAYERS = {"red": Layer("int16", -32768, {"units": "1"}), "looks": Layer("uint16", 0, {})}


@pytest.fixture
def workspace(tmp_path):
    with Workspace(tmp_path / "work").held() as held:
        yield held


def built(workspace, cause=CAUSE, text="content"):
    part = workspace.part(cause)
    part.mkdir(parents=True)
    (part / "data.txt").write_text(text)
    (part / "more").mkdir()
    (part / "more" / "data.txt").write_text(text * 2)
    return workspace.enter(cause)


def test_a_reopened_store_keeps_what_lost_nothing_and_forgets_what_was_made_from_it(workspace):
    store = built(workspace)
    made = replace(CAUSE, step="spectral", inputs=[store.key])
    made_of_that = replace(CAUSE, step="cover", settings={"from": built(workspace, made).key}, inputs=[])
    other = replace(CAUSE, step="spectral", inputs=["of others"])
    for cause in (made_of_that, other):
        built(workspace, cause)
    for block, outcome in (("whole", "read"), ("torn", "failed")):
        records = [
            ReadRecord("s1", "red", block, outcome, "", "href"),
            ReadRecord("s2", "red", block, "read", "", ""),
        ]
        workspace.enter_block(CAUSE, block, f"checksum of {block}", records)
    workspace.reopen(store)
    assert workspace.finished_blocks(CAUSE) == {"whole": "checksum of whole"}
    assert workspace.part(CAUSE).is_dir()
    assert [workspace.find(cause) is None for cause in (CAUSE, made, made_of_that, other)] == [True] * 3 + [
        False
    ]
    assert workspace.enter(CAUSE) == store


def test_every_part_of_a_cause_makes_its_key():
    others = [
        replace(CAUSE, step="cover"),
        replace(CAUSE, version=4),
        replace(CAUSE, settings={**CAUSE.settings, "bands": ["nir", "red"]}),
        replace(CAUSE, settings={**CAUSE.settings, "clear": {"scl": [4, 5], "open_px": 3}}),
        replace(CAUSE, settings={**CAUSE.settings, "new": None}),
        replace(CAUSE, settings={}),
        replace(CAUSE, inputs=["b", "a"]),
        replace(CAUSE, inputs=["a", "b", "c"]),
        replace(CAUSE, inputs=["ab"]),
        replace(CAUSE, inputs=[]),
    ]
    assert len({CAUSE.key, *(cause.key for cause in others)}) == len(others) + 1


def test_nothing_but_the_cause_makes_the_key():
    turned = {"clear": {"open_px": 2, "scl": [4, 5]}, "bands": ["red", "nir"]}
    assert replace(CAUSE, settings=turned).key == CAUSE.key
    assert replace(CAUSE, inputs=("a", "b")).key == CAUSE.key
    assert len(CAUSE.key) == 64
    code = (
        "from pipeline.storage.workspace import Cause; print(Cause('s', 1, {'b': 1, 'a': '区'}, ['x']).key)"
    )
    keys = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert keys == {Cause("s", 1, {"a": "区", "b": 1}, ["x"]).key + "\n"}


def test_a_finished_artifact_is_found_by_its_cause_alone(workspace):
    artifact = built(workspace)
    assert workspace.find(replace(CAUSE, inputs=("a", "b"))) == artifact
    assert workspace.find(replace(CAUSE, version=9)) is None
    assert (artifact.path / "more" / "data.txt").read_text() == "contentcontent"


def test_a_part_is_never_found(workspace):
    part = workspace.part(CAUSE)
    part.mkdir(parents=True)
    (part / "data.txt").write_text("half")
    assert workspace.find(CAUSE) is None
    part.rename(part.with_name(part.name.removesuffix(".part")))
    assert workspace.find(CAUSE) is None


@pytest.mark.parametrize("damage", ["changed", "truncated", "gone", "more", "renamed", "all gone"])
def test_an_artifact_that_was_tampered_with_is_not_found_and_can_be_built_again(workspace, damage):
    path = built(workspace).path
    file = path / "data.txt"
    match damage:
        case "changed":
            file.write_text("contenT")
        case "truncated":
            os.truncate(file, 3)
        case "gone":
            file.unlink()
        case "more":
            (path / "extra.txt").touch()
        case "renamed":
            file.rename(path / "other.txt")
        case "all gone":
            file.unlink()
            (path / "more" / "data.txt").unlink()
    assert workspace.find(CAUSE) is None
    assert built(workspace) == workspace.find(CAUSE)


def test_an_artifact_outlives_the_process(tmp_path):
    for _ in range(2):
        with Workspace(tmp_path / "work").held() as held:
            artifact = held.find(CAUSE) or built(held)
    assert artifact.path.is_dir()


def test_blocks_and_their_reads_are_entered_together_and_again_without_doubles(workspace):
    records = [
        ReadRecord("s2", "red", "r0", "read", "", "href"),
        ReadRecord("s1", "mask", "r0", "failed", "not readable", "href", attempts=3, error="why"),
    ]
    for checksum in ("one", "two"):
        workspace.enter_block(CAUSE, "r0", checksum, records)
    workspace.enter_block(CAUSE, "r1", "three", [])
    assert workspace.finished_blocks(CAUSE) == {"r0": "two", "r1": "three"}
    assert workspace.reads([CAUSE.key]) == [
        ("s1", "mask", "r0", "failed", "not readable"),
        ("s2", "red", "r0", "read", ""),
    ]
    assert workspace.finished_blocks(replace(CAUSE, version=9)) == {}
    assert workspace.reads([]) == []


def test_a_block_that_cannot_be_entered_leaves_nothing_behind(workspace):
    workspace.enter_block(CAUSE, "r0", "one", [ReadRecord("s1", "red", "r0", "read", "", "href")])
    broken = ReadRecord("s1", "nir", "r0", "read", "", None)  # type: ignore[arg-type]
    with pytest.raises(WorkspaceError):
        workspace.enter_block(CAUSE, "r0", "two", [broken])
    assert workspace.finished_blocks(CAUSE) == {"r0": "one"}
    assert len(workspace.reads([CAUSE.key])) == 1


def test_a_second_process_is_told_that_the_workspace_is_busy(workspace):
    code = (
        "import sys; from pathlib import Path; from pipeline.storage.workspace import Workspace\n"
        "from pipeline.errors import PipelineError\n"
        "try:\n"
        "    with Workspace(Path(sys.argv[1])).held(): print('held')\n"
        "except PipelineError as error: print(type(error).__name__, error.exit_code)\n"
    )
    command = [sys.executable, "-c", code, str(workspace.root)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "WorkspaceBusy 5\n"


def test_a_second_holder_in_the_same_process_is_refused_and_the_first_goes_on(workspace):
    with pytest.raises(WorkspaceBusy), Workspace(workspace.root).held():
        pass
    assert built(workspace) == workspace.find(CAUSE)


def test_a_workspace_is_free_again_after_an_error(tmp_path):
    workspace = Workspace(tmp_path / "work")
    with pytest.raises(ZeroDivisionError), workspace.held():
        raise ZeroDivisionError
    with workspace.held():
        assert workspace.find(CAUSE) is None


@pytest.mark.parametrize("in_the_way", ["work", "work/lock", "work/ledger.sqlite"])
def test_something_else_in_place_of_the_workspace_is_a_workspace_error(tmp_path, in_the_way):
    place = tmp_path / in_the_way
    place.parent.mkdir(exist_ok=True)
    if in_the_way == "work":
        place.touch()
    else:
        place.mkdir()
    with pytest.raises(WorkspaceError), Workspace(tmp_path / "work").held():
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_a_workspace_error(tmp_path):
    tmp_path.chmod(0o555)
    with pytest.raises(WorkspaceError), Workspace(tmp_path / "work").held():
        pass


def test_a_failure_of_something_else_is_not_blamed_on_the_workspace(tmp_path):
    with pytest.raises(FileNotFoundError), Workspace(tmp_path / "work").held():
        (tmp_path / "parcels.gpkg").read_bytes()
    with pytest.raises(ConnectionError), Workspace(tmp_path / "work").held():
        raise ConnectionError("the provider went away")
    with pytest.raises(sqlite3.DatabaseError), Workspace(tmp_path / "work").held():
        sqlite3.connect(":memory:").execute("no sql")


def test_a_full_disk_is_a_workspace_error(tmp_path):
    with pytest.raises(WorkspaceError, match="is full; make room"), Workspace(tmp_path / "work").held():
        raise OSError(28, "No space left on device", str(tmp_path / "work" / "artifacts" / "a"))


def test_a_workspace_that_is_not_held_has_no_ledger(tmp_path):
    with pytest.raises(WorkspaceError, match="not held"):
        Workspace(tmp_path).find(CAUSE)


def test_a_block_is_written_to_its_own_region_and_comes_back(tmp_path):
    create_store(tmp_path / "store", LAYERS, GRID, 4)
    rng = np.random.default_rng(1)
    planted = {}
    for block in GRID.blocks(4):
        arrays = {
            "red": rng.integers(-9000, 9000, block.shape, dtype=np.int16),
            "looks": rng.integers(0, 9, block.shape, dtype=np.uint16),
        }
        planted[block] = arrays
        assert write_block(tmp_path / "store", block, arrays) == checksum_of(arrays)
    for block, arrays in planted.items():
        found = read_block(tmp_path / "store", block, ["red", "looks"])
        assert checksum_of(found) == checksum_of(arrays)
        assert all((found[name] == arrays[name]).all() for name in arrays)
    lazy = open_store(tmp_path / "store")
    assert lazy["red"].dtype == np.int16
    assert lazy["red"].dims == ("y", "x")
    assert (lazy["red"].values[8:, 12:] == planted[Block(8, 10, 12, 13)]["red"]).all()
    assert lazy.attrs["grid"] == GRID.as_dict()


def test_what_was_never_written_is_the_fill(tmp_path):
    create_store(tmp_path / "store", LAYERS, GRID, 4)
    found = read_block(tmp_path / "store", GRID.whole, LAYERS)
    assert (found["red"] == -32768).all()
    assert (found["looks"] == 0).all()


def test_equal_content_has_equal_bytes_in_whatever_order_it_was_written(tmp_path):
    for name, blocks in (("one", list(GRID.blocks(4))), ("two", list(GRID.blocks(4))[::-1])):
        create_store(tmp_path / name, LAYERS, GRID, 4)
        for block in blocks:
            red = np.full(block.shape, block.row_from, dtype=np.int16)
            write_block(tmp_path / name, block, {"red": red, "looks": red.astype(np.uint16)})
    assert measured(tmp_path / "one") == measured(tmp_path / "two")


def test_a_checksum_knows_names_and_values_and_not_the_memory_layout():
    array = np.arange(12, dtype=np.int16).reshape(3, 4)
    assert checksum_of({"a": array, "b": array}) == checksum_of({"b": array, "a": np.asfortranarray(array)})
    assert checksum_of({"a": array}) != checksum_of({"b": array})
    assert checksum_of({"a": array}) != checksum_of({"a": array + 1})


def test_tables_layers_and_json_come_back_as_they_were(tmp_path):
    table = pd.DataFrame(
        {"a": [1, 2], "名": ["甲", None], "when": pd.to_datetime(["2024-01-01", None], utc=True)}
    )
    layer = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(1, 2)], crs="EPSG:4490")
    save_tables(tmp_path, {"table": table, "layer": layer})
    pd.testing.assert_frame_equal(load_table(tmp_path, "table"), table)
    assert load_layer(tmp_path, "layer").crs.to_epsg() == 4490
    save_json(tmp_path / "a.json", {"b": "甲", "a": [1.5, None]})
    assert load_json(tmp_path / "a.json") == {"a": [1.5, None], "b": "甲"}


def delivery(folder, text):
    folder.mkdir(parents=True)
    (folder / "inventory.gpkg").write_text(text)
    return folder


def test_publishing_puts_the_new_delivery_in_place_and_names_it(tmp_path):
    target = tmp_path / "bay" / "2024"
    for text in ("old", "new"):
        publish(delivery(tmp_path / "bay" / ".2024.part", text), target)
        assert (target / "inventory.gpkg").read_text() == text
        assert (tmp_path / "bay" / "latest").read_text() == "2024\n"
        assert sorted(entry.name for entry in (tmp_path / "bay").iterdir()) == ["2024", "latest"]
    publish(delivery(tmp_path / "bay" / ".2025.part", "next"), tmp_path / "bay" / "2025")
    assert (tmp_path / "bay" / "latest").read_text() == "2025\n"
    assert (target / "inventory.gpkg").read_text() == "new"


@pytest.mark.parametrize("guard", ["-wal", "-shm"])
def test_a_delivery_that_someone_has_open_is_not_replaced(tmp_path, guard):
    target = delivery(tmp_path / "bay" / "2024", "old")
    (target / f"inventory.gpkg{guard}").touch()
    with pytest.raises(WorkspaceError, match="close the program"):
        publish(delivery(tmp_path / "bay" / ".2024.part", "new"), target)
    assert (target / "inventory.gpkg").read_text() == "old"


def test_the_old_delivery_is_back_when_the_new_one_cannot_be_put_in_place(tmp_path, monkeypatch):
    target = delivery(tmp_path / "bay" / "2024", "old")
    folder = delivery(tmp_path / "bay" / ".2024.part", "new")
    rename = type(folder).rename

    def refuse(path, to):
        if path == folder:
            raise OSError(18, "Invalid cross-device link")
        return rename(path, to)

    monkeypatch.setattr(type(folder), "rename", refuse)
    with pytest.raises(OSError, match="cross-device"):
        publish(folder, target)
    assert (target / "inventory.gpkg").read_text() == "old"


def test_what_a_killed_publish_left_is_cleared_by_the_next(tmp_path):
    target = tmp_path / "bay" / "2024"
    delivery(tmp_path / "bay" / ".2024.old", "older")
    publish(delivery(tmp_path / "bay" / ".2024.part", "new"), target)
    assert sorted(entry.name for entry in (tmp_path / "bay").iterdir()) == ["2024", "latest"]


def test_a_delivery_moved_aside_by_a_killed_run_is_put_back(tmp_path):
    target = tmp_path / "bay" / "2024"
    delivery(tmp_path / "bay" / ".2024.old", "old")
    restore(target)
    assert (target / "inventory.gpkg").read_text() == "old"
    delivery(tmp_path / "bay" / ".2024.old", "older")
    restore(target)
    assert (target / "inventory.gpkg").read_text() == "old"


def test_a_published_delivery_is_entered_by_its_place_below_the_output_folder(workspace):
    target = workspace.root.parent / "bay" / "2024"
    assert workspace.delivered(target) is None
    for key in ("one", "two"):
        workspace.enter_delivery(target, key, 5, "sum")
    assert workspace.delivered(target) == ("two", 5, "sum")
