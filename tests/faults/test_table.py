"""The frame of the table of faults: what it counts, finds and stops."""

import base64
import sys

import pandas as pd
import pytest

from tests.faults import commands
from tests.faults.table import FALLS_SHORT, HOLDS, count, try_case, write_table
from tests.faults.watching import find_secrets, list_forms, watch_files


def trying(rows, hits=()):
    return try_case(rows, list(hits), "a case", kind="a kind", door="a door", must="hold")


def test_a_case_that_holds_falls_short_or_does_harm_is_a_row(tmp_path):
    rows = []
    with trying(rows) as seen:
        seen.happened = "it\nheld"
    with pytest.raises(ZeroDivisionError), trying(rows):
        1 / 0  # noqa: B018
    with pytest.raises(AssertionError, match="lost"), trying(rows) as seen:
        seen.lost.append("a.txt")
    with pytest.raises(AssertionError, match="what happened"), trying(rows):
        pass
    with pytest.raises(AssertionError, match="hits"), trying(rows, ["/page"]) as seen:
        seen.happened = "asked"
    assert [row.holds for row in rows] == [HOLDS, *[FALLS_SHORT] * 4]
    assert rows[0].happened == "it held"
    assert count(rows).startswith("5 cases, 4 fall short, 0 not tried here; foreign-host hits 1")
    write_table(rows, tmp_path / "faults" / "table.csv")
    assert len(pd.read_csv(tmp_path / "faults" / "table.csv")) == 5


def test_files_that_are_gone_or_changed_are_lost_and_new_ones_are_not(tmp_path):
    (tmp_path / "kept").write_text("a")
    (tmp_path / "changed").write_text("a")
    (tmp_path / "gone").mkdir()
    with watch_files(tmp_path) as lost:
        (tmp_path / "changed").write_text("b")
        (tmp_path / "gone").rmdir()
        (tmp_path / "new").write_text("c")
    assert lost == [str(tmp_path / "changed"), str(tmp_path / "gone")]


def test_a_secret_is_found_in_every_form_also_in_cells_of_parquet(tmp_path):
    secret = "Planted/Secret+1"
    for number, form in enumerate(sorted(list_forms(secret))):
        (tmp_path / f"{number:02}").write_bytes(b"before " + form + b" after")
    for user in ("u", "us", "use"):
        (tmp_path / user).write_bytes(base64.b64encode(f"{user}:{secret}".encode()))
    pd.DataFrame({"href": [f"https://{secret}@host"] * 500}).to_parquet(
        tmp_path / "cells", compression="gzip"
    )
    (tmp_path / "clean").write_bytes(b"planted")
    found = {one.split(":")[0] for one in find_secrets(tmp_path, [secret])}
    assert found == {path.name for path in tmp_path.iterdir()} - {"clean"}


def test_a_command_that_does_not_end_or_leaves_a_traceback_falls_short(monkeypatch):
    monkeypatch.setattr(commands, "PROGRAM", sys.executable)
    done = commands.try_command(["-c", "import sys; print('out'); sys.exit('err')"])
    assert (done.code, done.out, done.tell()) == (1, "out\n", "exit 1: err")
    with pytest.raises(AssertionError, match="did not end within"):
        commands.try_command(["-c", "import time; time.sleep(60)"], seconds=0.5)
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        commands.try_command(["-c", "1 / 0"])
    with pytest.raises(AssertionError, match="MemoryError"):
        commands.try_command(["-c", "bytes(8 * 2**30)"])
