"""The first page of the report, for who decides: a conclusion, figures, areas, what is worst, and one map."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pandas as pd

from pipeline.contracts import Delivery
from pipeline.legends import LAND_COVER
from pipeline.outputs.accounts.book import AccountBook
from pipeline.outputs.assessment.section import Section
from pipeline.outputs.columns import list_values
from pipeline.outputs.map_sheets import MapSheet
from pipeline.outputs.report.conclusion import conclude
from pipeline.outputs.report.key_figures import list_key_figures
from pipeline.outputs.report.standing import list_standings
from pipeline.outputs.tables import Table, format_hectares, name_codes
from pipeline.outputs.texts import find_text, find_texts, name_period, name_unit

_MOST_FINDINGS = 3
_UNKNOWN = "unknown"
_HECTARE = 1e4


@dataclass(frozen=True)
class WorstFinding:
    """Findings of a kind: how grave, which rule, how many of it, and what one of them says."""

    color: str
    severity: str
    rule: str
    count: int
    message: str


def build_leading_page(
    book: AccountBook | None,
    sheets: Sequence[MapSheet],
    sections: Sequence[Section],
    delivery: Delivery,
) -> dict[str, Any]:
    """What the template shows on the first page; of the maps the one with the sections, else the first."""
    standings = list_standings(delivery)
    return {
        "words": find_texts("report.lead", delivery.language),
        "conclusion": conclude(standings, sections, delivery),
        "figures": list_key_figures(standings, book, delivery),
        "areas": _build_areas(delivery),
        "worst": list(islice(_list_worst(delivery), _MOST_FINDINGS)),
        "map": _choose_map(sheets),
    }


def _choose_map(sheets: Sequence[MapSheet]) -> MapSheet | None:
    with_points = [sheet for sheet in sheets if any(panel.points for panel in sheet.panels)]
    return next(iter([*with_points, *sheets]), None)


def _build_areas(delivery: Delivery) -> Table | None:
    """Area of the aoi by land cover class in the newest period and the one before, in ha."""
    balance = delivery.tables.get("area_balance")
    if balance is None or balance.empty:
        return None
    told = set(balance["period"].astype(str))
    periods = [period.label for period in delivery.periods[-2:] if period.label in told]
    words, unit = find_texts("report.lead", delivery.language), name_unit("ha", delivery.language)
    wide = balance.astype({"period": str}).pivot_table(
        index="item", columns="period", values="value_m2", aggfunc="first"
    )
    names = {f"class:{entry.key}": entry.name(delivery.language) for entry in LAND_COVER.classes}
    names |= {_UNKNOWN: find_text("legend.unknown", delivery.language), "aoi": words["whole"]}
    headers = [words["class"], *(f"{name_period(one, delivery.language)} ({unit})" for one in periods)]
    rows = [
        _write_area_row(name, [wide[period].get(item, float("nan")) / _HECTARE for period in periods])
        for item, name in names.items()
        if item in wide.index
    ]
    change = [f"{words['change']} ({unit})"] if len(periods) > 1 else []
    return Table([*headers, *change], rows)


def _write_area_row(name: str, hectares: Sequence[float]) -> list[str]:
    cells = [name, *(format_hectares(value) for value in hectares)]
    if len(hectares) > 1:
        cells.append(format_hectares(hectares[-1] - hectares[0], signed=True))
    return cells


def _list_worst(delivery: Delivery) -> Iterator[WorstFinding]:
    """Kinds of findings, the gravest first, then those of which there are most."""
    findings, counted = pd.DataFrame(delivery.findings), delivery.count_findings()
    for entry in reversed(list_values("severity")):
        own = findings[findings["severity"] == entry.code]
        counts = counted[counted["severity"] == entry.code].set_index("rule")["count"]
        for rule in _order_rules(own["rule"], counts):
            alike = own[own["rule"] == rule].sort_values("finding_id")
            name = str(name_codes("rule", alike["rule"], delivery).iloc[0])
            message = str(alike[f"message_{delivery.language}"].iloc[0])
            yield WorstFinding(entry.color, entry.name(delivery.language), name, int(counts[rule]), message)


def _order_rules(found: pd.Series, counts: pd.Series) -> list[str]:
    """Rules, those with most findings first, of as many those that are found first."""
    return sorted(found.unique(), key=lambda rule: -int(counts[rule]))
