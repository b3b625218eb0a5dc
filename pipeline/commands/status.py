"""What stands in a folder of deliveries: what is done, what is missing, what failed and why."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.engine.journal import list_last_runs
from pipeline.errors import Problem, SettingsError
from pipeline.storage.cause import measure_files
from pipeline.storage.lock import is_held
from pipeline.storage.ownership import is_delivery
from pipeline.storage.tables import load_json
from pipeline.storage.workspace import Workspace

_UNTOLD = dict.fromkeys(("published", "parcels", "findings", "warnings"))
"""What a manifest that cannot be read does not tell."""
_FAILURES_SHOWN = 50


@dataclass(frozen=True)
class Status:
    """Rows to show, and whether a run is at work."""

    running: bool
    runs: list[dict[str, Any]]
    deliveries: list[dict[str, Any]]
    unfinished: list[dict[str, Any]]
    failed_reads: list[dict[str, Any]]


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
        )


def _list_deliveries(out: Path, workspace: Workspace) -> Iterator[dict[str, Any]]:
    """One row per delivery of every area, the last good one marked; `intact` if no byte of it changed."""
    for pointer in sorted(out.glob("*/latest")):
        latest = pointer.read_text(encoding="utf-8").strip()
        for path in sorted(pointer.parent.glob("*/manifest.json")):
            if not is_delivery(path.parent):
                told = {"area": pointer.parent.name, "label": path.parent.name}
                yield {**told, "latest": path.parent.name == latest, "intact": False, **_UNTOLD}
                continue
            manifest, entered = load_json(path), workspace.find_delivery(path.parent)
            yield {
                "area": manifest["aoi"],
                "label": manifest["label"],
                "latest": path.parent.name == latest,
                "intact": entered is not None and entered[1:] == measure_files(path.parent),
                "published": manifest["times"]["published"],
                "parcels": manifest["counts"]["parcels"],
                "findings": manifest["counts"]["findings"],
                "warnings": len(manifest["warnings"]),
            }


def _list_unfinished_stores(workspace: Workspace) -> Iterator[dict[str, Any]]:
    """Stores that a run began and did not finish, with how many of their blocks are kept."""
    for key, finished in workspace.ledger.count_unfinished_blocks().items():
        for part in sorted(workspace.root.glob(f"artifacts/*/{key[:24]}.part")):
            yield {"step": part.parent.name, "key": key[:24], "finished_blocks": finished}
