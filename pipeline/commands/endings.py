"""What is said of the deliveries of a run when it has ended: findings, warnings, what scenes do not show."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import shorten
from typing import Any

from pipeline.flow import Delivered
from pipeline.flow.inputs import PART_WORLD, WORLDS
from pipeline.storage.workspace import Workspace

_SEVERITIES = ("error", "warning", "info")
_SHOWN = 5
_LONGEST = 240
_MEGABYTE = 1e6
_MUCH = 0.01
"""From such a share on it is worth a line."""


def dump_deliveries(delivered: Sequence[Delivered]) -> list[dict[str, Any]]:
    """Each delivery for machines: area, folder, state, findings by severity, warnings, scenes by period."""
    return [
        {
            "area": one.aoi,
            "name": one.name,
            "folder": str(one.folder),
            "state": "kept" if one.kept else "published",
            "findings": {severity: one.findings.get(severity, 0) for severity in _SEVERITIES},
            "warnings": list(one.warnings),
            "periods": list(one.periods),
            "carried": list(one.carried),
        }
        for one in delivered
    ]


def tell_deliveries(delivered: Sequence[Delivered]) -> Iterator[str]:
    """Each delivery for people, line by line, the first warnings at length."""
    for one in delivered:
        yield f"{one.name} ({one.aoi}): {'unchanged, kept' if one.kept else 'published'}: {one.folder}"
        yield from (f"  a file of people, kept: {name}" for name in one.carried)
        error, warning, info = (one.findings.get(severity, 0) for severity in _SEVERITIES)
        yield f"  findings: {error} errors, {warning} warnings, {info} remarks"
        if unseen := _list_unseen(one):
            yield f"  never seen clear: {', '.join(unseen)}"
        if one.warnings:
            yield f"  what should be known ({len(one.warnings)}):"
            yield from (f"  - {shorten(text, _LONGEST, placeholder=' …')}" for text in one.warnings[:_SHOWN])
        if len(one.warnings) > _SHOWN:
            yield f"  and {len(one.warnings) - _SHOWN} more in manifest.json"


def tell_size(out: Path) -> str:
    """What a folder of deliveries takes on the disk, and how much of it may be deleted."""
    whole, work = (
        sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / _MEGABYTE
        for folder in (out, out / "work")
    )
    return f"{out} takes {whole:.0f} MB; {work:.0f} MB of it, in work, may be deleted at the cost of time"


def tell_simulation(out: Path) -> str:
    """How long it took to make the simulated worlds of a folder of deliveries, which real data need not."""
    with Workspace(out / "work").open_for_reading() as workspace:
        costs = workspace.ledger.list_costs()
    seconds = sum(cost.seconds for cost in costs if cost.step.startswith((*WORLDS, PART_WORLD)))
    return f"the simulated worlds took {seconds:.0f} s to make, once for all runs into this folder"


def _list_unseen(one: Delivered) -> list[str]:
    """Periods in which much of the area was never seen clear, with the share."""
    rows = one.indicators[one.indicators["indicator"].eq("never_seen_share")]
    return [f"{row['period']} {row['value']:.1%}" for row in rows.to_dict("records") if row["value"] >= _MUCH]
