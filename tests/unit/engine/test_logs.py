"""The log of a run."""

import json
import logging
import os
from pathlib import Path

import pytest

from pipeline.engine.logs import open_log
from pipeline.errors import SettingsError


def test_every_line_is_an_object_that_names_its_run(tmp_path):
    path = tmp_path / "run.jsonl"
    for run in ("one", "two"):
        with open_log(path) as lines:
            lines.run = run
            logging.getLogger("ecoledger").info("built", extra={"step": "合成"})
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [(row["run"], row["message"], row["step"]) for row in rows] == [
        ("one", "built", "合成"),
        ("two", "built", "合成"),
    ]


def test_nothing_is_open_log_where_no_file_is_named():
    with open_log(None):
        assert logging.getLogger("ecoledger").handlers == []


def test_a_log_that_cannot_be_written_is_a_mistake_of_the_command(tmp_path):
    with pytest.raises(SettingsError, match=r"--log .*missing"), open_log(tmp_path / "missing" / "run.jsonl"):
        pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_log_that_takes_no_more_lines_is_told_and_ends_nothing():
    with open_log(Path("/dev/full")) as lines:
        logging.getLogger("ecoledger").info("built")
        logging.getLogger("ecoledger").info("built")
    assert "No space left" in lines.loss
    assert logging.getLogger("ecoledger").handlers == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_named_pipe_that_nobody_reads_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "log")
    with pytest.raises(SettingsError, match="--log"), open_log(tmp_path / "log"):
        pass


def test_events_keep_their_names_and_warnings_are_in_the_language_of_the_reader(tmp_path):
    path = tmp_path / "run.jsonl"
    with open_log(path, "zh"):
        logging.getLogger("ecoledger").info("run begun")
        logging.getLogger("ecoledger").warning("read failed")
    told = [json.loads(line)["message"] for line in path.read_text(encoding="utf-8").splitlines()]
    assert told == ["run begun", "读取失败"]


@pytest.mark.parametrize("content", ['{"label": "2024"}', "label: 2024\n", "a,b\n1,2\n"])
def test_a_file_that_is_no_log_is_refused_and_stays_as_it_is(tmp_path, content):
    path = tmp_path / "my.yaml"
    path.write_text(content)
    with pytest.raises(SettingsError, match="a file that is no log"), open_log(path):
        pass
    assert path.read_text() == content
