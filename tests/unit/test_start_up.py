"""What a command imports: what it uses, and nothing else."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.aoi import PROJECT_ROOT

HOUSE = PROJECT_ROOT / "pipeline"
STUBS = sorted(HOUSE.rglob("__init__.pyi"))
ENTRIES = sorted((HOUSE / "flow" / "assessment" / "entries").glob("[a-z]*.py"))
VERBS = [
    "demo", "run", "validate", "plan", "status", "grade", "diff", "bulletin", "account", "sample", "indices",
    "rules",
]  # fmt: skip
GEOMETRY = {"numpy", "shapely", "fiona", "pyproj"}
HEAVY = {
    "yaml",
    *GEOMETRY,
    "pandas",
    "pyarrow",
    "geopandas",
    "pandera",
    "xarray",
    "dask",
    "distributed",
    "zarr",
}
HEAVY |= {
    "numba",
    "scipy",
    "rasterio",
    "pyogrio",
    "sklearn",
    "bokeh",
    "jinja2",
    "openpyxl",
    "pystac",
    "spyndex",
}
"""Libraries that take long to load, or stand for those that do; typer loads pydantic for its own sake."""

PROGRAM = (
    "import sys; from pipeline import cli\n"
    "try: cli.main()\n"
    "except SystemExit: pass\n"
    "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
)


def load_libraries(*words: object) -> set[str]:
    """The libraries that are loaded once a command has ended."""
    command = [sys.executable, "-c", PROGRAM, *map(str, words)]
    done = subprocess.run(command, cwd=PROJECT_ROOT, check=True, capture_output=True, text=True)
    return set(done.stderr.splitlines()[-1].split())


def load_heavy(*words: object) -> set[str]:
    """Those of them that are heavy."""
    return HEAVY & load_libraries(*words)


@pytest.mark.parametrize("words", [["--help"], *([verb, "--help"] for verb in VERBS)], ids=" ".join)
def test_help_loads_no_library_but_that_of_the_command_line(words):
    assert load_heavy(*words) == set()


@pytest.mark.parametrize("verb", ["schema", "providers", "legends"])
def test_what_the_settings_know_is_told_without_data_frames(verb):
    assert load_heavy(verb) <= {"yaml", *GEOMETRY}


def test_a_config_is_checked_without_what_reads_and_computes():
    assert load_heavy("validate", "configs/demo.yaml") == {"yaml", "spyndex", *GEOMETRY}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda path: path.stem)
def test_the_entry_of_a_part_imports_nothing_that_reads_or_computes(entry):
    module = f"pipeline.flow.assessment.entries.{entry.stem}"
    program = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert HEAVY & set(done.stdout.split()) <= {"yaml", *GEOMETRY}


def test_the_page_of_a_run_does_without_what_only_some_configs_ask_for():
    program = "import sys, pipeline.flow.page; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    asked_for = {"sklearn", "skops", "distributed", "pystac_client", "bokeh"}
    assert not asked_for & set(done.stdout.split())


WRITING = """
import sys
from datetime import date, datetime, UTC
import dask.array as da
import xarray as xr
from pipeline.contracts import Raster
from pipeline.grid import Grid
from pipeline.outputs.raster import write_raster
grid, day = Grid("EPSG:32651", 600_000.0, 3_500_040.0, 10.0, 64, 64), date(2024, 1, 1)
values = xr.DataArray(da.ones((64, 64), chunks=32, dtype="uint16"), dims=("y", "x"))
raster = Raster("looks_2024", "looks", "count", values, "looks", "looks", day, day)
write_raster(raster, grid, PATH, simulated=False, as_of=datetime(2024, 1, 1, tzinfo=UTC))
print(*sys.modules)
"""


def test_a_lazy_map_is_written_without_loading_a_cluster(tmp_path):
    program = f"from pathlib import Path; PATH = Path({str(tmp_path / 'looks.tif')!r})\n{WRITING}"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert (tmp_path / "looks.tif").exists()
    assert "distributed" not in done.stdout.split()


@pytest.mark.parametrize("stub", STUBS, ids=lambda path: path.parent.name)
def test_what_a_room_lists_is_found_in_it(stub):
    name = ".".join(stub.parent.relative_to(PROJECT_ROOT).parts)
    room = importlib.import_module(name)
    imports = [one for one in ast.parse(stub.read_text()).body if isinstance(one, ast.ImportFrom)]
    for one in imports:
        for alias in one.names:
            listed = getattr(room, alias.name)
            place = f"{name}.{one.module or alias.name}"
            expected = importlib.import_module(place)
            assert listed is (getattr(expected, alias.name) if one.module else expected)


def test_only_the_command_line_names_modules_through_the_whole_house():
    """Elsewhere a room is imported by its name, so that the walls between rooms are seen."""
    naming = {
        path.relative_to(HOUSE)
        for path in HOUSE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import) and any(alias.name == "pipeline" for alias in node.names)
    }
    assert {path.parent for path in naming} == {Path("cli")}
