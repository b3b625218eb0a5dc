"""The ledger: checked when it is opened, rebuilt from the records beside the artifacts."""

import os
import sqlite3
from contextlib import closing

import pytest

from pipeline.contracts import ReadRecord
from pipeline.errors import WorkspaceError
from pipeline.storage.cause import Cause
from pipeline.storage.ledger import FailedRead, Ledger, open_ledger, record_of
from pipeline.storage.workspace import Workspace

CAUSE = Cause("composite", 3, {"bands": ["red"]}, ["a"])
OTHER = Cause("spectral", 1, {"名": "甲"}, [CAUSE.key])
BESIDE = Cause("parcels", 1, {}, ["of others"])
LOST = ("s1", "mask", "r0", "failed", "not readable")


def build(workspace, cause):
    part = workspace.part(cause)
    part.mkdir(parents=True)
    (part / "data.txt").write_text(cause.key)
    return workspace.enter(cause)


@pytest.fixture
def workspace(tmp_path):
    """A workspace with two artifacts, one of them with a block and its reads; nobody holds it."""
    workspace = Workspace(tmp_path / "work")
    with workspace.hold():
        records = [ReadRecord(*LOST, "href", 3, "why")]
        workspace.ledger.enter_blocks(CAUSE.key, [("r0", "sum", records)])
        build(workspace, CAUSE)
        build(workspace, OTHER)
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
    with workspace.hold():
        assert workspace.find(CAUSE) is not None
        assert workspace.find(OTHER) is not None
        assert workspace.ledger.list_blocks(CAUSE.key) == {"r0": "sum"}
        assert workspace.ledger.list_reads([CAUSE.key]) == [LOST]
    with closing(sqlite3.connect(workspace.root / "ledger.sqlite")) as ledger:
        assert ledger.execute("pragma integrity_check").fetchall() == [("ok",)]
    aside = workspace.root / "ledger.sqlite.damaged"
    assert aside.exists() == (how not in {"removed", "empty"})


def test_the_journal_of_a_damaged_ledger_does_not_go_into_the_new_one(workspace):
    spoil(workspace.root / "ledger.sqlite", "not a database")
    journal = workspace.root / "ledger.sqlite-journal"
    journal.write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(5000))
    with workspace.hold():
        assert workspace.find(CAUSE) is not None
    assert not journal.exists()


def test_an_artifact_that_was_changed_is_not_believed_after_a_rebuilding(workspace):
    (workspace.path(CAUSE) / "data.txt").write_text("other")
    spoil(workspace.root / "ledger.sqlite", "removed")
    with workspace.hold():
        assert workspace.find(CAUSE) is None
        assert workspace.find(OTHER) is not None


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b torn", b"{}"])
def test_an_artifact_whose_record_is_torn_is_built_anew(workspace, content):
    record_of(workspace.path(CAUSE)).write_bytes(content)
    spoil(workspace.root / "ledger.sqlite", "removed")
    with workspace.hold():
        assert workspace.find(CAUSE) is None
        assert workspace.find(OTHER) is not None


def test_what_was_forgotten_does_not_come_back_by_a_rebuilding(workspace):
    with workspace.hold():
        store = workspace.find(CAUSE)
        workspace.reopen(store)
    spoil(workspace.root / "ledger.sqlite", "removed")
    with workspace.hold():
        assert workspace.find(CAUSE) is None
        assert workspace.find(OTHER) is None
        assert workspace.ledger.list_blocks(CAUSE.key) == {}


def test_removing_an_artifact_removes_its_record(workspace):
    with workspace.hold():
        workspace.forget_artifacts([OTHER.key])
    assert not record_of(workspace.path(OTHER)).exists()
    assert record_of(workspace.path(CAUSE)).exists()


def test_equal_artifacts_have_equal_records(workspace, tmp_path):
    other = Workspace(tmp_path / "other")
    with other.hold():
        build(other, OTHER)
    one, two = (record_of(each.path(OTHER)).read_bytes() for each in (workspace, other))
    assert one == two


@pytest.mark.parametrize("how", ["cut short", "not a database"])
def test_who_only_looks_is_told_that_the_ledger_is_damaged(workspace, how):
    spoil(workspace.root / "ledger.sqlite", how)
    with (
        pytest.raises(WorkspaceError, match=r"is damaged.*the next run rebuilds it"),
        workspace.open_for_reading(),
    ):
        workspace.ledger.list_failed_reads(1)


class Broken:
    """A connection to a disk that fails."""

    def execute(self, *_):
        raise sqlite3.OperationalError("disk I/O error")


def test_a_ledger_that_cannot_be_used_is_not_called_damaged(tmp_path):
    ledger = Ledger(tmp_path, Broken())
    with pytest.raises(WorkspaceError, match=r"ledger\.sqlite cannot be used: disk I/O error; see"):
        ledger.list_blocks(CAUSE.key)


@pytest.fixture
def ledger(tmp_path):
    with open_ledger(tmp_path) as ledger:
        yield ledger


def test_blocks_and_their_reads_are_entered_together_and_again_without_doubles(ledger):
    records = [
        ReadRecord("s2", "red", "r0", "read", "", "href"),
        ReadRecord("s1", "mask", "r0", "failed", "not readable", "href", attempts=3, error="why"),
    ]
    ledger.enter_blocks(CAUSE.key, [("r0", "one", records)])
    ledger.enter_blocks(CAUSE.key, [("r0", "two", records), ("r1", "three", [])])
    assert ledger.list_blocks(CAUSE.key) == {"r0": "two", "r1": "three"}
    assert ledger.list_reads([CAUSE.key]) == [
        ("s1", "mask", "r0", "failed", "not readable"),
        ("s2", "red", "r0", "read", ""),
    ]
    assert ledger.list_blocks(OTHER.key) == {}
    assert ledger.list_reads([]) == []


FIND_READS = "explain query plan delete from reads where key = 'k' and block = 'b'"


def test_reads_of_a_block_are_found_without_looking_at_all_of_its_map(tmp_path):
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as before:
        before.executescript(
            "create table reads (key, scene_id, band, block, outcome, reason, href, attempts, error);"
            "create index reads_by_key on reads (key);"
        )
    with open_ledger(tmp_path), closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as now:
        (((*_, plan),)) = now.execute(FIND_READS).fetchall()
        assert "(key=? AND block=?)" in plan


def test_a_block_that_cannot_be_entered_leaves_nothing_behind(ledger):
    ledger.enter_blocks(CAUSE.key, [("r0", "one", [ReadRecord("s1", "red", "r0", "read", "", "href")])])
    broken = ReadRecord("s1", "nir", "r0", "read", "", None)  # type: ignore[arg-type]
    with pytest.raises(WorkspaceError):
        ledger.enter_blocks(CAUSE.key, [("r0", "two", [broken])])
    assert ledger.list_blocks(CAUSE.key) == {"r0": "one"}
    assert len(ledger.list_reads([CAUSE.key])) == 1


def test_files_that_failed_are_told_one_by_one_with_how_many_blocks_lost_them(ledger):
    for block, attempts in (("r0", 3), ("r1", 5)):
        records = [
            ReadRecord("s2", "red", block, "failed", "not readable", "href", attempts, "HTTP 500"),
            ReadRecord("s1", "mask", block, "failed", "not readable", "href", 1, "torn"),
            ReadRecord("s1", "nir", block, "read", "", "href"),
        ]
        ledger.enter_blocks(CAUSE.key, [(block, "sum", records)])
    assert ledger.list_failed_reads(9) == [
        FailedRead("s1", "mask", 2, 1, "torn"),
        FailedRead("s2", "red", 2, 5, "HTTP 500"),
    ]
    assert [read.scene for read in ledger.list_failed_reads(1)] == ["s1"]


def test_blocks_count_as_unfinished_until_their_store_is_entered(ledger, tmp_path):
    for key, block in ((CAUSE.key, "r0"), (CAUSE.key, "r1"), (OTHER.key, "r0")):
        ledger.enter_blocks(key, [(block, "sum", [])])
    assert ledger.count_unfinished_blocks() == {CAUSE.key: 2, OTHER.key: 1}
    ledger.enter_artifact(CAUSE, tmp_path / "store", 1, "sum")
    assert ledger.count_unfinished_blocks() == {OTHER.key: 1}


def test_what_was_made_from_an_artifact_is_found_through_all_that_lies_between(ledger, tmp_path):
    pair = Cause("classifier", 1, {}, [f"{OTHER.key}|{CAUSE.key}"])
    last = Cause("cover", 1, {"axis": pair.key}, [])
    for cause in (CAUSE, OTHER, pair, last, BESIDE):
        ledger.enter_artifact(cause, tmp_path / cause.step, 1, "sum")
    steps = {cause.key: cause.step for cause in (CAUSE, OTHER, pair, last)}
    assert ledger.list_descendants(CAUSE.key) == steps
    assert ledger.list_descendants(pair.key) == {pair.key: "classifier", last.key: "cover"}
    ledger.forget_artifact(OTHER.key)
    assert set(ledger.list_descendants(CAUSE.key)) == {CAUSE.key, pair.key, last.key}
    assert ledger.list_descendants(BESIDE.key) == {BESIDE.key: "parcels"}


def make_old(root):
    """The ledger as it was before it knew the inputs of artifacts."""
    with closing(sqlite3.connect(root / "ledger.sqlite")) as file, file:
        for table in ("inputs", "costs"):
            file.execute(f"drop table {table}")
        tables = {name for (name,) in file.execute("select name from sqlite_master where type = 'table'")}
    assert tables == {"artifacts", "blocks", "reads", "deliveries", "runs"}


@pytest.mark.parametrize("change", [make_old, lambda root: (root / "ledger.sqlite").unlink()])
def test_a_ledger_of_before_or_a_rebuilt_one_knows_what_was_made_from_what(workspace, change):
    change(workspace.root)
    with workspace.hold():
        assert workspace.ledger.list_descendants(CAUSE.key) == {CAUSE.key: "composite", OTHER.key: "spectral"}
        workspace.reopen(workspace.find(CAUSE))
        assert workspace.find(OTHER) is None


@pytest.mark.parametrize("old", [False, True])
def test_what_only_the_ledger_knows_outlives_its_opening_and_its_upgrade(workspace, old):
    target = workspace.root.parent / "bay" / "2024"
    with workspace.hold():
        workspace.enter_delivery(target, "key", 5, "sum")
    if old:
        make_old(workspace.root)
    for _ in range(2):
        with workspace.hold():
            assert workspace.find_delivery(target) == ("key", 5, "sum")
    assert not (workspace.root / "ledger.sqlite.damaged").exists()


def test_an_upgrade_that_was_cut_short_is_done_again(workspace, monkeypatch):
    make_old(workspace.root)
    monkeypatch.setattr("pipeline.storage.ledger.keys_in", lambda cause: 1 / cause.count("甲"))
    with pytest.raises(ZeroDivisionError), workspace.hold():
        pass
    monkeypatch.undo()
    with workspace.hold():
        assert set(workspace.ledger.list_descendants(CAUSE.key)) == {CAUSE.key, OTHER.key}


def test_a_ledger_of_before_can_be_looked_into_and_stays_as_it_is(workspace):
    make_old(workspace.root)
    content = (workspace.root / "ledger.sqlite").read_bytes()
    with workspace.open_for_reading():
        assert workspace.ledger.list_failed_reads(1)[0].scene == "s1"
    assert (workspace.root / "ledger.sqlite").read_bytes() == content


OTHERS = {
    "a later layout": ("pragma user_version = 2", "layout 2"),
    "tables of other columns": ("alter table runs add column place text", "other columns: runs"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_a_ledger_of_another_release_is_told_and_left_as_it_is(workspace, what):
    change, said = OTHERS[what]
    path = workspace.root / "ledger.sqlite"
    with closing(sqlite3.connect(path)) as file:
        file.executescript(change)
    before = path.read_bytes()
    for use in (workspace.hold, workspace.open_for_reading):
        with pytest.raises(WorkspaceError, match=said), use():
            pass
    assert path.read_bytes() == before
