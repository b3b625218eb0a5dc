"""Whether this machine can do what a run asks: software, disk, memory, providers, programs that staff use.

Each check is an entry of `CHECKS`. Nothing is written but a file that is removed at once, to see whether a
folder takes it.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

import psutil
import pyproj
import rasterio
import shapely
from rich.console import RenderableType
from rich.table import Column, Table
from rich.text import Text

from pipeline import __version__
from pipeline.compiled import find_cache_root
from pipeline.engine.clusters import count_workers
from pipeline.engine.limits import find_memory_limit
from pipeline.errors import PipelineError, SettingsError, SourceError, WorkspaceError
from pipeline.geodesy import CGCS2000
from pipeline.ingest.scenes.reach import explain_silence
from pipeline.operating_system import find_cache_folder, find_open_files_limit
from pipeline.outputs.bulletin.printing import WAY_OUT, find_office
from pipeline.outputs.fact_sheets.fonts import find_font
from pipeline.settings import Settings
from pipeline.settings.computing import Compute
from pipeline.settings.sources import Provider, StacApi, load_providers

State = Literal["ok", "lacking", "failing"]
"""`lacking`: a part of the work would not be there; `failing`: a run would end with an error."""

_MARKS: Mapping[State, tuple[str, str]] = {
    "ok": ("✓", "green"),
    "lacking": ("!", "yellow"),
    "failing": ("✗", "bold red"),
}
_SUBJECT_CELLS = 24
_LIBRARIES = ("numpy", "numba", "xarray", "dask", "geopandas", "pyogrio", "zarr")
_LEAST_FREE = 5 * 2**30
_LEAST_FILES = 1024
_QGIS = ("qgis", "qgis-ltr", "qgis-bin", "qgis_process")
_PROGRAM_SECONDS = 20
_GIB = 2**30


@dataclass(frozen=True)
class Machine:
    """What is looked at: the config of a run, None where none is given, and the folder of its deliveries."""

    settings: Settings | None
    out: Path
    offline: bool

    @property
    def compute(self) -> Compute:
        """How much of the machine a run takes."""
        return self.settings.compute if self.settings else Compute()


@dataclass(frozen=True)
class Diagnosis:
    """What was found of a subject, and what to do where it is not ok."""

    subject: str
    state: State
    found: str
    todo: str = ""


def diagnose(machine: Machine) -> Iterator[Diagnosis]:
    """The diagnosis of every check, as it is made; a check that fails in itself is failing, not the end."""
    for check in CHECKS:
        try:
            yield from check(machine)
        except (PipelineError, OSError) as error:
            yield Diagnosis(check.__name__.removeprefix("_check_").replace("_", " "), "failing", str(error))


def lay_out_diagnosis(one: Diagnosis, say: Callable[[str], str]) -> RenderableType:
    """A diagnosis as a line of a terminal, what to do below it; `say` gives a message its language."""
    line = Table.grid(Column(width=2), Column(width=_SUBJECT_CELLS), Column(overflow="fold"), padding=(0, 1))
    mark, style = _MARKS[one.state]
    line.add_row(Text(mark, style=style), Text(say(one.subject)), Text(say(one.found)))
    if one.todo:
        line.add_row("", "", Text(f"→ {say(one.todo)}", style=style))
    return line


def find_exit_code(found: Sequence[Diagnosis]) -> int:
    """0 where nothing is failing; the code by which a run would end otherwise."""
    failing = {one.subject for one in found if one.state == "failing"}
    if not failing:
        return 0
    providers_alone = all(subject.startswith("provider ") for subject in failing)
    return SourceError.exit_code if providers_alone else WorkspaceError.exit_code


def _check_software(_: Machine) -> Iterator[Diagnosis]:
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    yield Diagnosis("ecoledger", "ok", f"{__version__}; Python {platform.python_version()}; {system}")
    versions = [
        ("GDAL", rasterio.__gdal_version__),
        ("PROJ", pyproj.__proj_version__),
        ("GEOS", ".".join(map(str, shapely.geos_version))),
        *((name, metadata.version(name)) for name in _LIBRARIES),
    ]
    yield Diagnosis("libraries", "ok", ", ".join(f"{name} {version}" for name, version in versions))


def _check_coordinates(_: Machine) -> Iterator[Diagnosis]:
    """Whether both libraries that bring coordinates find their own tables."""
    named = [name for name in ("PROJ_DATA", "PROJ_LIB", "GDAL_DATA") if os.environ.get(name)]
    try:
        pyproj.Transformer.from_crs(CGCS2000, "EPSG:32651", always_xy=True).transform(121.9, 31.5)
        rasterio.crs.CRS.from_epsg(4490).to_wkt()
    except (pyproj.exceptions.ProjError, rasterio.errors.CRSError) as error:
        todo = f"unset {', '.join(named)}, which name the tables of another program" if named else ""
        yield Diagnosis("coordinates", "failing", str(error), todo or "install pyproj and rasterio anew")
    else:
        yield Diagnosis("coordinates", "ok", f"EPSG:4490; {', '.join(named) or 'tables of the libraries'}")


def _check_disk(machine: Machine) -> Iterator[Diagnosis]:
    places = {
        "disk of deliveries": machine.out,
        "disk of temporary files": Path(tempfile.gettempdir()),
        "disk of caches": find_cache_folder(),
    }
    for subject, place in places.items():
        folder = next(path for path in (place, *place.parents) if path.is_dir())
        free = shutil.disk_usage(folder).free
        found = f"{place}: {free / _GIB:.1f} GiB free"
        if not _takes_files(folder):
            yield Diagnosis(
                subject, "failing", f"{place}: not writable", f"give this user the right to {folder}"
            )
        elif free < _LEAST_FREE:
            yield Diagnosis(
                subject, "lacking", found, f"free {_LEAST_FREE / _GIB:.0f} GiB, or name another disk"
            )
        else:
            yield Diagnosis(subject, "ok", found)


def _takes_files(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _check_memory(machine: Machine) -> Iterator[Diagnosis]:
    """Workers on this machine share its memory; a worker of a cluster has that of its own."""
    compute = machine.compute
    try:
        workers = count_workers(compute) if compute.cluster == "local" else 1
    except SettingsError as error:
        problem = error.problems[0]
        yield Diagnosis("memory", "failing", problem.found, problem.todo)
        return
    asked, free = workers * compute.memory, min(find_memory_limit(), psutil.virtual_memory().available)
    enough = asked <= free
    found = f"{free / _GIB:.1f} GiB free; a run of {workers} worker(s) takes {asked / _GIB:.1f}"
    todo = "" if enough else "end other programs, or lower compute.workers or compute.memory"
    yield Diagnosis("memory", "ok" if enough else "lacking", found, todo)


def _check_limits(_: Machine) -> Iterator[Diagnosis]:
    files = find_open_files_limit()
    enough = files >= _LEAST_FILES
    todo = "" if enough else f"ulimit -n {_LEAST_FILES} (LimitNOFILE= of a service)"
    yield Diagnosis("open files", "ok" if enough else "lacking", f"{files} at a time", todo)
    unicode_names = sys.getfilesystemencoding().lower().replace("-", "") == "utf8"
    yield Diagnosis(
        "file names",
        "ok" if unicode_names else "failing",
        sys.getfilesystemencoding(),
        "" if unicode_names else "PYTHONUTF8=1",
    )


def _check_kernels(_: Machine) -> Iterator[Diagnosis]:
    root = Path(os.environ.get("NUMBA_CACHE_DIR") or find_cache_root(Path(__file__).parents[1]))
    kept = not root.is_relative_to(tempfile.gettempdir())
    todo = "" if kept else "NUMBA_CACHE_DIR=folder that this user may write to; else each run compiles anew"
    yield Diagnosis("compiled kernels", "ok" if kept else "lacking", str(root), todo)


def _check_programs(machine: Machine) -> Iterator[Diagnosis]:
    qgis = next(filter(None, map(shutil.which, _QGIS)), None)
    yield (
        Diagnosis("QGIS", "ok", _ask_version(qgis))
        if qgis
        else Diagnosis(
            "QGIS", "lacking", "not found", "the GeoPackage opens on a machine with QGIS 3.22 or later"
        )
    )
    office = find_office()
    yield (
        Diagnosis("LibreOffice", "ok", office)
        if office
        else Diagnosis("LibreOffice", "lacking", "not found; bulletins are DOCX alone", WAY_OUT)
    )
    if machine.compute.cluster == "slurm":
        sbatch = shutil.which("sbatch")
        yield (
            Diagnosis("Slurm", "ok", sbatch)
            if sbatch
            else Diagnosis("Slurm", "failing", "no program sbatch", "run on a submit host of Slurm")
        )


def _ask_version(program: str) -> str:
    """The first line of what a program says of its version; its path where it says nothing in time."""
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    try:
        done = subprocess.run(  # noqa: S603 a program of this machine, found by its name
            [program, "--version"],
            capture_output=True,
            text=True,
            timeout=_PROGRAM_SECONDS,
            check=False,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired):
        return program
    told = [line for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.startswith("QGIS ")]
    return f"{told[0]} ({program})" if told else program


def _check_fonts(_: Machine) -> Iterator[Diagnosis]:
    try:
        yield Diagnosis("Chinese font", "ok", find_font().family)
    except WorkspaceError as error:
        problem = error.problems[0]
        yield Diagnosis(
            "Chinese font", "lacking", f"{problem.found}; fact sheets cannot be set", problem.todo
        )


def _check_providers(machine: Machine) -> Iterator[Diagnosis]:
    """That of the config; without one all that a config may name, of which a run needs one."""
    if machine.offline:
        return
    asked = {
        name: provider
        for name, provider in _list_providers(machine.settings).items()
        if isinstance(provider, StacApi)
    }
    with ThreadPoolExecutor() as threads:
        silences = dict(zip(asked, threads.map(explain_silence, asked.values()), strict=True))
    for name, silence in silences.items():
        unanswered: State = "failing" if machine.settings else "lacking"
        yield Diagnosis(
            f"provider {name}",
            unanswered if silence else "ok",
            silence or "answers",
            "check network, proxy (HTTPS_PROXY) and firewall" if silence else "",
        )


def _list_providers(settings: Settings | None) -> dict[str, Provider]:
    known = dict(load_providers())
    if settings is None:
        return known
    provider = settings.scenes.provider
    if isinstance(provider, str):
        return {provider: known[provider]} if provider in known else {}
    return {str(next(iter(provider.model_dump().values()))): provider}


CHECKS: tuple[Callable[[Machine], Iterator[Diagnosis]], ...] = (
    _check_software,
    _check_coordinates,
    _check_disk,
    _check_memory,
    _check_limits,
    _check_kernels,
    _check_programs,
    _check_fonts,
    _check_providers,
)
"""What is looked at, in this order."""
