"""The ledger: checked when it is opened, rebuilt from the records beside the artifacts."""

import os
import sqlite3

import pytest

from pipeline.contracts import ReadRecord
from pipeline.errors import WorkspaceError
from pipeline.storage.cause import Cause
from pipeline.storage.ledger import record_of
from pipeline.storage.workspace import Workspace

CAUSE = Cause("composite", 3, {"bands": ["red"]}, ["a"])
OTHER = Cause("spectral", 1, {"名": "甲"}, [CAUSE.key])
LOST = ("s1", "mask", "r0", "failed", "not readable")


def built(workspace, cause):
    part = workspace.part(cause)
    part.mkdir(parents=True)
    (part / "data.txt").write_text(cause.key)
    return workspace.enter(cause)


@pytest.fixture
def workspace(tmp_path):
    """A workspace with two artifacts, one of them with a block and its reads; nobody holds it."""
    workspace = Workspace(tmp_path / "work")
    with workspace.held():
        records = [ReadRecord(*LOST, "href", 3, "why")]
        workspace.enter_block(CAUSE, "r0", "sum", records)
        built(workspace, CAUSE)
        built(workspace, OTHER)
    return workspace


def spoil(path, how):
    match how:
        case "removed":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case "cut short":
            os.truncate(path, 9000)
        case "not a database":
            path.write_bytes(b"not a database" * 1000)
        case "a page overwritten":
            content = bytearray(path.read_bytes())
            content[4096:8192] = b"\xff" * 4096
            path.write_bytes(content)


DAMAGES = ["removed", "empty", "cut short", "not a database", "a page overwritten"]


@pytest.mark.parametrize("how", DAMAGES)
def test_a_lost_or_damaged_ledger_is_rebuilt_from_the_artifacts(workspace, how):
    spoil(workspace.root / "ledger.sqlite", how)
    with workspace.held():
        assert workspace.find(CAUSE) is not None
        assert workspace.find(OTHER) is not None
        assert workspace.finished_blocks(CAUSE) == {"r0": "sum"}
        assert workspace.reads([CAUSE.key]) == [LOST]
        with workspace.ledger() as ledger:
            assert ledger.execute("pragma integrity_check").fetchall() == [("ok",)]
    aside = workspace.root / "ledger.sqlite.damaged"
    assert aside.exists() == (how not in {"removed", "empty"})


def test_the_journal_of_a_damaged_ledger_does_not_go_into_the_new_one(workspace):
    spoil(workspace.root / "ledger.sqlite", "not a database")
    journal = workspace.root / "ledger.sqlite-journal"
    journal.write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(5000))
    with workspace.held():
        assert workspace.find(CAUSE) is not None
    assert not journal.exists()


def test_an_artifact_that_was_changed_is_not_believed_after_a_rebuilding(workspace):
    (workspace.path(CAUSE) / "data.txt").write_text("other")
    spoil(workspace.root / "ledger.sqlite", "removed")
    with workspace.held():
        assert workspace.find(CAUSE) is None
        assert workspace.find(OTHER) is not None


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b torn", b"{}"])
def test_an_artifact_whose_record_is_torn_is_built_anew(workspace, content):
    record_of(workspace.path(CAUSE)).write_bytes(content)
    spoil(workspace.root / "ledger.sqlite", "removed")
    with workspace.held():
        assert workspace.find(CAUSE) is None
        assert workspace.find(OTHER) is not None


def test_what_was_forgotten_does_not_come_back_by_a_rebuilding(workspace):
    with workspace.held():
        store = workspace.find(CAUSE)
        workspace.reopen(store)
    spoil(workspace.root / "ledger.sqlite", "removed")
    with workspace.held():
        assert workspace.find(CAUSE) is None
        assert workspace.find(OTHER) is None
        assert workspace.finished_blocks(CAUSE) == {}


def test_removing_an_artifact_removes_its_record(workspace):
    with workspace.held():
        workspace.forget_artifacts([OTHER.key])
    assert not record_of(workspace.path(OTHER)).exists()
    assert record_of(workspace.path(CAUSE)).exists()


def test_equal_artifacts_have_equal_records(workspace, tmp_path):
    other = Workspace(tmp_path / "other")
    with other.held():
        built(other, OTHER)
    one, two = (record_of(each.path(OTHER)).read_bytes() for each in (workspace, other))
    assert one == two


@pytest.mark.parametrize("how", ["cut short", "not a database"])
def test_who_only_looks_is_told_that_the_ledger_is_damaged(workspace, how):
    spoil(workspace.root / "ledger.sqlite", how)
    with (
        pytest.raises(WorkspaceError, match=r"is damaged.*the next run rebuilds it"),
        workspace.looked_into(),
        workspace.ledger() as ledger,
    ):
        ledger.execute("select * from artifacts").fetchall()


def test_a_ledger_that_cannot_be_used_is_not_called_damaged(workspace):
    with (
        pytest.raises(WorkspaceError, match="cannot be used"),
        workspace.held(),
        workspace.ledger(),
    ):
        raise sqlite3.OperationalError("disk I/O error")
