"""What stands in a folder of deliveries: what is done, what is missing, what failed and why."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.engine.journal import list_last_runs
from pipeline.errors import Problem, SettingsError
from pipeline.storage.cause import measure_files
from pipeline.storage.lock import is_held
from pipeline.storage.ownership import explain_latest, is_delivery, read_latest
from pipeline.storage.tables import load_json
from pipeline.storage.workspace import Workspace

_UNTOLD = dict.fromkeys(("published", "parcels", "findings", "warnings"))
"""What a manifest that cannot be read does not tell."""
_FAILURES_SHOWN = 50
_MENDED = "The next run of the area mends it, unless a folder or a link is in its place: move that away"


@dataclass(frozen=True)
class Status:
    """Rows to show, and whether a run is at work."""

    running: bool
    runs: list[dict[str, Any]]
    deliveries: list[dict[str, Any]]
    unfinished: list[dict[str, Any]]
    failed_reads: list[dict[str, Any]]
    troubles: list[dict[str, Any]]


def read_status(out: str | Path) -> Status:
    """The status of a folder of deliveries; SettingsError if nothing was ever run there.

    Examples
    --------
    ::

        pipeline.read_status("delivery").deliveries

    `notebooks/08_new_area.ipynb` runs it.
    """
    out = Path(out).expanduser()
    workspace = Workspace(out / "work")
    if not (workspace.root / "ledger.sqlite").is_file():
        problem = Problem(str(out), "no ledger of runs", "the --out folder of a run")
        raise SettingsError("Nothing was run there", [problem])
    running = is_held(workspace.root)
    with workspace.open_for_reading():
        return Status(
            running,
            [asdict(record) for record in list_last_runs(workspace)],
            list(_list_deliveries(out, workspace)),
            list(_list_unfinished_stores(workspace)),
            [asdict(read) for read in workspace.ledger.list_failed_reads(_FAILURES_SHOWN)],
            [asdict(problem) for problem in _list_troubles(out, workspace)],
        )


def _list_deliveries(out: Path, workspace: Workspace) -> Iterator[dict[str, Any]]:
    """One row per delivery of every area, the last good one marked; `intact` if no byte of it changed."""
    for folder in _list_folders(out, workspace):
        entered, readable = workspace.find_delivery(folder), is_delivery(folder)
        yield {
            "area": folder.parent.name,
            "label": folder.name,
            "latest": read_latest(folder.parent) == folder,
            "intact": readable and entered is not None and entered[1:] == measure_files(folder),
            **(_read_told(folder) if readable else _UNTOLD),
        }


def _list_folders(out: Path, workspace: Workspace) -> list[Path]:
    """Folders of deliveries: those with a manifest, be it broken."""
    places = (path.parent for path in out.glob("[!.]*/[!.]*/manifest.json"))
    return sorted(place for place in places if place.parent != workspace.root)


def _read_told(folder: Path) -> dict[str, Any]:
    manifest = load_json(folder / "manifest.json")
    try:
        return {
            "published": manifest["times"]["published"],
            "parcels": manifest["counts"]["parcels"],
            "findings": manifest["counts"]["findings"],
            "warnings": len(manifest["warnings"]),
        }
    except (KeyError, TypeError):
        return _UNTOLD


def _list_troubles(out: Path, workspace: Workspace) -> Iterator[Problem]:
    """Manifests and files `latest` that are broken or lost."""
    folders = _list_folders(out, workspace)
    for folder in folders:
        if not is_delivery(folder):
            found, expected = "no manifest of ours", "that of a delivery"
            yield Problem(str(folder / "manifest.json"), found, expected, _MENDED)
    for area in dict.fromkeys(folder.parent for folder in folders):
        if found := explain_latest(area):
            yield Problem(str(area / "latest"), found, "the label of the last delivery", _MENDED)


def _list_unfinished_stores(workspace: Workspace) -> Iterator[dict[str, Any]]:
    """Stores that a run began and did not finish, with how many of their blocks are kept."""
    for key, finished in workspace.ledger.count_unfinished_blocks().items():
        for part in sorted(workspace.root.glob(f"artifacts/*/{key[:24]}.part")):
            yield {"step": part.parent.name, "key": key[:24], "finished_blocks": finished}
