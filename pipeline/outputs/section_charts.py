"""Sections month by month: one tab for each parameter, over the colours of the classes of its limits."""

from collections.abc import Iterator
from itertools import cycle

import pandas as pd
from bokeh.models import BoxAnnotation, DatetimeTickFormatter, GlyphRenderer, Span, TabPanel, Tabs
from bokeh.plotting import figure as Figure  # noqa: N812 (a class with the name of a function)

from pipeline import standards
from pipeline.contracts import Delivery
from pipeline.legends import WATER_CLASS
from pipeline.outputs import drawing
from pipeline.outputs.columns import describe_parameter, name_values
from pipeline.outputs.texts import clean_words

SHOWN_SECTIONS = 10
SHOWN_PARAMETERS = 12

_LINES = (
    *("#1f4e79", "#c2410c", "#2e7d32", "#7b1fa2", "#00838f"),
    *("#8d6e63", "#d81b60", "#5d6d1e", "#455a64", "#b8860b"),
)
_BAND_ALPHA = 0.16
_ROOM = 0.08


def draw_section_series(delivery: Delivery) -> Tabs | None:
    """Monthly means of the sections; None where the delivery has no table `section_series`.

    At most SHOWN_SECTIONS sections, those of the worst class in the newest period first, and
    SHOWN_PARAMETERS parameters, that of the worst mean class first.
    """
    series = delivery.tables.get("section_series")
    if series is None or series["value"].isna().all():
        return None
    known = series[series["value"].notna()]
    kept = known[known["section_id"].isin(choose_sections(delivery))]
    tabs = [
        TabPanel(
            child=_draw_parameter(rows, str(code), delivery),
            title=describe_parameter(str(code)).name(delivery.language),
        )
        for code, rows in _sort_parameters(kept)
    ]
    return Tabs(tabs=tabs, sizing_mode="stretch_width")


def choose_sections(delivery: Delivery) -> list[str]:
    """Ids of the sections that are drawn, the worst first."""
    newest = delivery.sections[delivery.sections["period"] == delivery.periods[-1].label]
    graded = pd.Series(newest["water_class"].to_numpy(), index=newest["section_id"].to_numpy())
    known = delivery.tables["section_series"]["section_id"].drop_duplicates()
    order = known.map(graded.astype(float)).sort_values(ascending=False, kind="stable", na_position="last")
    return [str(section) for section in known.loc[order.index[:SHOWN_SECTIONS]]]


def _sort_parameters(series: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Rows of each parameter, that of the worst mean class first, those without a class last."""
    order = {code: number for number, code in enumerate(standards.table("water_limits")["code"].unique())}
    numbered = series.assign(grade=series["water_class"].astype(float))
    mean = numbered.groupby("parameter", observed=True)["grade"].mean().fillna(0.0)
    codes = sorted(mean.index, key=lambda code: (-mean[code], order.get(code, len(order)), code))
    for code in codes[:SHOWN_PARAMETERS]:
        yield code, series[series["parameter"] == code]


def _draw_parameter(rows: pd.DataFrame, code: str, delivery: Delivery) -> Figure:
    low, high = _find_bounds(rows["value"].astype(float))
    chart = drawing.create_time_chart(low, high)
    unit = str(rows["unit"].iloc[0])
    name = describe_parameter(code).name(delivery.language)
    chart.yaxis.axis_label = name if unit in {"", "-"} else f"{name} ({unit})"
    chart.xaxis.ticker.desired_num_ticks = 5
    chart.xaxis.formatter = DatetimeTickFormatter(years="%Y", months="%Y-%m", days="%Y-%m-%d")
    for limit in _list_limits(code, rows, delivery):
        chart.add_layout(limit)
    points = [
        _draw_line(chart, own, color, delivery)
        for color, (_, own) in zip(cycle(_LINES), rows.groupby("section_id", sort=True), strict=False)
    ]
    drawing.add_hover(
        chart, delivery, ["section", "period", "value", "water_class", "samples"], renderers=points
    )
    return drawing.place_legend(chart, policy="hide")


def _find_bounds(values: pd.Series) -> tuple[float, float]:
    room = max((values.max() - values.min()) * _ROOM, abs(values.max()) * 0.02, 1e-6)
    low = values.min() - room
    return (0.0 if 0 <= values.min() < values.max() / 2 else float(low)), float(values.max() + room)


def _draw_line(chart: Figure, rows: pd.DataFrame, color: str, delivery: Delivery) -> GlyphRenderer:
    """A line over the months, broken where one has no data; a mark in the colour of each month's class."""
    name = clean_words(rows["section"].iloc[0])
    days = pd.DatetimeIndex(pd.to_datetime(rows["period"].astype(str), format="%Y-%m"))
    values = pd.Series(rows["value"].to_numpy(dtype=float), index=days).sort_index()
    every = pd.date_range(days.min(), days.max(), freq="MS")
    line = drawing.build_time_source(every, {"y": values.reindex(every)})
    chart.line("x", "y", source=line, line_width=2, color=color, legend_label=name)
    colors = [_find_class_color(grade) for grade in rows["water_class"]]
    words = drawing.write_hover_words(_write_words(rows, delivery))
    marks = drawing.build_time_source(days, {"y": rows["value"].astype(float), "color": colors, **words})
    edge = {"line_color": color, "line_width": 1.5}
    return chart.scatter("x", "y", size=9, source=marks, fill_color="color", legend_label=name, **edge)


def _write_words(given: pd.DataFrame, delivery: Delivery) -> pd.DataFrame:
    unit = given["unit"].astype(str).where(given["unit"].astype(str) != "-", "")
    return pd.DataFrame(
        {
            "section": given["section"].astype(str),
            "period": given["period"].astype(str),
            "value": [
                f"{value:.4g} {suffix}".strip() for value, suffix in zip(given["value"], unit, strict=True)
            ],
            "water_class": name_values(
                "water_class", given["water_class"].astype("Int64"), delivery.language
            ),
            "samples": [f"{count:.0f}" for count in given["samples"].astype(float)],
        }
    )


def _find_class_color(grade: object) -> str:
    return "#ffffff" if pd.isna(grade) else WATER_CLASS.by_code()[int(grade)].color  # type: ignore[call-overload]


def _list_limits(code: str, rows: pd.DataFrame, delivery: Delivery) -> Iterator[BoxAnnotation | Span]:
    """Bands of the classes of a parameter; none where waters with other limits are drawn together."""
    bodies = delivery.sections.loc[delivery.sections["section_id"].isin(rows["section_id"]), "water_body"]
    table = standards.table("water_limits")
    own = table[(table["code"] == code) & table["water_body"].isin([*bodies.unique(), "any"])]
    if len(own) != 1 or own["in_21"].iloc[0] != "1":
        return
    (limit,) = own.to_dict("records")
    ends = [limit[f"class_{number}"] for number in range(1, 6)]
    if limit["rule"] == "range":
        for end in ends[0].split("-"):
            yield Span(location=float(end), dimension="width", line_dash="dashed", line_color="#c62828")
    elif limit["rule"] in {"max", "min"}:
        yield from _list_bands([float(end) for end in ends], rising=limit["rule"] == "max")


def _list_bands(ends: list[float], *, rising: bool) -> Iterator[BoxAnnotation]:
    for entry, (better, worse) in zip(
        WATER_CLASS.classes, zip([None, *ends], [*ends, None], strict=True), strict=True
    ):
        if better != worse:
            low, high = (better, worse) if rising else (worse, better)
            yield BoxAnnotation(
                bottom=low, top=high, fill_color=entry.color, fill_alpha=_BAND_ALPHA, level="underlay"
            )
