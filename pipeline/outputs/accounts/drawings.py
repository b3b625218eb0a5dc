"""Charts of the accounts: what they are made of, towns by rank, why they changed, and GDP beside them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from bokeh.models import LabelSet, Model, TabPanel, Tabs, Whisker
from bokeh.plotting import figure as Figure  # noqa: N812 (a class with the name of a function)

from pipeline.outputs import drawing
from pipeline.outputs.accounts.amounts import choose_money, write_money, write_money_range
from pipeline.outputs.accounts.book import BETWEEN, CATEGORIES, PARTS, AccountBook, Row, list_records
from pipeline.outputs.charts import Chart, draw_stack
from pipeline.outputs.texts import clean_words, find_text, find_texts

MOST_SERVICES, MOST_REGIONS = 12, 24
CATEGORY_COLORS = dict(zip(CATEGORIES, ("#c08a2d", "#1f7a5c", "#7a5195"), strict=True))

_REST = "rest"
_MORE, _LESS, _WHOLE, _GDP = "#2f7a5d", "#b3261e", "#55635d", "#9fb3c8"
_ROOM = 0.35
"""Room beside the longest bar for the words at its end, in shares of its length."""
_CUT, _WORDS = 2.0, 1.7
"""Room before the least and behind the greatest of the steps where the axis is cut, in spans of the steps."""
_TICKS = 4
_AXIS_WORDS = 26
"""Room for a name beside its bar, in letters; a Chinese one takes that of two."""


def draw_account_charts(book: AccountBook) -> dict[str, Chart]:
    """The charts that the accounts have figures for, by id."""
    drawings = (
        ("account_services", _draw_services(book)),
        ("account_regions", _draw_regions(book)),
        ("account_bridge", _draw_bridges(book)),
        ("account_gdp", _draw_gdp(book)),
    )
    words = find_texts("chart", book.language)
    return {
        name: Chart(f"chart-{name}", words[name], words[f"{name}.about"], drawn)
        for name, drawn in drawings
        if drawn is not None
    }


def _draw_services(book: AccountBook) -> Figure | None:
    """Value of each indicator and item in the newest period, in the colour of its kind, with its interval."""
    rows = book.list_services(book.periods[-1]).dropna(subset=["value_yuan"])
    if rows.empty:
        return None
    named = _pick_services(rows, book)
    chart = drawing.create_lying_bars(list(named["bar"]))
    kinds = {category: book.name_service(category) for category in CATEGORIES}
    for category, kind in {**kinds, _REST: find_text("accounts.rest", book.language)}.items():
        part = named[named["category"] == category]
        if len(part):
            _draw_service_bars(chart, part, kind, CATEGORY_COLORS.get(category, _WHOLE), book)
    _add_interval(chart, named, choose_money(book.language)[0])
    drawing.add_hover(chart, book.delivery, ["bar", "kind", "amount", "interval"])
    return _finish(chart, named, book)


def _pick_services(rows: pd.DataFrame, book: AccountBook) -> pd.DataFrame:
    """The rows of most value, the greatest last, each with its name `bar`; all others as one before them."""
    ordered = rows.sort_values("value_yuan", kind="stable")
    top, rest = ordered.tail(MOST_SERVICES), ordered.iloc[:-MOST_SERVICES]
    names = [_shorten(book.name_service(row["service"], row["item"])) for row in list_records(top)]
    named = top.assign(bar=_make_unique(names), category=[book.find_category(key) for key in top["service"]])
    if rest.empty:
        return named
    told = f"{find_text('accounts.rest', book.language)} ({len(rest)})"
    one = {"bar": told, "category": _REST, "value_yuan": rest["value_yuan"].sum()}
    return pd.concat([pd.DataFrame([one]), named], ignore_index=True)


def _draw_service_bars(chart: Figure, rows: pd.DataFrame, kind: str, color: str, book: AccountBook) -> None:
    scale, _ = choose_money(book.language)
    ends = zip(rows["value_low"], rows["value_high"], strict=True)
    data: dict[str, Any] = {
        "bar": rows["bar"],
        "end": rows["value_yuan"] / scale,
        "kind": [kind] * len(rows),
        "amount": [write_money(value, book.language) for value in rows["value_yuan"]],
        "interval": [write_money_range(low, high, book.language) or "—" for low, high in ends],
    }
    source = drawing.build_source(data)
    chart.hbar(y="bar", left=0, right="end", height=0.66, source=source, color=color, legend_label=kind)


def _add_interval(chart: Figure, rows: pd.DataFrame, scale: float) -> None:
    known = rows.dropna(subset=["value_low", "value_high"])
    if known.empty:
        return
    ends = {"bar": known["bar"], "low": known["value_low"] / scale, "high": known["value_high"] / scale}
    source = drawing.build_source(ends)
    whisker = Whisker(base="bar", lower="low", upper="high", source=source, dimension="width")
    whisker.line_color = "#333333"
    for head in (whisker.upper_head, whisker.lower_head):
        head.size = 8
    chart.add_layout(whisker)


def _draw_regions(book: AccountBook) -> Figure | None:
    """Value of each region by kind in the newest period, the greatest on top."""
    if not book.regions:
        return None
    period = book.periods[-1]
    names = dict(
        zip(book.regions, _make_unique([_shorten(name) for name in book.regions.values()]), strict=True)
    )
    rows = {names[region]: book.sum_categories(region, period) for region in book.regions}
    values = pd.DataFrame.from_dict(rows, orient="index")
    if values.isna().all(axis=None):
        return None
    top = values.loc[values.sum(axis=1).sort_values(kind="stable").index].tail(MOST_REGIONS)
    return _draw_kinds(top, book)


def _draw_gdp(book: AccountBook) -> Figure | None:
    """The accounts of each period by kind, and GDP under them where statistics tell of it."""
    rows = {}
    for period in reversed(book.periods):
        gdp = book.find_gdp(period)
        if gdp is not None:
            rows[f"{period} GDP"] = {"GDP": gdp}
        rows[f"{period} {_name_whole(book, period)}"] = book.sum_categories(None, period)
    values = pd.DataFrame.from_dict(rows, orient="index")
    return None if values.isna().all(axis=None) else _draw_kinds(values, book)


def _draw_kinds(values: pd.DataFrame, book: AccountBook) -> Figure:
    scale, unit = choose_money(book.language)
    names = {key: book.name_service(key) for key in CATEGORY_COLORS}
    colors = {**{names[key]: color for key, color in CATEGORY_COLORS.items()}, "GDP": _GDP}
    amounts = (values / scale).rename(columns=names).dropna(axis=1, how="all")
    chart = drawing.create_lying_bars([str(name) for name in amounts.index])
    return _tidy_axis(draw_stack(chart, amounts, colors, book.delivery, lying=True, unit=unit), unit)


def _name_whole(book: AccountBook, period: str) -> str:
    """What the sum of a period may be called, and of how many indicators it is."""
    found = book.find_whole(period)
    return f"{book.name_service(str(found['service']))} {found['known']}/{found['of']}" if found else ""


def _draw_bridges(book: AccountBook) -> Model | None:
    """Why the accounts of the area changed; one tab for each two neighbouring periods."""
    panels = list(_list_bridges(book))
    if not panels:
        return None
    return panels[0].child if len(panels) == 1 else Tabs(tabs=panels, sizing_mode="stretch_width")


def _list_bridges(book: AccountBook) -> Iterator[TabPanel]:
    for row in list_records(book.select_bridge()):
        if not pd.isna(row["opening_yuan"]) and not pd.isna(row["closing_yuan"]):
            title = f"{row['from_period']} → {row['to_period']}"
            yield TabPanel(child=_draw_waterfall(row, book), title=title)


def _draw_waterfall(row: Row, book: AccountBook) -> Figure:
    """Bars from the value before, over what each cause added or took, to the value after.

    What of it is deducted as from outside is a step of its own.
    """
    scale, unit = choose_money(book.language)
    words = find_texts("accounts.part", book.language)
    outside = book.find_outside_step(row["from_period"], row["to_period"])
    parts = {words[key]: _to_number(row[f"{key}_yuan"]) - outside.get(key, 0.0) for key in PARTS}
    if outside:
        parts[words["outside"]] = sum(outside.values())
    at = _to_number(row["opening_yuan"]) / scale
    steps = [(f"{words['opening']} {row['from_period']}", 0.0, at, _WHOLE, at)]
    for name, yuan in parts.items():
        steps.append((name, at, at + yuan / scale, _MORE if yuan >= 0 else _LESS, yuan / scale))
        at += yuan / scale
    closing = _to_number(row["closing_yuan"]) / scale
    steps.append((f"{words['closing']} {row['to_period']}", 0.0, closing, _WHOLE, closing))
    return _draw_steps(steps, unit, book)


def _draw_steps(steps: list[tuple[str, float, float, str, float]], unit: str, book: AccountBook) -> Figure:
    names, starts, ends, colors, amounts = (list(part) for part in zip(*steps, strict=True))
    chart = drawing.create_lying_bars(names[::-1])
    low, high = _find_window(ends)
    whole = [0, len(steps) - 1]
    signed = [f"{value:,.2f}" if at in whole else f"{value:+,.2f}" for at, value in enumerate(amounts)]
    source = drawing.build_source(
        {
            "bar": names,
            "start": [max(start, low) for start in starts],
            "end": ends,
            "color": colors,
            "words": signed,
            "amount": [f"{word} {unit}" for word in signed],
            "right": [max(start, end) for start, end in zip(starts, ends, strict=True)],
        }
    )
    chart.hbar(y="bar", left="start", right="end", height=0.6, color="color", source=source)
    labels = LabelSet(x="right", y="bar", text="words", source=source, x_offset=5, text_baseline="middle")
    labels.text_font_size, labels.text_color = "12px", "#33413b"
    chart.add_layout(labels)
    chart.x_range.start, chart.x_range.end = low, high
    drawing.add_hover(chart, book.delivery, ["bar", "amount"])
    cut = find_text("accounts.axis_cut", book.language) if low > 0 else ""
    return _tidy_axis(chart, f"{unit}{cut}")


def _find_window(ends: list[float]) -> tuple[float, float]:
    """Ends of the axis: from 0, or from near the least where steps would be hairlines beside the whole."""
    low, high = min(ends), max(ends)
    span = max(high - low, abs(high) * 0.02)
    if low > _CUT * span:
        return low - _CUT * span, high + span * _WORDS
    return min(0.0, low * (1 + _ROOM)), high + max(abs(high), span) * _ROOM


def _to_number(value: Any) -> float:
    return 0.0 if pd.isna(value) else float(value)


def _shorten(name: str) -> str:
    """A name that leaves the bars room on a phone: that of the item alone, then cut, where it is too long."""
    words = clean_words(name)
    if name != words or _measure_words(words) > _AXIS_WORDS:
        words = clean_words(name.rsplit(BETWEEN, maxsplit=1)[-1])
    kept = next((end for end in range(len(words), 0, -1) if _measure_words(words[:end]) <= _AXIS_WORDS), 0)
    return words if kept == len(words) else f"{words[: kept - 1]}…"


def _measure_words(words: str) -> int:
    return sum(1 if letter.isascii() else 2 for letter in words)


def _make_unique(names: list[str]) -> list[str]:
    """Names for an axis, on which no two bars may be called the same."""
    return [
        name if names.count(name) == 1 else f"{name} ({1 + names[:place].count(name)})"
        for place, name in enumerate(names)
    ]


def _finish(chart: Figure, named: pd.DataFrame, book: AccountBook) -> Figure:
    """The axis from 0, or from what is below, to the greatest that is drawn, intervals with it."""
    scale, unit = choose_money(book.language)
    ends = named[["value_yuan", "value_low", "value_high"]].to_numpy(dtype=float) / scale
    low, high = np.nanmin(ends), np.nanmax(ends)
    chart.x_range.start, chart.x_range.end = min(0.0, low * 1.05), max(0.0, high * 1.05)
    return _tidy_axis(drawing.place_legend(chart), unit)


def _tidy_axis(chart: Figure, unit: str) -> Figure:
    """Few ticks, so that great figures do not run into each other on a phone."""
    drawing.format_amount_axis(chart, unit, lying=True)
    chart.xaxis.ticker.desired_num_ticks = _TICKS
    return chart
