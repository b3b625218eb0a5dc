"""What in a folder of deliveries is ours to replace, and what people put there, which is kept."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline.errors import Problem, SettingsError, WorkspaceError
from pipeline.operating_system import explain_stream
from pipeline.storage.cause import sha256_of_file
from pipeline.storage.delivered import FORMER_NAMES
from pipeline.storage.tables import load_json

BEGUN = ".begun"
"""Marks a delivery that is being written, so that one which a killed run left is known as ours."""
KEPT = "kept"
"""Folder of a delivery for files of ours that people changed, beside the new ones."""

_LONGEST_NAME = 256
_SIGNS = {"aoi": str, "label": str, "config": dict, "files": dict}
_OWN = {"manifest.json", BEGUN}
_MOVE = "Move it away, or choose another --out"


def check_place(target: Path, *, known: bool = False) -> None:
    """WorkspaceError where a delivery would go through a link, or over what is not ours, each named.

    `known`: the ledger says that the folder is ours, though its manifest may be broken.
    """
    part, old = name_part(target), name_old(target)
    latest = target.parent / "latest"
    places = (target, part, old, latest, latest.with_name(".latest.part"))
    problems = [
        *(_explain_link(path) for path in places if path.is_symlink()),
        *(
            _explain_folder(path)
            for path in (target, part, old)
            if not (_is_replaceable(path) or (known and path == target and path.is_dir()))
        ),
    ]
    if latest.exists() and not latest.is_file() and not latest.is_symlink():
        found = "a folder"
        problems.append(Problem(str(latest), found, "the label of the last delivery", _MOVE))
    if problems:
        raise WorkspaceError("No delivery can be put here", problems)


def refuse_links(paths: Iterable[Path]) -> None:
    """WorkspaceError that names those of our files which are symbolic links, as they lead elsewhere."""
    if problems := [_explain_link(path) for path in paths if path.is_symlink()]:
        raise WorkspaceError("The workspace cannot be used", problems)


def name_part(target: Path) -> Path:
    """Where a delivery is written until it is published."""
    return target.with_name(f".{target.name}.part")


def name_old(target: Path) -> Path:
    """Where a delivery is moved while the next one takes its place."""
    return target.with_name(f".{target.name}.old")


def is_delivery(folder: Path) -> bool:
    """Whether a folder is one of ours, by its manifest."""
    try:
        told = load_json(folder / "manifest.json")
    except (OSError, ValueError):
        return False
    return isinstance(told, dict) and not find_wrong_signs(told)


def refuse_delivery(folder: Path, title: str) -> None:
    """SettingsError, by its title, for a folder to write tables into that is a delivery, or lies in one."""
    whole = folder.resolve()
    if found := next((one for one in (whole, *whole.parents) if is_delivery(one)), None):
        todo = "Name another folder: what is delivered stays as it was"
        raise SettingsError(title, [Problem(str(folder), "a delivery", f"a folder outside {found}", todo)])


def find_wrong_signs(manifest: Mapping[str, Any]) -> list[str]:
    """Which of the keys that every manifest of ours has are not there, or hold another kind of value."""
    return [key for key, kind in _SIGNS.items() if not isinstance(manifest.get(key), kind)]


def carry_over(delivery: Path, folder: Path) -> list[str]:
    """Bring what people put into a delivery, or changed in it, into the folder that replaces it; their names.

    A file of theirs keeps its name. One of ours that was changed, or whose name is taken now, goes into
    `kept/`, with the first letters of its checksum. Links stay links; the old folder loses nothing. Where its
    manifest is broken, all that is not as in the new folder may be theirs.
    """
    if not delivery.is_dir():
        return []
    told = delivery if is_delivery(delivery) else folder
    files = load_json(told / "manifest.json")["files"]
    carried = {name: _find_place(name, delivery, folder, files) for name in _list_strange(delivery, files)}
    for name, place in carried.items():
        _copy(delivery / name, folder / place)
    return sorted(set(carried.values()))


def read_latest(area: Path) -> Path | None:
    """The delivery of ours that `latest` of an area names; None where it is lost or names none."""
    return None if explain_latest(area) else area / _read_name(area)


def explain_latest(area: Path) -> str:
    """Why `latest` in the folder of an area names no delivery of ours; '' if it names one."""
    latest = area / "latest"
    if latest.is_symlink():
        return f"a symbolic link to {latest.readlink()}"
    if not latest.is_file():
        return "a folder" if latest.is_dir() else explain_stream(latest) or "no such file"
    name = _read_name(area)
    named = bool(name) and not set(name) & set("/\\\0") and not name.startswith(".")
    return "" if named and is_delivery(area / name) else f"{name!r}, which is no delivery"


def find_last(area: Path) -> Path | None:
    """The last delivery of an area: that of `latest`, else the one published last; None without any."""
    if named := read_latest(area):
        return named
    found = [path.parent for path in area.glob("[!.]*/manifest.json") if is_delivery(path.parent)]
    return max(found, key=_read_time, default=None)


def _read_name(area: Path) -> str:
    with (area / "latest").open(encoding="utf-8", errors="replace") as file:
        return file.read(_LONGEST_NAME).strip()


def _read_time(delivery: Path) -> str:
    return str(load_json(delivery / "manifest.json").get("times", {}).get("published", ""))


def has_strangers(delivery: Path) -> bool:
    """Whether people put something into a delivery, or changed something in it."""
    files = load_json(delivery / "manifest.json")["files"]
    return next(_list_strange(delivery, files), None) is not None


def _explain_link(path: Path) -> Problem:
    found = f"a symbolic link to {path.readlink()}"
    return Problem(str(path), found, "a file or folder of its own", _MOVE)


def _explain_folder(path: Path) -> Problem:
    found = "a folder without a manifest of ours" if path.is_dir() else "a file"
    return Problem(str(path), found, "a delivery of ours, or nothing", _MOVE)


def _is_replaceable(path: Path) -> bool:
    if path.is_symlink() or not path.exists():
        return True
    if not path.is_dir():
        return False
    return is_delivery(path) or (path / BEGUN).is_file() or not any(path.iterdir())


def _list_strange(delivery: Path, files: Mapping[str, Any]) -> Iterator[str]:
    """Names of what is not as the manifest says: files of people, and files of ours that were changed."""
    for folder, folders, names in os.walk(delivery):
        linked = [name for name in folders if Path(folder, name).is_symlink()]
        for path in sorted(Path(folder, name) for name in (*names, *linked)):
            name = path.relative_to(delivery).as_posix()
            if not (name in _OWN or _is_former_name(path, name, files) or _is_intact(path, name, files)):
                yield name


def _is_former_name(path: Path, name: str, files: Mapping[str, Any]) -> bool:
    return path.is_symlink() and name in FORMER_NAMES.values() and str(path.readlink()) in files


def _is_intact(path: Path, name: str, files: Mapping[str, Any]) -> bool:
    return name in files and path.is_file() and not path.is_symlink() and _is_same(path, files[name])


def _is_same(path: Path, told: Mapping[str, Any]) -> bool:
    return bool(path.stat().st_size == told["bytes"] and sha256_of_file(path) == told["sha256"])


def _find_place(name: str, delivery: Path, folder: Path, files: Mapping[str, Any]) -> str:
    if name not in files and not (folder / name).exists():
        return name
    path = PurePosixPath(name)
    mark = sha256_of_file(delivery / name)[:8] if (delivery / name).is_file() else "link"
    return str(PurePosixPath(KEPT) / path.with_name(f"{path.stem}_{mark}{path.suffix}"))


def _copy(path: Path, to: Path) -> None:
    """The same file at a second place, or a copy where the disk has no links."""
    to.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, to, follow_symlinks=False)
    except OSError:
        shutil.copy2(path, to, follow_symlinks=False)
