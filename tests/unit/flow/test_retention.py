"""Old deliveries and what only they were made from."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.engine.executors import Threads
from pipeline.engine.progress import Bars
from pipeline.engine.run import Run
from pipeline.flow.retention import retire
from pipeline.storage.cause import Cause
from pipeline.storage.tables import load_json, save_json
from pipeline.storage.workspace import Workspace

SHARED = Cause("scenes", 1, {}, [])


def own(label):
    return Cause("composite", 1, {"label": label}, [])


@pytest.fixture
def run(tmp_path):
    workspace = Workspace(tmp_path / "out" / "work")
    with workspace.hold():
        yield Run(workspace, Threads(1), Bars(quiet=True))


def built(run, cause):
    return run.artifact("", cause, lambda folder: (folder / "figures.txt").write_text(cause.key))


def delivered(run, aoi, label, as_of):
    """A delivery made from an artifact of its own and one that all share."""
    folder = run.workspace.root.parent / aoi / label
    folder.mkdir(parents=True)
    keys = {"scenes": built(run, SHARED).key, "composite": [built(run, own(label)).key]}
    times = {"published": f"20{50 - len(list(folder.parent.iterdir()))}-01-01"}
    told = {"aoi": folder.parent.name, "label": folder.name, "config": {}, "files": {}}
    manifest = {**told, "artifacts": keys, "inputs": {}, "as_of": as_of, "times": times}
    save_json(folder / "manifest.json", manifest)
    run.workspace.enter_delivery(folder, f"key of {label}", 1, "")
    return folder


def area_at(folder, keep):
    return SimpleNamespace(
        target=folder, settings=SimpleNamespace(retention=SimpleNamespace(deliveries=keep))
    )


def four(run):
    return [delivered(run, "bay", f"2024Q{number}", f"2025-0{number}-01") for number in (1, 2, 3, 4)]


def test_the_last_deliveries_stay_with_what_they_were_made_from(run):
    folders = four(run)
    assert retire(run, [area_at(folders[3], 2)]) == folders[:2]
    assert [folder.exists() for folder in folders] == [False, False, True, True]
    found = [run.workspace.find(own(f"2024Q{number}")) is not None for number in (1, 2, 3, 4)]
    assert found == [False, False, True, True]
    assert not run.workspace.path(own("2024Q1")).exists()
    assert run.workspace.find(SHARED) is not None
    assert run.workspace.find_delivery(folders[0]) is None
    assert run.workspace.find_delivery(folders[2]) is not None


def test_what_another_area_was_made_from_stays(run):
    folders = four(run)
    other = delivered(run, "island", "2024Q1", "2025-01-01")
    retire(run, [area_at(folders[3], 1)])
    assert other.exists()
    assert run.workspace.find(own("2024Q1")) is not None


def test_clocks_that_were_put_back_while_they_were_published_change_nothing(run):
    folders = four(run)
    times = [load_json(folder / "manifest.json")["times"]["published"] for folder in folders]
    assert times == sorted(times, reverse=True)
    assert retire(run, [area_at(folders[3], 3)]) == folders[:1]


def test_of_deliveries_that_the_ledger_lost_those_of_the_latest_days_stay(run):
    folders = four(run)
    for folder in folders[:3]:
        run.workspace.forget_delivery(folder)
    assert retire(run, [area_at(folders[3], 2)]) == folders[:2]


def test_a_delivery_that_was_just_repeated_is_not_the_oldest(run):
    folders = four(run)
    assert retire(run, [area_at(folders[0], 1)]) == folders[1:]


@pytest.mark.parametrize("keep", [None, 4, 9])
def test_nothing_goes_where_no_number_or_a_larger_one_is_named(run, keep):
    folders = four(run)
    assert retire(run, [area_at(folders[3], keep)]) == []
    assert all(Path(folder).exists() for folder in folders)


def test_a_delivery_into_which_people_put_something_stays(run, caplog):
    folders = four(run)
    (folders[0] / "批注.docx").write_bytes(b"a note")
    assert retire(run, [area_at(folders[3], 2)]) == folders[1:2]
    assert (folders[0] / "批注.docx").read_bytes() == b"a note"
    assert "people put something there" in caplog.text


def test_a_folder_of_people_beside_the_deliveries_is_none_of_them(run):
    folders = four(run)
    for name, content in (("草稿", "{}"), ("备份", "no JSON"), ("深", "[" * 100_000)):
        (folders[0].parent / name).mkdir()
        (folders[0].parent / name / "manifest.json").write_text(content, encoding="utf-8")
    assert retire(run, [area_at(folders[3], 2)]) == folders[:2]
    assert sorted(path.name for path in folders[3].parent.iterdir()) == [
        "2024Q3",
        "2024Q4",
        *sorted(["草稿", "备份", "深"]),
    ]
