"""Targets in the report: the first thing that it says, what failed first."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd

from pipeline.contracts import TARGET_STATUSES, Delivery, list_row_values
from pipeline.outputs.assessment.section import (
    Section,
    SectionCard,
    SectionTable,
    State,
    build_section_table,
)
from pipeline.outputs.columns import describe_column, list_values
from pipeline.outputs.tables import format_cell
from pipeline.outputs.texts import choose_words, find_text, find_texts, name_unit

_STEM = "targets"
_ONE = ["indicator", "place", "target_period", "direction", "file", "sheet", "row"]
_STATES: Mapping[str, State] = {
    "failed": "bad", "behind": "fair", "unknown": "unknown", "on_course": "plain", "met": "good",
}  # fmt: skip
_WORDED = ("reason", "expected", "todo")
_MOST_SENTENCES = 12
_NOTHING = ("", "—")
_TOWARDS, _AWAY = "#1e8449", "#c0392b"
_UPWARD = {"at_least": 1, "more_than": 1, "at_most": -1, "less_than": -1}
_SUMMARY = [
    "place_name", "period", "target_period", *(f"targets_{status}" for status in TARGET_STATUSES), "of",
    "share_met", "share_met_low", "share_met_high", "reason",
]  # fmt: skip

Row = Mapping[str, Any]
Cell = tuple[str, str]


def build_targets_section(delivery: Delivery) -> Section | None:
    """Each target in the newest period in which it is in force, what failed first; None without targets."""
    targets = delivery.tables.get(_STEM)
    if targets is None:
        return None
    words = find_texts(_STEM, delivery.language)
    rows: list[Row] = [*list_row_values(_select_newest(targets))]
    summary = _choose_words(_name_places(delivery.tables[f"{_STEM}_summary"], delivery), delivery)
    rejected = _choose_words(delivery.tables[f"{_STEM}_rejected"], delivery)
    tables = [
        _tabulate(rows, words, delivery),
        build_section_table(
            words["table.summary"], f"{_STEM}_summary", summary[_SUMMARY], delivery,
            percent=[name for name in _SUMMARY if name.startswith("share_")],
        ),
    ]  # fmt: skip
    if len(rejected):
        tables.append(build_section_table(words["table.rejected"], f"{_STEM}_rejected", rejected, delivery))
    return Section(
        _STEM,
        words["title"],
        tuple(_write_sentences(rows, summary, len(rejected), words, delivery)),
        tuple(_list_cards(rows, delivery)),
        tuple(tables),
        notes=(words["note.rule"], words["note.compared"]),
        leads=True,
    )


def _select_newest(targets: pd.DataFrame) -> pd.DataFrame:
    """Each target in the newest period that it has, what failed first, then by its deadline."""
    newest = targets.drop_duplicates(_ONE, keep="last")
    order = newest["status"].map(TARGET_STATUSES.index)
    ranked = newest.assign(order=order).sort_values(["order", "deadline"], kind="stable")
    return ranked.drop(columns="order").astype(object).where(ranked.notna(), None)


def _name_places(rows: pd.DataFrame, delivery: Delivery) -> pd.DataFrame:
    """Rows whose area is called in the language of the delivery."""
    own = delivery.area_name
    return rows.assign(place_name=rows["place_name"].mask(rows["place"].eq(delivery.aoi.id), own))


def _choose_words(rows: pd.DataFrame, delivery: Delivery) -> pd.DataFrame:
    """Rows whose words in two languages are in that of the delivery."""
    chosen = {
        name: rows[name].map(lambda text: choose_words(str(text), delivery.language), na_action="ignore")
        for name in _WORDED
        if name in rows
    }
    return rows.assign(**chosen)


def _write_sentences(
    rows: list[Row],
    summary: pd.DataFrame,
    rejected: int,
    words: Mapping[str, str],
    delivery: Delivery,
) -> Iterator[str]:
    """How many are how, the share met, each that is not well, what of the tables is not used."""
    counts = {status: sum(row["status"] == status for row in rows) for status in TARGET_STATUSES}
    yield words["counts"].format(period=delivery.periods[-1].label, of=len(rows), **counts)
    yield from (_write_share(row, words) for row in summary.to_dict("records") if _is_of_last(row, delivery))
    listed = [row for row in rows if row["status"] in ("failed", "behind", "unknown")]
    for row in listed[:_MOST_SENTENCES]:
        yield words[row["status"]].format(**_describe(row, words, delivery))
    if rejected:
        yield words["rejected"].format(count=rejected)


def _is_of_last(row: Mapping[Any, Any], delivery: Delivery) -> bool:
    return bool(row["period"] == delivery.periods[-1].label and pd.notna(row["share_met"]))


def _write_share(row: Mapping[Any, Any], words: Mapping[str, str]) -> str:
    exact = row["share_met_low"] == row["share_met_high"]
    return words["share" if exact else "range"].format(
        place=row["place_name"],
        period=row["period"],
        target_period=row["target_period"],
        share=f"{row['share_met']:.2%}",
        met=f"{row['weight_met']:g}",
        known=f"{row['weight_known']:g}",
        low=f"{row['share_met_low']:.2%}",
        high=f"{row['share_met_high']:.2%}",
    )


def _describe(row: Row, words: Mapping[str, str], delivery: Delivery) -> dict[str, str]:
    """What sentences say of a target."""
    return {
        "name": _name_value("indicator", row["indicator"], delivery),
        "place": _name_place(row, delivery),
        "period": str(row["period"]),
        "value": _write_value(row, "value", delivery),
        "target": _write_value(row, "target", delivery),
        "course": _write_value(row, "course_value", delivery),
        "direction": _name_value("direction", row["direction"], delivery).lower(),
        "deadline": str(row["deadline"]),
        "unit": row["unit_responsible"] or words["nobody"],
        "reason": choose_words(str(row["reason"] or ""), delivery.language),
    }


def _list_cards(rows: list[Row], delivery: Delivery) -> Iterator[SectionCard]:
    for entry in list_values("status"):
        held = [row for row in rows if row["status"] == entry.code]
        name = entry.name(delivery.language)
        if held:
            yield SectionCard(name, f"{len(held)} / {len(rows)}", "", _STATES[entry.code])


def _tabulate(rows: list[Row], words: Mapping[str, str], delivery: Delivery) -> SectionTable:
    """The targets as a table, without columns that hold nothing."""
    cells = {
        describe_column(name, _STEM).name(delivery.language): [write(row, delivery) for row in rows]
        for name, write in _COLUMNS.items()
    }
    kept = {name: column for name, column in cells.items() if any(said not in _NOTHING for said, _ in column)}
    listed = [list(row) for row in zip(*kept.values(), strict=True)]
    return SectionTable(words["table"], list(kept), listed, _STEM)


def _write_status(row: Row, delivery: Delivery) -> Cell:
    entry = next(one for one in list_values("status") if one.code == row["status"])
    return entry.name(delivery.language), entry.color


def _write_indicator(row: Row, delivery: Delivery) -> Cell:
    mark = find_text("assessment.indicative", delivery.language) if row["indicative"] else ""
    name = _name_value("indicator", row["indicator"], delivery)
    return f"{name} ({mark})" if mark else name, ""


def _write_target(row: Row, delivery: Delivery) -> Cell:
    direction = _name_value("direction", row["direction"], delivery)
    return f"{direction} {_write_value(row, 'target', delivery)}", ""


def _write_change(name: str) -> Callable[[Row, Delivery], Cell]:
    """A change with an arrow and its period, green towards the target; a dash where it is said already."""

    def write(row: Row, delivery: Delivery) -> Cell:
        change = row[f"{name}_change"]
        is_said = name == "year_ago" and row["year_ago_period"] == row["before_period"]
        if change is None or is_said:
            return "—", ""
        arrow = "↑" if change > 0 else "↓" if change < 0 else "→"
        towards = _UPWARD.get(row["direction"], 0) * change
        color = _TOWARDS if towards > 0 else _AWAY if towards < 0 else ""
        return f"{arrow} {_write_points(change, row['unit'], delivery)} ({row[f'{name}_period']})", color

    return write


def _write_points(change: float, unit: str, delivery: Delivery) -> str:
    if unit == "share":
        return f"{100 * change:+.2f} {find_text('report.points', delivery.language)}"
    return f"{change:+,.2f} {name_unit(unit, delivery.language)}".rstrip()


def _write_progress(row: Row, _: Delivery) -> Cell:
    return ("—" if row["progress"] is None else f"{row['progress']:.1%}"), ""


def _write_course(row: Row, delivery: Delivery) -> Cell:
    return ("—" if row["due"] else _write_value(row, "course_value", delivery)), ""


def _write_reason(row: Row, delivery: Delivery) -> Cell:
    return choose_words(str(row["reason"] or ""), delivery.language), ""


def _write_plain(name: str) -> Callable[[Row, Delivery], Cell]:
    return lambda row, _: (str(row[name] or "—"), "")


def _write_amount(name: str) -> Callable[[Row, Delivery], Cell]:
    return lambda row, delivery: (_write_value(row, name, delivery), "")


def _write_value(row: Row, name: str, delivery: Delivery) -> str:
    """A figure of a target in its unit."""
    value = row[name]
    if value is None:
        return "—"
    if row["unit"] == "share":
        return f"{value:.2%}"
    return f"{format_cell(float(value))} {name_unit(row['unit'], delivery.language)}".rstrip()


def _name_value(column: str, code: str, delivery: Delivery) -> str:
    names = {entry.code: entry.name(delivery.language) for entry in list_values(column)}
    return names.get(code, code)


def _name_place(row: Row, delivery: Delivery) -> str:
    is_area, is_english = row["place"] == delivery.aoi.id, delivery.language == "en"
    return delivery.aoi.name_en if is_area and is_english else str(row["place_name"])


_COLUMNS: Mapping[str, Callable[[Row, Delivery], Cell]] = {
    "status": _write_status,
    "indicator": _write_indicator,
    "place_name": lambda row, delivery: (_name_place(row, delivery), ""),
    "period": _write_plain("period"),
    "value": _write_amount("value"),
    "target": _write_target,
    "deadline": _write_plain("deadline"),
    "before_change": _write_change("before"),
    "year_ago_change": _write_change("year_ago"),
    "course_value": _write_course,
    "progress": _write_progress,
    "weight": lambda row, _: ("—" if row["weight"] is None else f"{row['weight']:g}", ""),
    "unit_responsible": _write_plain("unit_responsible"),
    "reason": _write_reason,
    "evidence": _write_plain("evidence"),
}
