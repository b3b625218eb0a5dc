"""Deliveries put in place whole, and what else is done to folders: brought to the disk, removed."""

import os
import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeline import operating_system
from pipeline.errors import WorkspaceError
from pipeline.storage.ownership import BEGUN, carry_over, check_place, is_delivery, name_old

_WRITTEN = {stat.S_IFREG, stat.S_IFDIR}
_FLUSHES = 8
"""Files that are brought to the disk at a time."""
_GUARDS = ("-wal", "-shm", "-journal")
"""Ends of names of files that SQLite has beside one that is being written."""


def publish(folder: Path, target: Path, *, known: bool = False) -> list[str]:
    """Put a finished folder in the place of a delivery; the old one stays until the new one is there.

    `latest` beside it then names it. Gives the names of what people put into the old one, or changed in it,
    which goes along. WorkspaceError if someone has its GeoPackage open for writing, or if it is not ours:
    by its manifest, or as the ledger knows it (`known`).
    """
    check_place(target, known=known)
    for guard in _GUARDS:
        for stuck in sorted(target.glob(f"*.gpkg{guard}")):
            raise WorkspaceError(
                f"{stuck} exists: close the program that has the GeoPackage open, then run again"
            )
    carried = carry_over(target, folder)
    (folder / BEGUN).unlink(missing_ok=True)
    flush(folder)
    old = name_old(target)
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
    name_last(target)
    if old.exists():
        remove(old)
    return carried


def name_last(target: Path) -> None:
    """Let `latest` name a delivery."""
    latest = target.parent / ".latest.part"
    latest.write_text(f"{target.name}\n", encoding="utf-8")
    flush(latest)
    latest.replace(target.parent / "latest")
    flush(target.parent)


def restore_all(out: Path) -> None:
    """Put back every delivery that a run, killed while it published, had moved aside."""
    for old in sorted(out.glob("*/.*.old")):
        target = old.with_name(old.name.removeprefix(".").removesuffix(".old"))
        if is_delivery(old) and not old.is_symlink() and not os.path.lexists(target):
            old.rename(target)


def remove(path: Path) -> None:
    """Remove a file, a link, or a folder with all in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def flush(path: Path) -> None:
    """Bring a file, or a folder with all files and folders in it, to the disk, several at a time."""
    entries = [*path.rglob("*"), path] if path.is_dir() else [path]
    written = [entry for entry in entries if stat.S_IFMT(entry.lstat().st_mode) in _WRITTEN]
    with ThreadPoolExecutor(_FLUSHES) as threads:
        list(threads.map(operating_system.sync_to_disk, written))
