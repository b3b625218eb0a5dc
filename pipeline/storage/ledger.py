"""The ledger of a workspace, one SQLite file: checked when it is opened, rebuilt where it is lost.

What it holds of an artifact also lies in a record beside the artifact. A ledger that is damaged is set aside,
and a ledger without tables is filled from the records; what has no record is built anew, and no artifact is
believed before its checksum is that of the ledger.
"""

import gzip
import json
import logging
import sqlite3
import zlib
from pathlib import Path
from typing import Any

from pipeline.errors import WorkspaceError

_LOG = logging.getLogger("ecoledger")
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_RECORD = ".record.gz"
_OF_ARTIFACTS = ("artifacts", "blocks", "reads")
_TABLES = """
create table if not exists artifacts (
    key text primary key, step text not null, cause text not null,
    bytes integer not null, checksum text not null);
create table if not exists blocks (
    key text not null, block text not null, checksum text not null, primary key (key, block));
create table if not exists reads (
    key text not null, scene_id text not null, band text not null, block text not null,
    outcome text not null, reason text not null, href text not null, attempts integer not null,
    error text not null);
create table if not exists deliveries (
    target text primary key, key text not null, bytes integer not null, checksum text not null);
create index if not exists reads_by_key on reads (key);
create table if not exists runs (
    id text primary key, label text not null, areas text not null, started text not null,
    ended text, exit_code integer, message text not null);
"""


def open_ledger(path: Path, artifacts: Path) -> sqlite3.Connection:
    """The ledger at a path, whole; what a damaged or lost one knew comes from records below `artifacts`."""
    connection = _whole(path)
    if connection is None:
        aside = path.with_name(f"{path.name}.damaged")
        path.rename(aside)
        path.with_name(f"{path.name}-journal").unlink(missing_ok=True)
        _LOG.warning(
            "the ledger was damaged and is rebuilt", extra={"ledger": str(path), "aside": str(aside)}
        )
        connection = sqlite3.connect(path, isolation_level=None)
    query = "select count(*) from sqlite_master where name = 'artifacts'"
    (known,) = connection.execute(query).fetchone()
    connection.executescript(_TABLES)
    if not known:
        _rebuild(connection, artifacts)
    return connection


def record_of(artifact: Path) -> Path:
    """Where the record of an artifact lies."""
    return artifact.with_name(f"{artifact.name}{_RECORD}")


def keep_record(connection: sqlite3.Connection, key: str, artifact: Path) -> None:
    """Put what the ledger holds of an artifact beside it."""
    held = {
        table: connection.execute(f"select * from {table} where key = ?", [key]).fetchall()  # noqa: S608 ours
        for table in _OF_ARTIFACTS
    }
    part = artifact.with_name(f"{artifact.name}{_RECORD}.part")
    part.write_bytes(gzip.compress(json.dumps(held, ensure_ascii=False).encode(), mtime=0))
    part.replace(record_of(artifact))


def failure(path: Path, error: sqlite3.DatabaseError) -> WorkspaceError:
    """What an error of a ledger means to its user, but for a full disk."""
    if is_damage(error):
        return WorkspaceError(
            f"The ledger {path} is damaged: {error}; the next run rebuilds it from the artifacts"
        )
    return WorkspaceError(f"The ledger {path} cannot be used: {error}; see to its disk, then run again")


def is_damage(error: sqlite3.Error) -> bool:
    """Whether an error tells of a file that is no whole database."""
    return _primary_code(error) in _DAMAGED


def is_full(error: sqlite3.Error) -> bool:
    """Whether an error tells of a full disk."""
    return _primary_code(error) == sqlite3.SQLITE_FULL


def _primary_code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _whole(path: Path) -> sqlite3.Connection | None:
    """The open ledger; None where SQLite finds it damaged."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        if connection.execute("pragma quick_check").fetchall() == [("ok",)]:
            return connection
    except sqlite3.DatabaseError as error:
        connection.close()
        if not is_damage(error):
            raise
        return None
    connection.close()
    return None


def _rebuild(connection: sqlite3.Connection, artifacts: Path) -> None:
    """Fill a new ledger from the records of those artifacts that are there."""
    for path in sorted(artifacts.glob(f"*/*{_RECORD}")):
        held = _read(path) if path.with_name(path.name.removesuffix(_RECORD)).exists() else {}
        with connection:
            connection.execute("begin")
            for table, rows in held.items():
                marks = ", ".join("?" * len(rows[0]))
                insert = f"insert or replace into {table} values ({marks})"  # noqa: S608 only question marks
                connection.executemany(insert, rows)


def _read(path: Path) -> dict[str, list[list[Any]]]:
    """The rows of a record by table, as far as there are any; none where it is torn."""
    try:
        held = json.loads(gzip.decompress(path.read_bytes()))
        return {table: held[table] for table in _OF_ARTIFACTS if held[table]}
    except (EOFError, ValueError, KeyError, zlib.error, gzip.BadGzipFile):
        return {}
