"""What is wrong with a machine is told before a run meets it."""

import subprocess
import sys

import pytest

from pipeline.aoi import PROJECT_ROOT
from pipeline.commands import doctor
from pipeline.commands.doctor import CHECKS, Diagnosis, Machine, diagnose, find_exit_code
from pipeline.engine import clusters
from pipeline.errors import Problem, WorkspaceError
from pipeline.settings import load_settings
from pipeline.settings.computing import Compute

DEMO = load_settings(PROJECT_ROOT / "configs" / "demo.yaml")


@pytest.fixture
def machine(tmp_path):
    return Machine(settings=None, out=tmp_path / "delivery", offline=True)


def look(machine) -> dict[str, Diagnosis]:
    return {one.subject: one for one in diagnose(machine)}


def test_a_machine_that_runs_the_tests_has_nothing_that_fails(machine):
    found = look(machine)
    assert not [one for one in found.values() if one.state == "failing"]
    assert {"ecoledger", "libraries", "coordinates", "memory", "open files", "Chinese font"} <= set(found)
    assert not machine.out.exists()


def test_what_is_not_ok_says_what_to_do(machine, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(doctor, "find_open_files_limit", lambda: 256)
    monkeypatch.setattr(doctor, "find_office", lambda: None)
    found = look(machine)
    assert {found[name].state for name in ("QGIS", "LibreOffice", "open files")} == {"lacking"}
    assert all(one.todo for one in found.values() if one.state != "ok")
    assert found["open files"].todo.startswith("ulimit -n 1024")


def test_memory_that_the_run_asks_for_and_the_machine_has_not_is_a_failure(tmp_path, monkeypatch):
    compute = Compute(workers=4, memory="2 GiB")
    settings = DEMO.model_copy(update={"compute": compute})
    monkeypatch.setattr(clusters, "find_memory_limit", lambda: 6 * 2**30)
    found = look(Machine(settings, tmp_path, offline=True))["memory"]
    assert found.state == "failing"
    assert found.found == "4 worker(s) of 2.0 GiB, of 6.0 GiB that this process may have"


@pytest.mark.skipif(sys.platform != "linux", reason="an address space is bounded on Linux alone")
def test_a_bound_of_the_address_space_less_what_libraries_claim_is_the_memory_that_there_is():
    bounded = "import resource; resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30)); "
    asked = "from pipeline.engine.limits import find_memory_limit; print(find_memory_limit())"
    done = subprocess.run([sys.executable, "-c", bounded + asked], capture_output=True, text=True, check=True)
    assert int(done.stdout) == 3 << 29


def test_tables_of_another_program_in_the_place_of_ours_are_named(tmp_path):
    """An environment made for QGIS or conda often names them."""
    asked = (
        "from pathlib import Path; from pipeline.commands.doctor import *; "
        "found = diagnose(Machine(None, Path('delivery'), True)); "
        "print(*[one for one in found if one.subject == 'coordinates'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked],
        env={"PROJ_DATA": str(tmp_path), "PROJ_LIB": str(tmp_path), "PATH": "/usr/bin:/bin"},
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "failing" in done.stdout
    assert "unset PROJ_DATA, PROJ_LIB" in done.stdout


def test_slurm_is_asked_for_where_the_config_names_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    settings = DEMO.model_copy(update={"compute": Compute(cluster="slurm")})
    assert look(Machine(settings, tmp_path, offline=True))["Slurm"].state == "failing"


def test_a_folder_that_takes_no_file_is_a_failure(machine, monkeypatch):
    monkeypatch.setattr(doctor, "_takes_files", lambda folder: folder != machine.out.parent)
    found = look(machine)["disk of deliveries"]
    assert (found.state, str(machine.out) in found.found) == ("failing", True)


def test_a_check_that_fails_in_itself_does_not_hide_the_others(machine, monkeypatch):
    def _check_that_fails(_):
        raise WorkspaceError("no disk", [Problem("disk", "gone", "a disk")])
        yield

    monkeypatch.setattr(doctor, "CHECKS", (_check_that_fails, *CHECKS))
    found = look(machine)
    assert found["that fails"].state == "failing"
    assert len(found) > len(CHECKS)


@pytest.mark.parametrize(
    ("failing", "code"), [((), 0), (("memory",), 6), (("provider cdse",), 75), (("memory", "provider x"), 6)]
)
def test_the_exit_code_is_that_of_the_run_that_would_fail(failing, code):
    found = [Diagnosis(subject, "failing", "") for subject in failing]
    assert find_exit_code([*found, Diagnosis("QGIS", "lacking", "")]) == code
