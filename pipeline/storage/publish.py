"""Deliveries put in place whole, and what else is done to folders: brought to the disk, removed."""

import shutil
from pathlib import Path

from pipeline import operating_system
from pipeline.errors import WorkspaceError


def publish(folder: Path, target: Path) -> None:
    """Put a finished folder in the place of a delivery; the old one stays until the new one is there.

    `latest` beside it then names it. WorkspaceError if someone has the old GeoPackage open for writing.
    """
    for guard in ("-wal", "-shm"):
        for stuck in sorted(target.glob(f"*.gpkg{guard}")):
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
        operating_system.sync_to_disk(entry)
