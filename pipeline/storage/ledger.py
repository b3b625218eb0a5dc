"""The ledger of a workspace, one SQLite file, and all SQL over it: checked when opened, rebuilt where lost.

What it holds of an artifact also lies in a record beside the artifact. A ledger that is damaged is set aside,
and a ledger without tables is filled from the records; what has no record is built anew, and no artifact is
believed before its checksum is that of the ledger. Which keys an artifact was made from is drawn from its
cause as it is entered; a ledger of before, or one that was rebuilt, draws it from all causes at once.
"""

import gzip
import json
import logging
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass
from operator import attrgetter
from pathlib import Path
from threading import RLock
from typing import Any, Literal

from pipeline.contracts import ReadRecord
from pipeline.errors import WorkspaceError
from pipeline.storage import disk
from pipeline.storage.cause import Cause, keys_in
from pipeline.storage.ledger_tables import INPUTS, LAYOUT, TABLES, refuse_other_release

_LOG = logging.getLogger("ecoledger")
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_RECORD = ".record.gz"
_OF_ARTIFACTS = ("artifacts", "blocks", "reads")
_READ_FIELDS = attrgetter("scene_id", "band", "block", "outcome", "reason", "href", "attempts", "error")


@dataclass(frozen=True)
class RunRecord:
    """One run; `ended` and `exit_code` are None while it runs, and for ever if it was killed."""

    id: str
    label: str
    areas: str
    started: str
    ended: str | None = None
    exit_code: int | None = None
    message: str = ""


CostKind = Literal["block", "whole", "ledger"]


@dataclass(frozen=True)
class Cost:
    """What a kind of work took in all runs of a workspace: how often, over how many pixels, seconds in all.

    `block`: blocks of a map, each worked on by one worker; its pixels count once for each scene that was
    read. `whole`: what is made at once, of a grid of so many pixels. `ledger`: what the ledger took for
    blocks, as often as it wrote, its pixels being blocks.
    """

    step: str
    kind: CostKind
    times: int
    pixels: int
    seconds: float


@dataclass(frozen=True)
class FailedRead:
    """A file that could not be read: for how many blocks, how often it was tried, what it answered."""

    scene: str
    band: str
    blocks: int
    attempts: int
    error: str


class Ledger:
    """The open ledger of a workspace; WorkspaceError from any method where it is damaged or unusable.

    Threads of its process take turns, a transaction at a time.
    """

    def __init__(self, root: Path, connection: sqlite3.Connection) -> None:
        self._root = root
        self._connection = connection
        self._turn = RLock()

    def find_artifact(self, key: str) -> tuple[int, str] | None:
        """Size in bytes and checksum of a finished artifact; None where there is none."""
        query = "select bytes, checksum from artifacts where key = ?"
        with self._access() as ledger:
            row: tuple[int, str] | None = ledger.execute(query, [key]).fetchone()
        return row

    def enter_artifact(self, cause: Cause, path: Path, size: int, checksum: str) -> None:
        """Enter a finished artifact, and put what the ledger holds of it beside its path."""
        row = [cause.key, cause.step, cause.text, size, checksum]
        with self._transaction() as ledger:
            ledger.execute("insert or replace into artifacts values (?, ?, ?, ?, ?)", row)
            _enter_inputs(ledger, cause.key, cause.text)
        with self._access() as ledger:
            _keep_record(ledger, cause.key, path)

    def list_descendants(self, key: str) -> dict[str, str]:
        """Steps by key of an artifact and of all that was made from it, as far as they are finished."""
        query = (
            "with recursive made (key) as (select :key union "
            "select inputs.key from inputs join made on inputs.input = made.key) "
            "select key, step from artifacts where key in made order by key"
        )
        with self._access() as ledger:
            return dict(ledger.execute(query, {"key": key}).fetchall())

    def reopen_artifact(self, key: str, descendants: Iterable[str]) -> None:
        """Forget the blocks of an artifact that lost a read, and that its descendants are finished."""
        lost = "select block from reads where key = :key and outcome = 'failed'"
        delete = f"delete from blocks where key = :key and block in ({lost})"  # noqa: S608 no data in it
        keys = [[one] for one in sorted(descendants)]
        with self._transaction() as ledger:
            ledger.execute(delete, {"key": key})
            for table in ("artifacts", "inputs"):
                ledger.executemany(f"delete from {table} where key = ?", keys)  # noqa: S608 ours

    def forget_artifact(self, key: str) -> str | None:
        """Take an artifact, its inputs, blocks and reads out; its step, None where it was not finished."""
        with self._transaction() as ledger:
            row = ledger.execute("delete from artifacts where key = ? returning step", [key]).fetchone()
            for table in ("inputs", "blocks", "reads"):
                ledger.execute(f"delete from {table} where key = ?", [key])  # noqa: S608 ours
        return row[0] if row else None

    def list_blocks(self, key: str) -> dict[str, str]:
        """Checksums of the finished blocks of a store, by block id."""
        with self._access() as ledger:
            return dict(ledger.execute("select block, checksum from blocks where key = ?", [key]).fetchall())

    def enter_blocks(self, key: str, blocks: Sequence[tuple[str, str, Iterable[ReadRecord]]]) -> None:
        """Enter finished blocks, each with its checksum and what was read for it, in one transaction.

        The disk takes a transaction in milliseconds, however many blocks it is of.
        """
        rows = [(key, *_READ_FIELDS(record)) for _, _, records in blocks for record in records]
        with self._transaction() as ledger:
            places = [(key, block) for block, _, _ in blocks]
            ledger.executemany("delete from reads where key = ? and block = ?", places)
            entries = [(key, block, checksum) for block, checksum, _ in blocks]
            ledger.executemany("insert or replace into blocks values (?, ?, ?)", entries)
            ledger.executemany("insert into reads values (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def list_reads(self, keys: Sequence[str]) -> list[tuple[str, str, str, str, str]]:
        """Scene, band, block, outcome and reason of every read behind some artifacts, in a fixed order."""
        marks = ", ".join("?" * len(keys))
        query = (
            "select scene_id, band, block, outcome, reason from reads "  # noqa: S608 only question marks
            f"where key in ({marks}) order by scene_id, band, block, outcome, reason"
        )
        with self._access() as ledger:
            return ledger.execute(query, list(keys)).fetchall()

    def list_failed_reads(self, most: int, keys: Sequence[str] | None = None) -> list[FailedRead]:
        """The first files that could not be read, by scene and band; of some artifacts, else of all."""
        of_keys = "" if keys is None else f"and key in ({', '.join('?' * len(keys))}) "
        query = (
            "select scene_id, band, count(*), max(attempts), max(error) from reads "  # noqa: S608 only marks
            f"where outcome = 'failed' {of_keys}group by scene_id, band order by scene_id, band limit ?"
        )
        with self._access() as ledger:
            return [FailedRead(*row) for row in ledger.execute(query, [*(keys or ()), most])]

    def count_unfinished_blocks(self) -> dict[str, int]:
        """How many blocks of each store are finished, of stores that a run began and did not finish."""
        query = (
            "select key, count(*) from blocks where key not in (select key from artifacts) "
            "group by key order by key"
        )
        with self._access() as ledger:
            return dict(ledger.execute(query).fetchall())

    def find_delivery(self, target: str) -> tuple[str, int, str] | None:
        """Key, size and checksum of the delivery that was last published at a target."""
        query = "select key, bytes, checksum from deliveries where target = ?"
        with self._access() as ledger:
            row: tuple[str, int, str] | None = ledger.execute(query, [target]).fetchone()
        return row

    def rank_delivery(self, target: str) -> int:
        """How late a delivery was last published among all; 0 where the ledger knows nothing of it.

        By the order of entries, which no clock that is put back can change.
        """
        with self._access() as ledger:
            row = ledger.execute("select rowid from deliveries where target = ?", [target]).fetchone()
        return int(row[0]) if row else 0

    def enter_delivery(self, target: str, key: str, size: int, checksum: str) -> None:
        """Enter a published delivery."""
        row = [target, key, size, checksum]
        with self._access() as ledger:
            ledger.execute("insert or replace into deliveries values (?, ?, ?, ?)", row)

    def forget_delivery(self, target: str) -> None:
        """Take a delivery out, before it is removed."""
        with self._access() as ledger:
            ledger.execute("delete from deliveries where target = ?", [target])

    def add_costs(self, costs: Iterable[Cost]) -> None:
        """Add what some work took to what was known of its kind."""
        insert = (
            "insert into costs values (?, ?, ?, ?, ?) on conflict (step, kind) do update set "
            "times = times + excluded.times, pixels = pixels + excluded.pixels, "
            "seconds = seconds + excluded.seconds"
        )
        with self._transaction() as ledger:
            ledger.executemany(insert, map(astuple, costs))

    def list_costs(self) -> list[Cost]:
        """What every kind of work took; none where no run has measured any."""
        with self._access() as ledger:
            if not _has_table(ledger, "costs"):  # opened to read what an earlier version wrote
                return []
            return [Cost(*row) for row in ledger.execute("select * from costs order by kind, step")]

    def enter_run(self, run: RunRecord) -> None:
        """Enter a run that begins."""
        row = [run.id, run.label, run.areas, run.started, run.ended, run.exit_code, run.message]
        with self._access() as ledger:
            ledger.execute("insert into runs values (?, ?, ?, ?, ?, ?, ?)", row)

    def end_run(self, run: str, ended: str, exit_code: int, message: str) -> None:
        """Enter how a run ended."""
        update = "update runs set ended = ?, exit_code = ?, message = ? where id = ?"
        with self._access() as ledger:
            ledger.execute(update, [ended, exit_code, message, run])

    def list_runs(self, most: int) -> list[RunRecord]:
        """The last runs, the latest first; none if there was no run."""
        query = "select * from runs order by rowid desc limit ?"
        with self._access() as ledger:
            return [RunRecord(*row) for row in ledger.execute(query, [most])]

    @contextmanager
    def _access(self) -> Iterator[sqlite3.Connection]:
        with self._turn, _explain_errors(self._root):
            yield self._connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._access() as ledger, ledger:
            ledger.execute("begin")
            yield ledger


@contextmanager
def open_ledger(root: Path) -> Iterator[Ledger]:
    """The ledger of a workspace that is held; what a damaged or lost one knew comes from the records."""
    with _explain_errors(root):
        connection = _connect(root)
    with closing(connection):
        yield Ledger(root, connection)


@contextmanager
def open_ledger_for_reading(root: Path) -> Iterator[Ledger]:
    """The ledger of a workspace as it is, whoever holds it; nothing is written."""
    with _explain_errors(root):
        connection = sqlite3.connect(f"{_path_of(root).as_uri()}?mode=ro", uri=True)
        refuse_other_release(connection, _path_of(root))
    with closing(connection):
        yield Ledger(root, connection)


def record_of(artifact: Path) -> Path:
    """Where the record of an artifact lies."""
    return artifact.with_name(f"{artifact.name}{_RECORD}")


def _keep_record(connection: sqlite3.Connection, key: str, artifact: Path) -> None:
    """Put what the ledger holds of an artifact beside it."""
    rows = {
        table: connection.execute(f"select * from {table} where key = ?", [key]).fetchall()  # noqa: S608 ours
        for table in _OF_ARTIFACTS
    }
    part = artifact.with_name(f"{artifact.name}{_RECORD}.part")
    part.write_bytes(gzip.compress(json.dumps(rows, ensure_ascii=False).encode(), mtime=0))
    part.replace(record_of(artifact))


def _read_record(path: Path) -> dict[str, list[list[Any]]]:
    """The rows of a record by table, as far as there are any; none where it is torn."""
    try:
        rows = json.loads(gzip.decompress(path.read_bytes()))
        return {table: rows[table] for table in _OF_ARTIFACTS if rows[table]}
    except (EOFError, ValueError, KeyError, zlib.error, gzip.BadGzipFile):
        return {}


@contextmanager
def _explain_errors(root: Path) -> Iterator[None]:
    """An error of SQLite as what it means to a user: WorkspaceError."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if _primary_code(error) == sqlite3.SQLITE_FULL:
            raise disk.no_room(root) from error
        if not root.exists():
            raise disk.no_answer(root, error) from error
        ledger = f"The ledger {_path_of(root)}"
        if _is_damage(error):
            raise WorkspaceError(
                f"{ledger} is damaged: {error}; the next run rebuilds it from the artifacts"
            ) from error
        raise WorkspaceError(f"{ledger} cannot be used: {error}; see to its disk, then run again") from error


def _is_damage(error: sqlite3.Error) -> bool:
    """Whether an error tells of a file that is no whole database."""
    return _primary_code(error) in _DAMAGED


def _primary_code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _path_of(root: Path) -> Path:
    return root.resolve() / "ledger.sqlite"


def _connect(root: Path) -> sqlite3.Connection:
    path = _path_of(root)
    connection = _connect_whole(path)
    if connection is None:
        aside = path.with_name(f"{path.name}.damaged")
        path.rename(aside)
        path.with_name(f"{path.name}-journal").unlink(missing_ok=True)
        _LOG.warning(
            "the ledger was damaged and is rebuilt", extra={"ledger": str(path), "aside": str(aside)}
        )
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    refuse_other_release(connection, path)
    is_new = not _has_table(connection, "artifacts")
    connection.executescript(f"{TABLES}; pragma user_version = {LAYOUT}")
    if is_new:
        _rebuild(connection, root / "artifacts")
    if not _has_table(connection, "inputs"):
        _draw_inputs(connection)
    return connection


def _connect_whole(path: Path) -> sqlite3.Connection | None:
    """The open ledger; None where SQLite finds it damaged."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        if connection.execute("pragma quick_check").fetchall() == [("ok",)]:
            return connection
    except sqlite3.DatabaseError as error:
        connection.close()
        if not _is_damage(error):
            raise
        return None
    connection.close()
    return None


def _has_table(connection: sqlite3.Connection, name: str) -> bool:
    query = "select 1 from sqlite_master where type = 'table' and name = ?"
    return connection.execute(query, [name]).fetchone() is not None


def _rebuild(connection: sqlite3.Connection, artifacts: Path) -> None:
    """Fill a new ledger from the records of those artifacts that are there."""
    for path in sorted(artifacts.glob(f"*/*{_RECORD}")):
        is_whole = path.with_name(path.name.removesuffix(_RECORD)).exists()
        with connection:
            connection.execute("begin")
            for table, rows in (_read_record(path) if is_whole else {}).items():
                marks = ", ".join("?" * len(rows[0]))
                insert = f"insert or replace into {table} values ({marks})"  # noqa: S608 only question marks
                connection.executemany(insert, rows)


def _draw_inputs(connection: sqlite3.Connection) -> None:
    """Make the table of inputs and fill it from the causes of all artifacts: as a whole, or not at all."""
    with connection:
        connection.execute("begin")
        for statement in INPUTS:
            connection.execute(statement)
        for key, cause in connection.execute("select key, cause from artifacts").fetchall():
            _enter_inputs(connection, key, cause)


def _enter_inputs(connection: sqlite3.Connection, key: str, cause: str) -> None:
    rows = [[key, one] for one in keys_in(cause)]
    connection.executemany("insert or ignore into inputs values (?, ?)", rows)
