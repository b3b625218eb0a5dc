"""Surroundings that nobody expects: environment, streams, folders, limits and signals end in a code of ours."""

# ruff: noqa: E501  a row of a table is a line

import contextlib
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.commands import PROGRAM, try_command
from tests.faults.configs import write_config
from tests.faults.watching import watch_files

KIND = "strange surroundings"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="streams of Linux")]

ENVIRONMENTS = {
    "LC_ALL=C": {"LC_ALL": "C", "ECOLEDGER_LANGUAGE": None},
    "LC_ALL=POSIX without UTF-8": {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "Chinese where the output is ASCII": {"PYTHONIOENCODING": "ascii", "ECOLEDGER_LANGUAGE": "zh"},
    "Chinese where the output is GBK": {"PYTHONIOENCODING": "gbk", "ECOLEDGER_LANGUAGE": "zh"},
    "a locale that nobody has": {"LC_ALL": "xx_YY.UTF-8", "ECOLEDGER_LANGUAGE": None},
    "no HOME": {"HOME": None},
    "a HOME that is not there": {"HOME": "/nowhere"},
    "a HOME that is a file": {"HOME": "/etc/passwd"},
    "a TMPDIR that is not there": {"TMPDIR": "/nowhere"},
    "a cache folder that is a device": {"XDG_CACHE_HOME": "/dev/null"},
    "a kernel cache that is a device": {"NUMBA_CACHE_DIR": "/dev/null"},
    "an empty PATH": {"PATH": ""},
    "no variable at all": dict.fromkeys(os.environ),
    "a terminal of one column": {"COLUMNS": "1"},
    "a terminal of no column": {"COLUMNS": "0"},
    "a width that is no number": {"COLUMNS": "wide", "LINES": "-1"},
    "a dumb terminal": {"TERM": "dumb", "NO_COLOR": "1"},
    "a variable of 100 kB": {"HUGE": "x" * 100_000},
    "ten thousand variables": {f"V{number}": "x" * 50 for number in range(10_000)},
    "a time zone that nobody has": {"TZ": "Nowhere/At_All"},
    "a variable that is no UTF-8": {"STRANGE": "caf\udce9"},
    "options of GDAL that allow all": {
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "",
        "GDAL_DRIVER_PATH": "/nowhere",
    },
    "a PROJ_LIB of another release": {
        "PROJ_LIB": "/nowhere",
        "PROJ_DATA": "/nowhere",
        "GDAL_DATA": "/nowhere",
    },
}


@pytest.mark.parametrize("what", ENVIRONMENTS)
def test_an_environment_changes_nothing_of_what_validate_finds(what, tmp_path, fault):
    config = write_config(tmp_path)
    with fault(what, door="environment", must="exit 0") as seen:
        done = try_command(["validate", config], cwd=tmp_path, env=ENVIRONMENTS[what])
        seen.happened = done.tell()
        assert done.code == 0


def test_a_language_that_is_not_known_is_refused(tmp_path, fault):
    with fault("ECOLEDGER_LANGUAGE=xx", door="environment", must="exit 2, names it") as seen:
        done = try_command(["indices"], cwd=tmp_path, env={"ECOLEDGER_LANGUAGE": "xx"})
        seen.happened = done.tell()
        assert done.code == 2
        assert "ECOLEDGER_LANGUAGE" in done.err


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("words", ["indices", "validate my.yaml", "validate nothing.yaml"])
def test_streams_that_are_closed_change_no_code(words, closed, tmp_path, fault):
    write_config(tmp_path)
    expected = {2} if "nothing" in words else {0, 6} if ">&-" in closed.replace("2>&-", "") else {0}
    with fault(f"{words} {closed}", door="streams", must=f"exit {expected}") as seen:
        shell = subprocess.run(
            ["bash", "-c", f"{PROGRAM} {words} {closed}"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        seen.happened = f"exit {shell.returncode}: {shell.stderr}"
        assert "Traceback" not in shell.stderr
        assert shell.returncode in expected


LIMITS = {
    "files of 1 kB": ({resource.RLIMIT_FSIZE: 1024}, {0, 6}),
    "a stack of 256 kB": ({resource.RLIMIT_STACK: 256 * 1024}, {0, 6}),
    "no core": ({resource.RLIMIT_CORE: 0}, {0}),
    "memory of 1 GB": ({resource.RLIMIT_AS: 2**30}, {0, 2, 6}),
    "memory of 512 MB": ({resource.RLIMIT_AS: 2**29}, {0, 2, 6}),
    "no locked memory": ({resource.RLIMIT_MEMLOCK: 0}, {0}),
}


@pytest.mark.parametrize("what", LIMITS)
def test_limits_are_kept_or_told(what, tmp_path, fault):
    limits, codes = LIMITS[what]
    config = write_config(tmp_path)
    with fault(what, door="limits", must=f"exit {sorted(codes)}") as seen:
        done = try_command(["validate", config], cwd=tmp_path, limits=limits)
        seen.happened = done.tell()
        assert done.code in codes


def place(kind: str, path: Path) -> Path:
    """A path that is no folder to write into."""
    match kind:
        case "a file":
            path.write_text("a note")
        case "below a file":
            path.write_text("a note")
            return path / "below"
        case "a link to nowhere":
            path.symlink_to("nowhere")
        case "a link to itself":
            path.symlink_to(path.name)
        case "a named pipe":
            os.mkfifo(path)
        case "a folder of the kernel":
            return Path("/proc/self/nothing")
        case "a device":
            return Path("/dev/null")
        case "a folder":
            path.mkdir()
        case "in a folder that is not there":
            return path / "not" / "there"
    return path


NO_FOLDER = (
    "a file",
    "below a file",
    "a link to itself",
    "a named pipe",
    "a folder of the kernel",
    "a device",
)


@pytest.mark.parametrize("kind", NO_FOLDER)
@pytest.mark.parametrize("words", ["run my.yaml --out", "status", "view", "bulletin"])
def test_an_output_folder_that_is_none_is_told_and_left_alone(words, kind, tmp_path, fault):
    write_config(tmp_path)
    out = place(kind, tmp_path / "out")
    with fault(f"{words} {kind}", door="--out", must="exit 2 or 6, names it") as seen:
        with watch_files(tmp_path / "out") as seen.lost:
            done = try_command([*words.split(), out], cwd=tmp_path)
        seen.happened = done.tell()
        assert done.code in {2, 6}


@pytest.mark.parametrize("kind", ["a folder", "below a file", "in a folder that is not there", "the config"])
def test_a_log_that_cannot_be_one_is_told_and_spoils_nothing(kind, tmp_path, fault):
    config = write_config(tmp_path)
    log = config if kind == "the config" else place(kind, tmp_path / "log")
    with fault(f"the log is {kind}", door="--log", must="exit 2 or 6, names it") as seen:
        with watch_files(config) as seen.lost:
            done = try_command(["run", config, "--out", "delivery", "--log", log], cwd=tmp_path)
        seen.happened = done.tell()
        assert done.code in {2, 6}
        assert log.name in done.err


TABLE = "断面,监测时间,溶解氧\n甲,2024-05-01,8.1\n"
ONTO_ITSELF = {
    "grade --out": ["grade", "water.csv", "--out", "water.csv"],
    "grade --rejected": ["grade", "water.csv", "--rejected", "water.csv"],
    "init --to": ["init", ".", "--to", "my.yaml", "--yes"],
}


@pytest.mark.parametrize("what", ONTO_ITSELF)
def test_a_result_is_not_written_over_what_it_is_made_from(what, tmp_path, fault):
    write_config(tmp_path)
    (tmp_path / "water.csv").write_text(TABLE, encoding="utf-8")
    with fault(f"{what} is an input", door=what, must="exit 2, the input as it was") as seen:
        with watch_files(tmp_path) as seen.lost:
            done = try_command(ONTO_ITSELF[what], cwd=tmp_path)
        seen.happened = done.tell()
        assert done.code == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
@pytest.mark.parametrize(
    "after", [0.2, 0.4, 1.2, 3.0]
)  # sooner Python answers, which has read no line of ours
def test_a_signal_at_any_moment_ends_a_run_without_a_traceback(number, after, tmp_path, fault):
    config = write_config(tmp_path)
    with fault(f"{number.name} after {after} s", door="signals", must="its code, no traceback") as seen:
        running = subprocess.Popen(
            [PROGRAM, "run", config, "--out", "delivery", "--quiet"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  if we are in the background
        )
        time.sleep(after)
        running.send_signal(number)
        _, said = running.communicate(timeout=60)
        seen.happened = f"exit {running.returncode}: {said}"
        assert "Traceback" not in said
        assert running.returncode in {0, 75, 128 + number, -number}


def test_a_second_run_at_once_is_told_and_spoils_nothing(tmp_path, fault):
    config = write_config(tmp_path)
    words = ["run", config, "--out", "delivery", "--quiet"]
    with fault("two runs on one folder", door="--out", must="the second is exit 5") as seen:
        first = subprocess.Popen([PROGRAM, *words], cwd=tmp_path, stderr=subprocess.DEVNULL)
        while not (tmp_path / "delivery" / "work" / "ledger.sqlite").exists():
            assert first.poll() is None
            time.sleep(0.05)
        done = try_command(words, cwd=tmp_path)
        first.terminate()
        first.wait(60)
        seen.happened = done.tell()
        assert done.code == 5


def test_a_working_folder_that_was_removed_is_told(tmp_path, fault):
    (tmp_path / "gone").mkdir()
    with fault("the working folder was removed", door="cwd", must="exit 2, says so") as seen:
        command = f"cd {tmp_path / 'gone'} && rmdir {tmp_path / 'gone'} && {PROGRAM} validate my.yaml"
        done = subprocess.run(
            ["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False
        )
        seen.happened = f"exit {done.returncode}: {done.stderr}"
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


def write_database(path: Path, statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.executescript(statements)


MENDED = {"noise", "a header alone"}
"""What a run says that it rebuilds."""
LEDGERS: dict[str, Callable[[Path], object]] = {
    "noise": lambda path: path.write_bytes(bytes(range(256)) * 64),
    "a header alone": lambda path: path.write_bytes(b"SQLite format 3\0" + bytes(84)),
    "a folder": lambda path: path.mkdir(),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a named pipe": os.mkfifo,
    "a later release": lambda path: write_database(path, "pragma user_version = 99"),
    "other columns": lambda path: write_database(path, "create table artifacts (id integer, place text)"),
}  # fmt: skip


STATUS, RUN = "status delivery", "run my.yaml --out delivery --quiet"
TOLD = [(STATUS, what) for what in LEDGERS] + [(RUN, what) for what in LEDGERS if what not in MENDED]


@pytest.mark.parametrize(("words", "what"), TOLD)
def test_a_ledger_that_is_none_is_told_and_left_alone(words, what, tmp_path, fault):
    write_config(tmp_path)
    ledger = tmp_path / "delivery" / "work" / "ledger.sqlite"
    ledger.parent.mkdir(parents=True)
    LEDGERS[what](ledger)
    with fault(
        f"{words.split()[0]}: a ledger of {what}", door="work", must="exit 2 or 6, left alone"
    ) as seen:
        with watch_files(ledger) as seen.lost:
            done = try_command(words.split(), cwd=tmp_path)
        seen.happened = done.tell()
        assert done.code in {2, 6}


ODD_FOLDERS = {
    "a line break": "a\nb",
    "an emoji": "江🌊",
    "quotation marks": "a'b\"c",
    "a space at both ends": " a ",
    "signs of addresses": "a#b?c%20d&e",
    "signs of patterns": "[a]*{b}",
    "signs of shells": "$HOME `id` ;|",
    "a dash": "-rf",
    "a mark of right to left": "\u202eabc",
    "250 bytes": "x" * 250,
    "a backslash": "a\\b",
    "markup": "[bold red]a",
    "a percent": "%s%n%(a)s{0}",
    "a colon": "a:b",
    "an escape sequence": "a\x1b[31mb",
}


@pytest.mark.parametrize("what", ODD_FOLDERS)
def test_a_folder_of_any_name_holds_config_and_inputs(what, tmp_path, fault):
    folder = tmp_path / ODD_FOLDERS[what]
    folder.mkdir()
    (folder / "water.csv").write_text(TABLE, encoding="utf-8")
    aoi = Path(__file__).parents[2] / "aoi" / "guangyang_island.geojson"
    shutil.copy(aoi, folder / "area.geojson")
    blocks = {"aoi": ["area.geojson"], "samples": [{"path": "*.csv"}]}
    config = write_config(folder, "my.yaml", **blocks)
    with fault(
        f"a folder named with {what}", door="folders", must="exit 0 from within and from without"
    ) as seen:
        within = try_command(["validate", "my.yaml"], cwd=folder)
        without = try_command(["validate", config], cwd=tmp_path)
        planned = try_command(["plan", config], cwd=tmp_path)
        seen.happened = (
            f"{within.code}, {without.code}, {planned.code}: {within.err}{without.err}{planned.err}"
        )
        assert (within.code, without.code, planned.code) == (0, 0, 0)
        assert "\x1b" not in without.out + without.err + planned.out + planned.err
