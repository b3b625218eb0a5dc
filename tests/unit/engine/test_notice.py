"""How a run ended, told to a command of the user's."""

import contextlib
import json
import sys

import psutil
import pytest

from pipeline.engine.notice import Summary, notify
from pipeline.settings.outputs import Notify

KEEPS = (
    "import os, pathlib, sys\n"
    "pathlib.Path(sys.argv[1]).write_text(os.environ['ECOLEDGER_EXIT_CODE'] + ' ' + sys.stdin.read())\n"
)
LINGERS = (
    "import pathlib, subprocess, sys\n"
    "child = subprocess.Popen(['sleep', '60'])\n"
    "pathlib.Path(sys.argv[1]).write_text(str(child.pid))\n"
    "child.wait()\n"
)


def python(program, *words, seconds=30.0):
    return Notify(command=[sys.executable, "-c", program, *map(str, words)], seconds=seconds)


@pytest.fixture
def summary():
    deliveries = [{"area": "龙游湾", "folder": "/srv/龙游湾/2024", "state": "published"}]
    return Summary("2024", ["龙游湾"], "run 7", 4, "two\nlines", deliveries=deliveries)


def test_a_command_gets_the_summary_on_stdin_and_the_exit_code_in_its_environment(summary, tmp_path):
    assert notify(python(KEEPS, tmp_path / "told"), summary) == ""
    code, _, line = (tmp_path / "told").read_text(encoding="utf-8").partition(" ")
    assert code == "4"
    assert line.count("\n") == 1
    assert json.loads(line) == {
        "label": "2024",
        "areas": ["龙游湾"],
        "run": "run 7",
        "exit_code": 4,
        "message": "two\nlines",
        "problems": [],
        "deliveries": summary.deliveries,
        "figures": [],
        "headlines": [],
    }


def test_no_shell_reads_the_words_of_a_command(summary, tmp_path):
    hostile = f"$(touch {tmp_path / 'evil'}); touch {tmp_path / 'evil'}"
    keeps = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text(sys.argv[2])"
    assert notify(python(keeps, tmp_path / "told", hostile), summary) == ""
    assert (tmp_path / "told").read_text() == hostile
    assert not (tmp_path / "evil").exists()


def test_a_command_that_fails_or_is_not_there_is_named(summary):
    assert notify(python("raise SystemExit(3)"), summary).endswith("ended with code 3")
    gone = notify(Notify(command=["no-such-program"]), summary)
    assert gone == "notify: no-such-program cannot be started: No such file or directory"


def test_a_command_that_reads_nothing_is_no_failure(summary):
    summary.message = "x" * 10**6
    assert notify(python("pass"), summary) == ""


def test_a_command_that_lingers_is_ended_with_all_that_it_started(summary, tmp_path):
    told = notify(python(LINGERS, tmp_path / "child", seconds=2), summary)
    assert told.endswith("was ended after 2.0 s")
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(int((tmp_path / "child").read_text())).wait(timeout=10)
