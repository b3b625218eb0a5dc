"""What only some operating systems can do, and what is done elsewhere."""

import errno
import os
import signal
import subprocess
import sys
import threading
import unicodedata
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline import operating_system
from pipeline.aoi import PROJECT_ROOT
from pipeline.operating_system import (
    end_process,
    exit_code,
    explain_name,
    explain_path,
    explain_refusal,
    explain_stream,
    lower_priority,
    sync_to_disk,
)

SLEEPS = [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"]


@pytest.fixture
def sleeper():
    with subprocess.Popen(SLEEPS, stdout=subprocess.PIPE, start_new_session=True) as process:
        process.stdout.readline()
        yield process
        process.kill()


def test_a_signal_gives_the_code_of_a_shell_and_a_checkpoint_that_of_try_again():
    assert exit_code(signal.SIGINT) == 130
    assert exit_code(signal.SIGTERM) == 143
    assert exit_code(signal.SIGUSR1) == 75
    assert set(operating_system.STOPS) == {signal.SIGINT, signal.SIGTERM, signal.SIGUSR1}


@pytest.mark.parametrize("groups", [True, False])
def test_a_process_is_ended_with_its_group_or_alone_where_there_are_none(sleeper, monkeypatch, groups):
    if not groups:
        monkeypatch.delattr(os, "killpg")
    end_process(sleeper)
    assert sleeper.returncode == -signal.SIGKILL
    end_process(sleeper)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no priority of their own")
def test_a_thread_stands_back_and_the_others_do_not():
    of_thread, before = [], os.nice(0)

    def stand_back():
        lower_priority(3)
        of_thread.append(os.nice(0))

    thread = threading.Thread(target=stand_back)
    thread.start()
    thread.join()
    assert of_thread == [before + 3]
    assert os.nice(0) == before


def test_nothing_stands_back_where_the_whole_process_would(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.delattr(os, "nice")
    lower_priority(3)


@pytest.mark.parametrize(("platform", "expected"), [("linux", ["a.txt", "folder"]), ("win32", ["a.txt"])])
def test_files_are_flushed_and_folders_where_they_can_be(monkeypatch, tmp_path, platform, expected):
    opened, open_file = [], os.open

    def note_and_open(path, *rest):
        opened.append(path.name)
        return open_file(path, *rest)

    file, folder = tmp_path / "a.txt", tmp_path / "folder"
    file.write_text("a")
    folder.mkdir()
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(os, "open", note_and_open)
    sync_to_disk(file)
    sync_to_disk(folder)
    assert opened == expected


WITHOUT_POSIX = """
import asyncio, importlib.abc, multiprocessing, os, signal, sys  # the standard library goes by sys.platform
import psutil  # has a part for each system, and goes by sys.platform too

class Refusing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in GONE:
            raise ModuleNotFoundError(name)

GONE = {"fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"}
for name in GONE:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Refusing())
for name in ("SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGUSR1", "SIGUSR2"):
    delattr(signal, name)
for name in (
    "fchmod", "fork", "geteuid", "getloadavg", "getpgid", "getuid", "killpg", "mkfifo", "nice", "pread",
    "pwrite", "sched_getaffinity", "setpgid", "setsid", "statvfs",
):
    delattr(os, name)

from pipeline import cli
cli.main()
"""
COMMANDS = {
    "--help": 0,
    "schema": 0,
    "indices": 0,
    "rules": 0,
    "validate configs/demo.yaml": 0,
    "plan configs/demo.yaml": 0,
    "run configs/no-such.yaml": 2,
    "status no-such-folder": 2,
    "grade no-such-file.csv": 3,
    "diff no-such-delivery no-such-delivery": 3,
    "sample no-such-delivery --out points.gpkg": 2,
}


@pytest.mark.slow
@pytest.mark.parametrize(("command", "code"), COMMANDS.items())
def test_every_command_starts_without_what_only_posix_has(command, code):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_POSIX, *command.split()],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr


@pytest.mark.parametrize(
    ("system", "variable", "expected"),
    [
        ("linux", "XDG_CACHE_HOME", "told"),
        ("win32", "LOCALAPPDATA", "told"),
        ("linux", "", ".cache"),
        ("darwin", "", "Library/Caches"),
        ("win32", "", "AppData/Local"),
    ],
)
def test_the_cache_is_where_the_system_has_it(monkeypatch, tmp_path, system, variable, expected):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv(variable, str(tmp_path / "told"))
    assert operating_system.find_cache_folder() == tmp_path / expected / "ecoledger"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_what_never_ends_is_told_from_files_and_folders(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/null")
    (tmp_path / "file").touch()
    named = {
        name: explain_stream(tmp_path / name) for name in ("pipe", "link", "file", ".", "absent", "a\0b")
    }
    assert named == {
        "pipe": "a named pipe",
        "link": "a device",
        "file": "",
        ".": "",
        "absent": "",
        "a\0b": "",
    }


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EMFILE, errno.ENOMEM, errno.EROFS, errno.EFBIG])
def test_what_the_system_refuses_is_told_with_what_to_do(number):
    place, found, expected, todo = explain_refusal(OSError(number, os.strerror(number), "here"))
    assert (place, found) == ("here", os.strerror(number))
    assert expected
    assert todo


def test_memory_that_is_not_given_is_a_refusal_and_a_missing_file_is_none():
    assert explain_refusal(MemoryError()) is not None
    assert explain_refusal(FileNotFoundError(errno.ENOENT, "no such file")) is None


@pytest.mark.parametrize("name", ["2024", "扬中市", "q2.2024", "a b", "é", "x" * 80, "扬" * 26, "console"])
def test_a_name_that_every_system_holds_lacks_nothing(name):
    assert explain_name(name) == ""


@pytest.mark.parametrize(
    ("name", "lacking"),
    [
        ("x" * 81, "80 bytes"),
        ("扬" * 27, "80 bytes"),
        ("CON", "device"),
        ("nul.2024", "device"),
        ("lpt9", "device"),
        ("2024.", "dot or space"),
        ("2024 ", "dot or space"),
        ("a\nb", "signs that show"),
        ("a\0b", "signs that show"),
        ("\u202e4202", "signs that show"),
        ("a\udce9", "signs that show"),
        ("a/b", "signs that show"),
        ("a:b", "signs that show"),
    ],
)
def test_a_name_that_some_system_does_not_hold_lacks_something(name, lacking):
    assert lacking in explain_name(name)


@given(st.text(min_size=1))
def test_a_name_that_lacks_nothing_can_be_a_folder_with_what_we_add_to_it(tmp_path_factory, name):
    assume(not explain_name(name) and name not in {".", ".."})
    folder = tmp_path_factory.mktemp("names") / f".{name}_{'x' * 80}.part"
    folder.mkdir()
    assert unicodedata.normalize("NFC", folder.name) in {
        unicodedata.normalize("NFC", one.name) for one in folder.parent.iterdir()
    }


@pytest.mark.parametrize("path", ["a\0b", "caf\udce9", "x" * 256, "/" + "ab/" * 1400])
def test_a_path_that_no_system_takes_lacks_something(path):
    assert explain_path(path)
    assert explain_path("/a folder/中/x.csv") == ""
