"""Artifacts by cause, and who may hold the workspace they live in."""

import os
import sqlite3
import subprocess
import sys
from dataclasses import replace

import pytest

from pipeline.contracts import ReadRecord
from pipeline.errors import WorkspaceBusy, WorkspaceError
from pipeline.storage.cause import Cause
from pipeline.storage.workspace import Workspace

CAUSE = Cause("composite", 3, {"bands": ["red", "nir"], "clear": {"scl": [4, 5], "open_px": 2}}, ["a", "b"])


@pytest.fixture
def workspace(tmp_path):
    with Workspace(tmp_path / "work").hold() as held:
        yield held


def build(workspace, cause=CAUSE, text="content"):
    part = workspace.part(cause)
    part.mkdir(parents=True)
    (part / "data.txt").write_text(text)
    (part / "more").mkdir()
    (part / "more" / "data.txt").write_text(text * 2)
    return workspace.enter(cause)


def test_a_reopened_store_keeps_what_lost_nothing_and_forgets_what_was_made_from_it(workspace):
    store = build(workspace)
    made = replace(CAUSE, step="spectral", inputs=[store.key])
    made_of_that = replace(CAUSE, step="cover", settings={"from": build(workspace, made).key}, inputs=[])
    other = replace(CAUSE, step="spectral", inputs=["of others"])
    for cause in (made_of_that, other):
        build(workspace, cause)
    for block, outcome in (("whole", "read"), ("torn", "failed")):
        records = [
            ReadRecord("s1", "red", block, outcome, "", "href"),
            ReadRecord("s2", "red", block, "read", "", ""),
        ]
        workspace.ledger.enter_blocks(CAUSE.key, [(block, f"checksum of {block}", records)])
    workspace.reopen(store)
    assert workspace.ledger.list_blocks(CAUSE.key) == {"whole": "checksum of whole"}
    assert workspace.part(CAUSE).is_dir()
    assert [workspace.find(cause) is None for cause in (CAUSE, made, made_of_that, other)] == [True] * 3 + [
        False
    ]
    assert workspace.enter(CAUSE) == store


def test_a_finished_artifact_is_found_by_its_cause_alone(workspace):
    artifact = build(workspace)
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
    path = build(workspace).path
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
    assert build(workspace) == workspace.find(CAUSE)


def test_an_artifact_outlives_the_process(tmp_path):
    for _ in range(2):
        with Workspace(tmp_path / "work").hold() as held:
            artifact = held.find(CAUSE) or build(held)
    assert artifact.path.is_dir()


def test_a_second_process_is_told_that_the_workspace_is_busy(workspace):
    code = (
        "import sys; from pathlib import Path; from pipeline.storage.workspace import Workspace\n"
        "from pipeline.errors import PipelineError\n"
        "try:\n"
        "    with Workspace(Path(sys.argv[1])).hold(): print('held')\n"
        "except PipelineError as error: print(type(error).__name__, error.exit_code)\n"
    )
    command = [sys.executable, "-c", code, str(workspace.root)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "WorkspaceBusy 5\n"


def test_a_second_holder_in_the_same_process_is_refused_and_the_first_goes_on(workspace):
    with pytest.raises(WorkspaceBusy), Workspace(workspace.root).hold():
        pass
    assert build(workspace) == workspace.find(CAUSE)


def test_a_workspace_is_free_again_after_an_error(tmp_path):
    workspace = Workspace(tmp_path / "work")
    with pytest.raises(ZeroDivisionError), workspace.hold():
        raise ZeroDivisionError
    with workspace.hold():
        assert workspace.find(CAUSE) is None


@pytest.mark.parametrize("in_the_way", ["work", "work/lock", "work/ledger.sqlite"])
def test_something_else_in_place_of_the_workspace_is_a_workspace_error(tmp_path, in_the_way):
    place = tmp_path / in_the_way
    place.parent.mkdir(exist_ok=True)
    if in_the_way == "work":
        place.touch()
    else:
        place.mkdir()
    with pytest.raises(WorkspaceError), Workspace(tmp_path / "work").hold():
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_a_workspace_error(tmp_path):
    tmp_path.chmod(0o555)
    with pytest.raises(WorkspaceError), Workspace(tmp_path / "work").hold():
        pass


def test_a_failure_of_something_else_is_not_blamed_on_the_workspace(tmp_path):
    with pytest.raises(FileNotFoundError), Workspace(tmp_path / "work").hold():
        (tmp_path / "parcels.gpkg").read_bytes()
    with pytest.raises(ConnectionError), Workspace(tmp_path / "work").hold():
        raise ConnectionError("the provider went away")
    with pytest.raises(sqlite3.DatabaseError), Workspace(tmp_path / "work").hold():
        sqlite3.connect(":memory:").execute("no sql")


def test_a_full_disk_is_a_workspace_error(tmp_path):
    with pytest.raises(WorkspaceError, match="is full; make room"), Workspace(tmp_path / "work").hold():
        raise OSError(28, "No space left on device", str(tmp_path / "work" / "artifacts" / "a"))


def test_a_workspace_that_is_not_held_has_no_ledger(tmp_path):
    with pytest.raises(WorkspaceError, match="not held"):
        Workspace(tmp_path).find(CAUSE)


def test_a_published_delivery_is_entered_by_its_place_below_the_output_folder(workspace):
    target = workspace.root.parent / "bay" / "2024"
    assert workspace.find_delivery(target) is None
    for key in ("one", "two"):
        workspace.enter_delivery(target, key, 5, "sum")
    assert workspace.find_delivery(target) == ("two", 5, "sum")
