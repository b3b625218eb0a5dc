"""Templates for schedules: each is read by the program that will read it."""

import configparser
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from pipeline.settings import load_settings

FOLDER = Path(__file__).parents[2] / "configs" / "schedule"


def test_the_rolling_config_names_the_last_complete_quarters():
    settings = load_settings(FOLDER / "quarterly.yaml", day=date(2026, 1, 10))
    assert settings.label == "2025Q4"
    assert [period.label for period in settings.scenes.periods][::7] == ["2024Q1", "2025Q4"]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
@pytest.mark.parametrize("unit", ["ecoledger.service", "ecoledger.timer"])
def test_systemd_takes_the_units(unit, tmp_path):
    for name in ("ecoledger.service", "ecoledger.timer"):
        content = (FOLDER / name).read_text(encoding="utf-8")
        content = content.replace("/opt/ecoledger/.venv/bin/ecoledger", sys.executable)
        (tmp_path / name).write_text(content, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / unit], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_what_was_lost_is_read_anew_on_the_next_days_and_then_not_before_the_next_quarter():
    timer = (FOLDER / "ecoledger.timer").read_text(encoding="utf-8")
    (when,) = re.findall(r"OnCalendar=(.*)", timer)
    asked = ["systemd-analyze", "calendar", "--base-time=2026-04-01", "--iterations=4", when]
    told = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    days = re.findall(r"(?:Next elapse|Iter\. #\d+|Iteration #\d+): \w+ (\S+)", told)
    assert days == ["2026-04-10", "2026-04-11", "2026-04-12", "2026-07-10"]
    service = (FOLDER / "ecoledger.service").read_text(encoding="utf-8")
    (never,) = re.findall(r"RestartPreventExitStatus=(.*)", service)
    assert never.split() == ["1", "2", "3", "4", "5", "6"]
    assert "RestartForceExitStatus=75" in service


def test_the_service_may_write_where_the_run_does():
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str
    unit.read(FOLDER / "ecoledger.service", encoding="utf-8")
    service = unit["Service"]
    assert service["ProtectSystem"] == "strict"
    command = service["ExecStart"].split()
    assert command[command.index("--out") + 1] == service["ReadWritePaths"]
    assert command[command.index("--log") + 1].startswith(f"/var/log/{service['LogsDirectory']}/")
    assert service["Environment"] == f"NUMBA_CACHE_DIR=/var/cache/{service['CacheDirectory']}"
    rotated = (FOLDER / "ecoledger.logrotate").read_text(encoding="utf-8")
    assert command[command.index("--log") + 1] in rotated


@pytest.mark.skipif(not shutil.which("logrotate"), reason="logrotate is not installed")
def test_logrotate_takes_its_file(tmp_path):
    content = (FOLDER / "ecoledger.logrotate").read_text(encoding="utf-8")
    path = tmp_path / "ecoledger"
    path.write_text(content.replace("    su ecoledger ecoledger\n", ""), encoding="utf-8")
    path.chmod(0o644)
    done = subprocess.run(["logrotate", "--debug", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_bash_takes_the_job_script():
    subprocess.run(["bash", "-n", FOLDER / "ecoledger.sbatch"], check=True)


def test_the_crontab_has_five_times_a_user_and_a_command():
    (line,) = [
        line
        for line in (FOLDER / "ecoledger.cron").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith(("#", "SHELL"))
    ]
    minute, hour, day, month, weekday, user, *command = line.split()
    assert (minute, hour, day, month, weekday) == ("0", "3", "10-12", "1,4,7,10", "*")
    assert user == "ecoledger"
    assert command[1] == "run"
