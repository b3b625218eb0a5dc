"""Where artifacts live, named after what they were made from; the ledger; atomic publishing.

An artifact's key is the sha256 of canonical JSON of its cause: step, version, settings, keys of inputs.
It is built under `.part`, flushed, renamed, then entered in the ledger with its size and checksum.
"""

import hashlib
import json
import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
from blake3 import blake3

from pipeline.contracts import ReadRecord
from pipeline.errors import WorkspaceError
from pipeline.storage import disk, lock
from pipeline.storage import ledger as ledgers

_PIECE_BYTES = 2**20
_SHAPEFILE_PARTS = {".shp", ".shx", ".dbf", ".prj", ".cpg"}


@dataclass(frozen=True)
class Cause:
    """What an artifact is made from; two equal causes give one artifact."""

    step: str
    version: int
    settings: Mapping[str, Any]
    inputs: Sequence[str]

    @cached_property
    def text(self) -> str:
        """Canonical JSON."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @cached_property
    def key(self) -> str:
        """Name of the artifact."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class Artifact:
    """Something finished, at `path`, under its key."""

    key: str
    path: Path


class Workspace:
    """The folder `work/` of a delivery folder: artifacts, ledger and lock; one process writes at a time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._ledger = root.resolve() / "ledger.sqlite"
        self._connection: sqlite3.Connection | None = None

    @contextmanager
    def held(self) -> Iterator["Workspace"]:
        """The workspace, locked: WorkspaceBusy if another run holds it, WorkspaceError if it is unusable."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with lock.held(self.root), closing(self._opened()) as self._connection:
                yield self
        except (OSError, RuntimeError, sqlite3.Error) as error:
            if (told := disk.trouble(self.root, error)) is None:
                raise
            raise told from error

    @contextmanager
    def looked_into(self) -> Iterator["Workspace"]:
        """The workspace to read from only, whoever holds it."""
        with (
            self._told(),
            closing(sqlite3.connect(f"{self._ledger.as_uri()}?mode=ro", uri=True)) as self._connection,
        ):
            yield self

    @contextmanager
    def ledger(self) -> Iterator[sqlite3.Connection]:
        """The open ledger; WorkspaceError if it is damaged or the workspace is not held."""
        if self._connection is None:
            raise WorkspaceError(f"The workspace {self.root} is not held")
        with self._told():
            yield self._connection

    def _opened(self) -> sqlite3.Connection:
        with self._told():
            return ledgers.open_ledger(self._ledger, self.root / "artifacts")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if ledgers.is_full(error):
                raise disk.full(self.root) from error
            if not self.root.exists():
                raise disk.gone(self.root, error) from error
            raise ledgers.failure(self._ledger, error) from error

    def find(self, cause: Cause) -> Artifact | None:
        """The finished artifact of a cause, if its size and checksum are those of the ledger."""
        path = self.path(cause)
        query = "select bytes, checksum from artifacts where key = ?"
        with self.ledger() as ledger:
            row = ledger.execute(query, [cause.key]).fetchone()
        if row is None or not path.exists() or tuple(row) != measured(path):
            return None
        return Artifact(cause.key, path)

    def part(self, cause: Cause) -> Path:
        """Where the artifact of a cause is built; what an earlier, killed build left is still there."""
        path = self.path(cause)
        return path.with_name(f"{path.name}.part")

    def taken_up(self, cause: Cause) -> Path:
        """The part of a store, to go on with: where entering it was cut short, the finished store itself."""
        part, path = self.part(cause), self.path(cause)
        with self.ledger() as ledger:
            entered = ledger.execute("select 1 from artifacts where key = ?", [cause.key]).fetchone()
        if entered is None and path.exists() and not part.exists():
            path.rename(part)
        return part

    def enter(self, cause: Cause) -> Artifact:
        """Finish an artifact: flush its part, rename it, enter it in the ledger."""
        path = self.path(cause)
        if path.exists():
            remove(path)
        flush(self.part(cause))
        self.part(cause).rename(path)
        flush(path.parent)
        size, checksum = measured(path)
        row = [cause.key, cause.step, cause.text, size, checksum]
        with self.ledger() as ledger:
            ledger.execute("insert or replace into artifacts values (?, ?, ?, ?, ?)", row)
            ledgers.keep_record(ledger, cause.key, path)
        return Artifact(cause.key, path)

    def finished_blocks(self, cause: Cause) -> dict[str, str]:
        """Checksums of the blocks of an unfinished store, by block id."""
        with self.ledger() as ledger:
            rows = ledger.execute("select block, checksum from blocks where key = ?", [cause.key])
            return dict(rows.fetchall())

    def enter_block(self, cause: Cause, block: str, checksum: str, records: Iterable[ReadRecord]) -> None:
        """Enter one finished block and what was read for it, in one transaction."""
        columns = ("scene_id", "band", "block", "outcome", "reason", "href", "attempts", "error")
        rows = [[cause.key, *(getattr(record, column) for column in columns)] for record in records]
        with self.ledger() as ledger, ledger:
            ledger.execute("begin")
            ledger.execute("delete from reads where key = ? and block = ?", [cause.key, block])
            ledger.execute("insert or replace into blocks values (?, ?, ?)", [cause.key, block, checksum])
            ledger.executemany("insert into reads values (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def reads(self, keys: Sequence[str]) -> list[tuple[str, ...]]:
        """Scene, band, block, outcome and reason of every read behind some artifacts, in a fixed order."""
        marks = ", ".join("?" * len(keys))
        query = (
            "select scene_id, band, block, outcome, reason from reads "  # noqa: S608 only question marks
            f"where key in ({marks}) order by scene_id, band, block, outcome, reason"
        )
        with self.ledger() as ledger:
            return ledger.execute(query, list(keys)).fetchall()

    def reopen(self, artifact: Artifact) -> None:
        """Make a finished store unfinished: blocks that lost a read will be built anew, the others are kept.

        What was made from it is forgotten, and so is built anew as well.
        """
        lost = "select block from reads where key = :key and outcome = 'failed'"
        with self.ledger() as ledger, ledger:
            ledger.execute("begin")
            ledger.execute(
                f"delete from blocks where key = :key and block in ({lost})",  # noqa: S608 no data in it
                {"key": artifact.key},
            )
            made = {artifact.key}
            rows = ledger.execute("select key, cause, step from artifacts").fetchall()
            while found := {key for key, cause, _ in rows if any(name in cause for name in made)} - made:
                made |= found
            for path in [self._path(step, key) for key, _, step in rows if key in made]:
                ledgers.record_of(path).unlink(missing_ok=True)
            ledger.executemany("delete from artifacts where key = ?", [[key] for key in sorted(made)])
        part = artifact.path.with_name(f"{artifact.path.name}.part")
        if part.exists():
            remove(part)
        artifact.path.rename(part)

    def delivered(self, target: Path) -> tuple[str, int, str] | None:
        """Key, size and checksum of the delivery that was last published at a target."""
        query = "select key, bytes, checksum from deliveries where target = ?"
        with self.ledger() as ledger:
            row: tuple[str, int, str] | None = ledger.execute(query, [self._name(target)]).fetchone()
        return row

    def publishing_rank(self, target: Path) -> int:
        """How late a delivery was last published among all; 0 where the ledger knows nothing of it.

        By the order of entries, which no clock that is put back can change.
        """
        query = "select rowid from deliveries where target = ?"
        with self.ledger() as ledger:
            row = ledger.execute(query, [self._name(target)]).fetchone()
        return int(row[0]) if row else 0

    def enter_delivery(self, target: Path, key: str, size: int, checksum: str) -> None:
        """Enter a published delivery."""
        row = [self._name(target), key, size, checksum]
        with self.ledger() as ledger:
            ledger.execute("insert or replace into deliveries values (?, ?, ?, ?)", row)

    def forget_delivery(self, target: Path) -> None:
        """Take a delivery out of the ledger, before it is removed."""
        with self.ledger() as ledger:
            ledger.execute("delete from deliveries where target = ?", [self._name(target)])

    def forget_artifacts(self, keys: Iterable[str]) -> None:
        """Remove artifacts, their blocks and reads from the ledger, then from the disk."""
        for key in sorted(keys):
            with self.ledger() as ledger, ledger:
                ledger.execute("begin")
                step = ledger.execute("delete from artifacts where key = ? returning step", [key]).fetchone()
                ledger.execute("delete from blocks where key = ?", [key])
                ledger.execute("delete from reads where key = ?", [key])
            if step and (path := self._path(step[0], key)).exists():
                remove(path)
                ledgers.record_of(path).unlink(missing_ok=True)

    def _name(self, target: Path) -> str:
        return target.relative_to(self.root.parent).as_posix()

    def path(self, cause: Cause) -> Path:
        """Where the artifact of a cause stands once it is finished."""
        return self._path(cause.step, cause.key)

    def _path(self, step: str, key: str) -> Path:
        return self.root / "artifacts" / step / key[:24]


def save_tables(folder: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Tables as Parquet, geometry as GeoParquet, one file each."""
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet")


def load_table(folder: Path, name: str) -> pd.DataFrame:
    """A table that `save_tables` wrote."""
    return pd.read_parquet(folder / f"{name}.parquet")


def load_layer(folder: Path, name: str) -> gpd.GeoDataFrame:
    """A table with geometry that `save_tables` wrote."""
    return gpd.read_parquet(folder / f"{name}.parquet")


def save_json(path: Path, content: Any) -> None:
    """Content as readable JSON, keys in order."""
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True, default=str)
    path.write_text(f"{text}\n", encoding="utf-8")


def load_json(path: Path) -> Any:
    """What `save_json` wrote."""
    return json.loads(path.read_text(encoding="utf-8"))


def sha256_of_file(path: Path) -> str:
    """Checksum of a file's bytes, as any `sha256sum` gives it."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def files_of(path: Path) -> list[Path]:
    """All files that hold a dataset: those of a folder, the parts of a Shapefile, or the file itself."""
    if path.is_dir():
        return sorted(entry for entry in path.rglob("*") if entry.is_file())
    if path.suffix.lower() != ".shp":
        return [path] if path.is_file() else []
    beside = path.parent.glob("*")
    return sorted(
        entry for entry in beside if entry.stem == path.stem and entry.suffix.lower() in _SHAPEFILE_PARTS
    )


def checksums_of(paths: Iterable[Path]) -> dict[str, str]:
    """Checksum of every file of some datasets by name; of one name, by place below the folder they share."""
    files = list(dict.fromkeys(file for path in paths for file in files_of(path)))
    count = Counter(file.name for file in files)
    repeated = [file.parent for file in files if count[file.name] > 1]
    root = os.path.commonpath(repeated) if repeated else ""
    return {
        file.name if count[file.name] == 1 else file.relative_to(root).as_posix(): sha256_of_file(file)
        for file in files
    }


def measured(path: Path) -> tuple[int, str]:
    """Size in bytes and checksum (BLAKE3) of a file, or of all files of a folder with their names."""
    if path.is_file():
        return path.stat().st_size, _blake3_of_file(path)
    files = files_of(path)
    digest = blake3()
    for entry in files:
        digest.update(f"{entry.relative_to(path).as_posix()} {_blake3_of_file(entry)}\n".encode())
    return sum(entry.stat().st_size for entry in files), digest.hexdigest()


def _blake3_of_file(path: Path) -> str:
    digest = blake3()
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def publish(folder: Path, target: Path) -> None:
    """Put a finished folder in the place of a delivery; the old one stays until the new one is there.

    `latest` beside it then names it. WorkspaceError if someone has the old GeoPackage open for writing.
    """
    for guard in ("-wal", "-shm"):
        if (stuck := target / f"inventory.gpkg{guard}").exists():
            raise WorkspaceError(
                f"{stuck} exists: close the program that has the GeoPackage open, then run again"
            )
    flush(folder)
    old = _old(target)
    if old.exists():
        remove(old)
    if target.exists():
        target.rename(old)
    try:
        folder.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    latest = target.parent / ".latest.part"
    latest.write_text(f"{target.name}\n", encoding="utf-8")
    flush(latest)
    latest.replace(target.parent / "latest")
    flush(target.parent)
    if old.exists():
        remove(old)


def restore(target: Path) -> None:
    """Put back a delivery that a run, killed while it published, had moved aside."""
    if _old(target).exists() and not target.exists():
        _old(target).rename(target)


def _old(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")


def remove(path: Path) -> None:
    """Remove a file or a folder."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def flush(path: Path) -> None:
    """Bring a file, or a folder with all in it, to the disk."""
    for entry in [*path.rglob("*"), path] if path.is_dir() else [path]:
        handle = os.open(entry, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
