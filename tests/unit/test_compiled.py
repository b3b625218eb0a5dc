"""Compiled kernels are those of the source code that stands there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import compiled, operating_system
from pipeline.compiled import find_cache_root, name_cache, numba

CALLER = """
from pipeline.compiled import numba
from pipeline.callee import add

@numba.njit(cache=True)
def compute(value):
    return add(value)

print(compute(1.0))
"""
CALLEE = """
from pipeline.compiled import numba

@numba.njit(cache=True)
def add(value):
    return value + {}
"""


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "pipeline"
    folder.mkdir()
    (folder / "__init__.py").touch()
    shutil.copy(compiled.__file__, folder)
    shutil.copy(operating_system.__file__, folder)
    (folder / "caller.py").write_text(CALLER, encoding="utf-8")
    return folder


@pytest.mark.parametrize("has_place", [False, True])
def test_a_kernel_of_another_file_that_changes_is_not_called_as_it_was(package, tmp_path, has_place):
    environment = {name: text for name, text in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    if has_place:
        environment["NUMBA_CACHE_DIR"] = str(tmp_path / "caches")
    for number in (1, 10, 1):
        (package / "callee.py").write_text(CALLEE.format(number), encoding="utf-8")
        program = [sys.executable, "-c", "import pipeline.caller"]
        done = subprocess.run(
            program, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )
        assert float(done.stdout) == 1 + number
    place = tmp_path / "caches" if has_place else package / "__pycache__"
    assert len(list(place.glob("kernels-*"))) == 3


def test_the_cache_is_named_by_every_file_and_stays_while_none_changes(package):
    first = name_cache(package)
    assert name_cache(package) == first
    for path in (package / "caller.py", package / "deep" / "kernel.py"):
        path.parent.mkdir(exist_ok=True)
        path.write_text("# another\n", encoding="utf-8")
        assert name_cache(package) != first
        first = name_cache(package)


def test_kernels_of_the_pipeline_are_cached_under_that_name():
    folder = Path(compiled.__file__).parent
    assert Path(numba.config.CACHE_DIR).name == name_cache(folder)


def test_kernels_are_kept_where_they_may_be_written(tmp_path, monkeypatch):
    sources, home = tmp_path / "package", tmp_path / "home"
    sources.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "caches"))
    closed: set[Path] = set()
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) not in closed and may(path, mode))
    assert find_cache_root(sources) == sources / "__pycache__"
    closed.add(sources)
    assert find_cache_root(sources) == home / "caches" / "ecoledger"
    closed.add(tmp_path)
    fresh = find_cache_root(sources)
    assert fresh.is_dir()
    assert not fresh.is_relative_to(tmp_path / "home")
    assert fresh != find_cache_root(sources), "nobody else can have put anything there"
