"""The files of a published delivery, by what its manifest says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Self

from pipeline.errors import InputError, Problem
from pipeline.storage.cause import sha256_of_file
from pipeline.storage.tables import load_json

FORMER_NAMES = MappingProxyType(
    {
        ".gpkg": "inventory.gpkg",
        ".xlsx": "inventory.xlsx",
        ".parquet": "inventory.parquet",
        ".html": "report.html",
    }
)
"""How files of a delivery were called before their names told area and label; links for this release."""

REGISTER_ENDS = MappingProxyType({"inventory": ".parquet", "parcels": "_parcels.parquet"})
"""How the names of the files end that always hold a whole layer of the register."""
FINDINGS_END = "_findings.parquet"
"""How the name of the file ends that has all findings, where the GeoPackage has some of each kind."""
SUPPLEMENT_END = "_supplement.xlsx"
"""How the name of the template ends that staff complete by hand."""


@dataclass(frozen=True)
class FileFacts:
    """Size in bytes and checksum of a file that is delivered."""

    size: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Self:
        """Those of a file as it lies there."""
        return cls(path.stat().st_size, sha256_of_file(path))


def find_delivered(folder: Path, suffix: str) -> Path:
    """The file of a kind in the folder of a delivery: the one that its manifest names, or the only one.

    Others whose names go on from its own, as `island_2024_parcels.parquet` does from `island_2024.parquet`,
    stand beside it. InputError where there is none, or several and no manifest to tell them apart.
    """
    named = sorted(_list_files(folder, suffix))
    whole = [name for name in named if all(_goes_on(other, name, suffix) for other in named)]
    if len(whole) == 1 and (path := folder / whole[0]).is_file():
        return path
    found = ", ".join(named) or "no such file"
    problem = Problem(str(folder / f"*{suffix}"), found, "the file of one delivery")
    raise InputError("What is given is no delivery", [problem])


def _goes_on(other: str, name: str, suffix: str) -> bool:
    """Whether a name is another, or goes on from it."""
    return other == name or other.startswith(f"{name.removesuffix(suffix)}_")


def _list_files(folder: Path, suffix: str) -> Iterator[str]:
    """Names at the top of the folder; where no manifest tells of files those that lie there, links aside."""
    manifest = folder / "manifest.json"
    told = _read_files(manifest) if manifest.is_file() else None
    if told is not None:
        yield from (name for name in told if "/" not in name and name.endswith(suffix))
        return
    paths = folder.glob(f"*{suffix}")
    yield from (path.name for path in paths if path.is_file() and not path.is_symlink())


def _read_files(manifest: Path) -> Mapping[str, object] | None:
    """The files that a manifest tells of; InputError for what is no manifest."""
    try:
        content = load_json(manifest)
    except ValueError as error:
        problem = Problem(str(manifest), str(error), "a manifest of ecoledger")
        raise InputError("What is given is no delivery", [problem]) from error
    return content.get("files") if isinstance(content, dict) else None
