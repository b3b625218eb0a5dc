"""Where artifacts live, named after what they were made from; the ledger that knows them.

An artifact is built under `.part`, flushed, renamed, then entered in the ledger with its size and checksum.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from pipeline.contracts import ReadRecord
from pipeline.errors import WorkspaceError
from pipeline.storage import disk, lock
from pipeline.storage import ledger as ledgers
from pipeline.storage.cause import Artifact, Cause, measured
from pipeline.storage.publish import flush, remove


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
