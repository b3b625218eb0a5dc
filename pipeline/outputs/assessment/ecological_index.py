"""The ecological index (EI) in the report: what it comes to, what moved it, its sub-indices, their inputs."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import pandas as pd

from pipeline.contracts import Delivery
from pipeline.outputs import drawing
from pipeline.outputs.assessment.section import Section, SectionCard, SectionTable, State, build_section_table
from pipeline.outputs.charts import Chart, draw_stack
from pipeline.outputs.texts import choose_words, find_text, find_texts

_STEM = "ecological_index"
_TOTAL = "ei"
_STATES: Mapping[str, State] = MappingProxyType(
    {
        "优": "good",
        "良": "good",
        "一般": "fair",
        "较差": "bad",
        "差": "bad",
        "excellent": "good",
        "good": "good",
        "fair": "fair",
        "poor": "bad",
        "bad": "bad",
    }
)
_IN_BOTH = ("grade", "change_word", "reason")
_COLORS = ("#1b7837", "#78a94f", "#2b83ba", "#d8b365", "#9970ab")
_INDEX_COLUMNS = [
    "period", "name", "class_basis", "counted", "value", "low", "high", "normalised", "weight", "weighted",
    "grade", "before_change", "change_word", "indicative", "reason",
]  # fmt: skip
_INPUT_COLUMNS = [
    "period", "name", "class_basis", "value", "unit", "numerator", "denominator", "coefficient",
    "contribution", "source", "reason",
]  # fmt: skip


def build_ecological_index_section(delivery: Delivery) -> Section | None:
    """EI of the periods of a delivery; None where it has no such table."""
    rows = delivery.tables.get(_STEM)
    if rows is None:
        return None
    words = find_texts("ei", delivery.language)
    named = choose_names(rows, delivery)
    inputs = choose_names(delivery.tables[f"{_STEM}_inputs"], delivery)
    tables = (
        build_section_table(words["table.index"], _STEM, named[_INDEX_COLUMNS], delivery),
        build_section_table(
            words["table.inputs"], f"{_STEM}_inputs", inputs[_INPUT_COLUMNS], delivery, percent=["value"]
        ),
    )
    return Section(
        _STEM,
        words["title"],
        tuple(_write_sentences(named, words)),
        tuple(_list_cards(named, words)),
        (*tables, *list_rejects(_STEM, delivery)),
        tuple(_draw_charts(named, delivery, words)),
        notes=(words["note.norm"], words["note.bases"]),
    )


def choose_names(rows: pd.DataFrame, delivery: Delivery) -> pd.DataFrame:
    """Rows with their names, as `name`, and what they say in both languages in that of the delivery."""
    said = {
        column: rows[column].map(lambda text: choose_words(text, delivery.language), na_action="ignore")
        for column in _IN_BOTH
        if column in rows
    }
    return rows.assign(**said).rename(columns={f"name_{delivery.language}": "name"})


def list_rejects(stem: str, delivery: Delivery) -> Iterator[SectionTable]:
    """What of the statistics behind a table was not used, if there is any."""
    rejected = delivery.tables.get(f"{stem}_rejected")
    if rejected is not None and len(rejected):
        caption = find_text("ei.table.rejected", delivery.language)
        yield build_section_table(caption, f"{stem}_rejected", rejected, delivery)


def find_latest(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the last period with an index, of the last period where none has one."""
    known = rows.loc[rows["value"].notna(), "period"]
    period = known.iloc[-1] if len(known) else rows["period"].iloc[-1]
    return rows[rows["period"].eq(period)]


def write_value(value: float, sign: str = "") -> str:
    """An index with its decimals, three at most; a change with `+` as its `sign` where it rose."""
    return f"{value:{sign}.3f}".rstrip("0").rstrip(".")


def write_change(total: pd.Series, words: Mapping[str, str]) -> Iterator[str]:
    """How an index changed since the year before, if that is known."""
    if pd.notna(total["before_change"]):
        change, word = write_value(total["before_change"], "+"), total["change_word"]
        yield words["change"].format(before=total["before_period"], change=change, word=word)


def _write_sentences(rows: pd.DataFrame, words: Mapping[str, str]) -> Iterator[str]:
    for _, total in rows[rows["sub_index"].eq(_TOTAL)].iloc[::-1].iterrows():
        said = {"period": total["period"]}
        if pd.isna(total["value"]):
            yield words["none"].format(**said, reason=total["reason"])
            continue
        yield words["value"].format(**said, value=write_value(total["value"]), grade=total["grade"])
        if pd.notna(total["limit_level"]) and total["limit_level"] > 1:
            before = write_value(total["value_before_limit"])
            yield words["limit"].format(level=total["limit_level"], value=before)
        yield from write_change(total, words)
        yield from _write_parts(rows, total, words)


def _write_parts(rows: pd.DataFrame, total: pd.Series, words: Mapping[str, str]) -> Iterator[str]:
    """By how much each sub-index moved the sum, what got worse first."""
    parts = rows[rows["counted"] & rows["sub_index"].ne(_TOTAL)]
    by_period = parts.pivot_table(index="name", columns="period", values="weighted", sort=False)
    if pd.isna(total["before_change"]) or not {total["period"], total["before_period"]} <= set(by_period):
        return
    moved = (by_period[total["period"]] - by_period[total["before_period"]]).sort_values(kind="stable")
    said = words["separator"].join(f"{name} {write_value(change, '+')}" for name, change in moved.items())
    yield words["parts"].format(parts=said)


def _list_cards(rows: pd.DataFrame, words: Mapping[str, str]) -> Iterator[SectionCard]:
    latest = find_latest(rows[rows["sub_index"].eq(_TOTAL)])
    total = latest.iloc[0]
    known = (
        words["known"].format(known=total["known"], parts=total["parts"]) if pd.notna(total["known"]) else ""
    )
    if pd.isna(total["value"]):
        yield SectionCard(f"{total['name']} {total['period']}", "—", known, "unknown")
    else:
        value, note = write_value(total["value"]), f"{total['grade']}; {known}"
        yield SectionCard(f"{total['name']} {total['period']}", value, note, _STATES[total["grade"]])
    parts = rows[rows["period"].eq(total["period"]) & rows["counted"] & rows["sub_index"].ne(_TOTAL)]
    for _, part in parts.iterrows():
        value = "—" if pd.isna(part["value"]) else f"{part['value']:.2f}"
        normalised = "—" if pd.isna(part["normalised"]) else f"{part['normalised']:.1f}"
        note = words["card"].format(
            period=part["period"], normalised=normalised, weight=f"{part['weight']:g}"
        )
        yield SectionCard(part["name"], value, note, "unknown" if value == "—" else "plain")


def _draw_charts(rows: pd.DataFrame, delivery: Delivery, words: Mapping[str, str]) -> Iterator[Chart]:
    parts = rows[rows["counted"] & rows["sub_index"].ne(_TOTAL) & rows["weighted"].notna()]
    if parts.empty:
        return
    amounts = parts.pivot_table(index="period", columns="name", values="weighted", sort=False)
    names = rows.loc[rows["sub_index"].ne(_TOTAL), "name"].unique()
    colors = dict(zip(names, _COLORS, strict=True))
    chart = drawing.create_bars([str(period) for period in amounts.index])
    drawn = draw_stack(chart, amounts, colors, delivery, lying=False, unit=words["points"])
    yield Chart("chart-ecological-index", words["chart"], words["chart.about"], drawn)
