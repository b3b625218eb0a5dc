"""Old deliveries, and what only they were made from, removed where the config says how many to keep."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.flow.inputs import PART_WORLD, WORLDS
from pipeline.storage.ownership import has_strangers, is_delivery
from pipeline.storage.publish import remove
from pipeline.storage.tables import load_json

_LOG = logging.getLogger("ecoledger")


def retire(run: Run, areas: Sequence[Study]) -> list[Path]:
    """Remove all but the last deliveries of each area, as many as its config keeps; the folders removed.

    With a delivery go the artifacts that no delivery that stays was made from. The one that was just
    published stays, one into which people put something too, and everything where the config names no number.
    """
    old = [folder for area in areas for folder in _list_surplus(run, area) if not _is_used(folder)]
    if not old:
        return []
    gone = {folder: load_json(folder / "manifest.json") for folder in old}
    stays = [
        load_json(path) for path in _list_manifests(areas[0].target.parents[1]) if path.parent not in gone
    ]
    for folder in old:
        run.workspace.forget_delivery(folder)
        remove(folder)
        _LOG.info("retired", extra={"target": str(folder)})
    run.workspace.forget_artifacts(_collect_keys(gone.values()) - _collect_keys(stays))
    return old


def _is_used(folder: Path) -> bool:
    if used := has_strangers(folder):
        _LOG.warning("not retired: people put something there", extra={"target": str(folder)})
    return used


def _list_surplus(run: Run, study: Study) -> list[Path]:
    """The deliveries of an area but the last, by the order of their publishing.

    Those that the ledger does not know are the oldest, among themselves by the days that they tell of.
    """
    keep = study.settings.retention.deliveries
    if keep is None:
        return []
    told = {
        path.parent: str(load_json(path)["as_of"])
        for path in study.target.parent.glob("*/manifest.json")
        if is_delivery(path.parent)
    }
    ranks = {folder: run.workspace.rank_delivery(folder) for folder in told}
    by_age = sorted(told, key=lambda folder: (folder == study.target, ranks[folder], told[folder], folder))
    return by_age[:-keep]


def _list_manifests(out: Path) -> Iterable[Path]:
    return [path for path in sorted(out.glob("*/*/manifest.json")) if is_delivery(path.parent)]


def _collect_keys(manifests: Iterable[Mapping[str, Any]]) -> set[str]:
    """Keys of all artifacts behind some deliveries, the simulated world among them."""
    keys: set[str] = set()
    for manifest in manifests:
        for found in manifest["artifacts"].values():
            keys |= {found} if isinstance(found, str) else set(found)
        keys |= {
            key for name, key in manifest["inputs"].items() if name in WORLDS or name.startswith(PART_WORLD)
        }
    return keys
