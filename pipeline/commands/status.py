"""What stands in a folder of deliveries: what is done, what is missing, what failed and why."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.engine.journal import last_runs
from pipeline.errors import Problem, SettingsError
from pipeline.storage.lock import is_held
from pipeline.storage.workspace import Workspace, load_json, measured

_FAILURES_SHOWN = 50


@dataclass(frozen=True)
class Status:
    """Rows to show, and whether a run is at work."""

    running: bool
    runs: list[dict[str, Any]]
    deliveries: list[dict[str, Any]]
    unfinished: list[dict[str, Any]]
    failed_reads: list[dict[str, Any]]


def read_status(out: Path) -> Status:
    """The status of a folder of deliveries; SettingsError if nothing was ever run there."""
    workspace = Workspace(out / "work")
    if not (workspace.root / "ledger.sqlite").is_file():
        problem = Problem(str(out), "no ledger of runs", "the --out folder of a run")
        raise SettingsError("Nothing was run there", [problem])
    running = is_held(workspace.root)
    with workspace.looked_into():
        return Status(
            running,
            [asdict(record) for record in last_runs(workspace)],
            list(_list_deliveries(out, workspace)),
            list(_list_unfinished_stores(workspace)),
            list(_list_failed_reads(workspace)),
        )


def _list_deliveries(out: Path, workspace: Workspace) -> Iterator[dict[str, Any]]:
    """One row per delivery of every area, the last good one marked; `intact` if no byte of it changed."""
    for pointer in sorted(out.glob("*/latest")):
        latest = pointer.read_text(encoding="utf-8").strip()
        for path in sorted(pointer.parent.glob("*/manifest.json")):
            manifest, entered = load_json(path), workspace.delivered(path.parent)
            yield {
                "area": manifest["aoi"],
                "label": manifest["label"],
                "latest": path.parent.name == latest,
                "intact": entered is not None and entered[1:] == measured(path.parent),
                "published": manifest["times"]["published"],
                "parcels": manifest["counts"]["parcels"],
                "findings": manifest["counts"]["findings"],
                "warnings": len(manifest["warnings"]),
            }


def _list_unfinished_stores(workspace: Workspace) -> Iterator[dict[str, Any]]:
    """Stores that a run began and did not finish, with how many of their blocks are kept."""
    query = (
        "select key, count(*) from blocks where key not in (select key from artifacts) "
        "group by key order by key"
    )
    with workspace.ledger() as ledger:
        rows = ledger.execute(query).fetchall()
    for key, finished in rows:
        for part in sorted(workspace.root.glob(f"artifacts/*/{key[:24]}.part")):
            yield {"step": part.parent.name, "key": key[:24], "finished_blocks": finished}


def _list_failed_reads(workspace: Workspace) -> Iterator[dict[str, Any]]:
    """Files that could not be read, in how many blocks, and what they answered."""
    query = (
        "select scene_id, band, count(*), max(attempts), max(error) from reads where outcome = 'failed' "
        "group by scene_id, band order by scene_id, band limit ?"
    )
    with workspace.ledger() as ledger:
        for scene, band, blocks, attempts, error in ledger.execute(query, [_FAILURES_SHOWN]):
            yield {"scene": scene, "band": band, "blocks": blocks, "attempts": attempts, "error": error}
