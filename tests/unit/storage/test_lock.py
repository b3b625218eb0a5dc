"""The lock of a workspace, and whose it is."""

import errno
import json
import os
import signal
import subprocess
import sys

import pytest

from pipeline.errors import WorkspaceBusy
from pipeline.storage import lock

HOLDS = (
    "import sys, time; from pathlib import Path; from pipeline.storage import lock\n"
    "with lock.acquire(Path(sys.argv[1])):\n"
    "    print('held', flush=True); time.sleep(60)\n"
)


@pytest.fixture
def holder(tmp_path):
    """A process that holds the workspace."""
    command = [sys.executable, "-c", HOLDS, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_who_comes_second_is_told_who_holds_the_workspace_and_what_to_do(holder, tmp_path):
    told = rf"process {holder.pid} on .+ since 20.+remove"
    with pytest.raises(WorkspaceBusy, match=told), lock.acquire(tmp_path):
        pass
    assert lock.is_held(tmp_path)


def test_the_lock_of_a_process_that_was_killed_is_free_whatever_its_note_says(holder, tmp_path):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (tmp_path / "holder.json").exists()
    assert not lock.is_held(tmp_path)
    with lock.acquire(tmp_path):
        assert json.loads((tmp_path / "holder.json").read_text())["process"] == os.getpid()
    assert not (tmp_path / "holder.json").exists()


def test_the_note_of_a_machine_that_died_keeps_nobody_out(tmp_path):
    (tmp_path / "lock").touch()
    note = {"host": "node17", "process": 1, "since": "2019-01-01T00:00:00+00:00"}
    (tmp_path / "holder.json").write_text(json.dumps(note))
    with lock.acquire(tmp_path):
        assert json.loads((tmp_path / "holder.json").read_text())["process"] == os.getpid()


@pytest.mark.usefixtures("holder")
@pytest.mark.parametrize("note", ["", "{", "[]", '{"host": 1}'])
def test_a_torn_note_names_nobody(tmp_path, note):
    (tmp_path / "holder.json").write_text(note)
    with pytest.raises(WorkspaceBusy, match=r"Another run holds \S+; wait"), lock.acquire(tmp_path):
        pass


def test_looking_whether_a_run_is_at_work_keeps_no_run_out(tmp_path):
    assert not lock.is_held(tmp_path)
    with lock.acquire(tmp_path):
        assert lock.is_held(tmp_path)
        assert lock.is_held(tmp_path)
    assert not lock.is_held(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lock"]


LOOKS = (
    "import filelock, sys, time; lock = open(sys.argv[1], 'rb')\n"
    "print(filelock.lock_descriptor(lock.fileno(), blocking=False), flush=True); time.sleep(0.2)\n"
)


def test_who_looks_at_a_lock_keeps_no_run_out_and_is_none_for_others_who_look(tmp_path):
    (tmp_path / "lock").touch()
    command = [sys.executable, "-c", LOOKS, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "True\n"
        assert not lock.is_held(tmp_path)
        with lock.acquire(tmp_path):
            assert lock.is_held(tmp_path)


def test_where_the_lock_cannot_be_looked_at_the_note_tells(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EBADF, "a file server that locks for writers only")

    with lock.acquire(tmp_path):
        monkeypatch.setattr("filelock.lock_descriptor", refuse)
        assert lock.is_held(tmp_path)
    assert not lock.is_held(tmp_path)


def test_a_workspace_can_be_locked_where_there_is_no_fcntl(tmp_path):
    code = (
        "import sys, warnings; sys.modules['fcntl'] = None; warnings.simplefilter('ignore')\n"
        "from pathlib import Path; from pipeline.storage.workspace import Workspace\n"
        "with Workspace(Path(sys.argv[1])).hold(): print('held')\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "work")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "held\n"
