"""Where artifacts live, named after what they were made from.

An artifact is built under `.part`, flushed, renamed, then entered in the ledger with its size and checksum.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import WorkspaceError
from pipeline.storage import disk, lock
from pipeline.storage.cause import Artifact, Cause, measure_files
from pipeline.storage.ledger import Ledger, open_ledger, open_ledger_for_reading, record_of
from pipeline.storage.publish import flush, remove, restore_all


class Workspace:
    """The folder `work/` of a delivery folder: artifacts, ledger and lock; one process writes at a time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._ledger: Ledger | None = None

    @contextmanager
    def hold(self) -> Iterator["Workspace"]:
        """The workspace, locked: WorkspaceBusy if another run holds it, WorkspaceError if it is unusable."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with lock.acquire(self.root), open_ledger(self.root) as ledger, self._use(ledger):
                restore_all(self.root.parent)
                yield self
        except (OSError, RuntimeError, sqlite3.Error) as error:
            if (trouble := disk.explain(self.root, error)) is None:
                raise
            raise trouble from error

    @contextmanager
    def open_for_reading(self) -> Iterator["Workspace"]:
        """The workspace to read from only, whoever holds it."""
        with open_ledger_for_reading(self.root) as ledger, self._use(ledger):
            yield self

    @property
    def ledger(self) -> Ledger:
        """The open ledger; WorkspaceError if the workspace is not held."""
        if self._ledger is None:
            raise WorkspaceError(f"The workspace {self.root} is not held")
        return self._ledger

    def find(self, cause: Cause) -> Artifact | None:
        """The finished artifact of a cause, if its size and checksum are those of the ledger."""
        path, entered = self.path(cause), self.ledger.find_artifact(cause.key)
        if entered is None or not path.exists() or entered != measure_files(path):
            return None
        return Artifact(cause.key, path)

    def part(self, cause: Cause) -> Path:
        """Where the artifact of a cause is built; what an earlier, killed build left is still there."""
        path = self.path(cause)
        return path.with_name(f"{path.name}.part")

    def resume_part(self, cause: Cause) -> Path:
        """The part of a store, to go on with: where entering it was cut short, the finished store itself."""
        part, path = self.part(cause), self.path(cause)
        if self.ledger.find_artifact(cause.key) is None and path.exists() and not part.exists():
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
        self.ledger.enter_artifact(cause, path, *measure_files(path))
        return Artifact(cause.key, path)

    def reopen(self, artifact: Artifact) -> None:
        """Make a finished store unfinished: blocks that lost a read will be built anew, the others are kept.

        What was made from it is forgotten, and so is built anew as well.
        """
        descendants = self.ledger.list_descendants(artifact.key)
        for key, step in descendants.items():
            record_of(self.locate(step, key)).unlink(missing_ok=True)
        self.ledger.reopen_artifact(artifact.key, descendants)
        part = artifact.path.with_name(f"{artifact.path.name}.part")
        if part.exists():
            remove(part)
        artifact.path.rename(part)

    def find_delivery(self, target: Path) -> tuple[str, int, str] | None:
        """Key, size and checksum of the delivery that was last published at a target."""
        return self.ledger.find_delivery(self._name(target))

    def rank_delivery(self, target: Path) -> int:
        """How late a delivery was last published among all; 0 where the ledger knows nothing of it."""
        return self.ledger.rank_delivery(self._name(target))

    def enter_delivery(self, target: Path, key: str, size: int, checksum: str) -> None:
        """Enter a published delivery."""
        self.ledger.enter_delivery(self._name(target), key, size, checksum)

    def forget_delivery(self, target: Path) -> None:
        """Take a delivery out of the ledger, before it is removed."""
        self.ledger.forget_delivery(self._name(target))

    def forget_artifacts(self, keys: Iterable[str]) -> None:
        """Remove artifacts, their blocks and reads from the ledger, then from the disk."""
        for key in sorted(keys):
            step = self.ledger.forget_artifact(key)
            if step and (path := self.locate(step, key)).exists():
                remove(path)
                record_of(path).unlink(missing_ok=True)

    def path(self, cause: Cause) -> Path:
        """Where the artifact of a cause stands once it is finished."""
        return self.locate(cause.step, cause.key)

    def locate(self, step: str, key: str) -> Path:
        """Where the artifact of a step and a key stands once it is finished."""
        return self.root / "artifacts" / step / key[:24]

    def _name(self, target: Path) -> str:
        """The name of a delivery in the ledger: its place below the output folder."""
        return target.relative_to(self.root.parent).as_posix()

    @contextmanager
    def _use(self, ledger: Ledger) -> Iterator[None]:
        self._ledger = ledger
        try:
            yield
        finally:
            self._ledger = None
