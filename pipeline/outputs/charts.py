"""Charts of the report: cover, land cover and its change, owners, findings, sections month by month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from bokeh.models import Model, TabPanel, Tabs, Whisker
from bokeh.plotting import figure as Figure  # noqa: N812 (a class with the name of a function)
from bokeh.transform import dodge

from pipeline.contracts import Delivery
from pipeline.legends import LAND_COVER
from pipeline.outputs import drawing
from pipeline.outputs.columns import describe_column, list_values, name_values
from pipeline.outputs.drawing import UNKNOWN_COLOR
from pipeline.outputs.section_charts import draw_section_series
from pipeline.outputs.tables import find_table_file, name_codes
from pipeline.outputs.texts import clean_words, find_text, find_texts, name_unit
from pipeline.outputs.totals import sum_by_owner

_COVER = {
    "vegetation_cover_share_land": "#1b7837",
    "vegetation_cover_share_area": "#7fbf7b",
    "mean_fvc_land": "#2166ac",
    "mean_fvc_area": "#92c5de",
}
_UNKNOWN = "unknown"
_GONE = "#f1f1ef"


@dataclass(frozen=True)
class Chart:
    """A chart of the page: its id there, its title, what it shows in one sentence, and the drawing."""

    id: str
    title: str
    about: str
    drawing: Model


def draw_charts(delivery: Delivery) -> dict[str, Chart]:
    """The charts that the tables of a delivery have figures for, by id."""
    drawings = (
        ("cover", _draw_cover(delivery)),
        ("classes", _draw_classes(delivery)),
        ("transitions", _draw_transitions(delivery)),
        ("owners", _draw_owners(delivery)),
        ("rules", _draw_rules(delivery)),
        ("sections", draw_section_series(delivery)),
    )
    words = find_texts("chart", delivery.language)
    return {
        name: Chart(f"chart-{name}", words[name], _tell_about(name, delivery), drawn)
        for name, drawn in drawings
        if drawn is not None
    }


def _tell_about(name: str, delivery: Delivery) -> str:
    """What a chart shows in one sentence, and where all findings are that it counts."""
    if name == "rules" and delivery.findings_file:
        file = find_table_file("findings", delivery)
        return find_text("register.rules.about", delivery.language).format(file=file)
    return find_text(f"chart.{name}.about", delivery.language)


def _draw_cover(delivery: Delivery) -> Figure | None:
    """Bars of the vegetation indicators by period; whiskers from `low` to `high`, a dash at the target."""
    table = _find_table(delivery, "indicators", ["indicator", "period", "value"])
    known = table[table["indicator"].isin(_COVER) & table["value"].notna()]
    if known.empty:
        return None
    names = {entry.code: entry.name(delivery.language) for entry in list_values("indicator")}
    chart = drawing.create_bars(sorted(known["period"].unique()))
    width = 0.8 / len(_COVER)
    for number, (indicator, color) in enumerate(_COVER.items()):
        rows = known[known["indicator"] == indicator]
        if len(rows):
            shift = width * (number - (len(_COVER) - 1) / 2)
            _draw_cover_bars(chart, _select_cover_rows(rows), names[indicator], color, shift, width)
    drawing.add_hover(
        chart, delivery, ["indicator", "period", "value", "numerator", "denominator", "low", "high"]
    )
    drawing.format_percent_axis(chart)
    return drawing.place_legend(chart)


def _select_cover_rows(rows: pd.DataFrame) -> pd.DataFrame:
    ranged = rows.reindex(columns=["period", "value", "low", "high", "numerator", "denominator", "target"])
    ends = ranged[["low", "high"]].astype(float)
    return ranged.assign(low=ends["low"], high=ends["high"])


def _draw_cover_bars(
    chart: Figure, rows: pd.DataFrame, name: str, color: str, shift: float, width: float
) -> None:
    said = drawing.write_hover_words(rows.assign(indicator=name), percent=["value", "low", "high"])
    source = drawing.build_source({"x": rows["period"], "top": rows["value"], **said})
    place = dodge("x", shift, range=chart.x_range)
    chart.vbar(x=place, top="top", width=width * 0.92, color=color, legend_label=name, source=source)
    ends = drawing.build_source({"x": rows["period"], "low": rows["low"], "high": rows["high"]})
    whisker = Whisker(base=place, lower="low", upper="high", source=ends, line_color="#333333")
    for head in (whisker.upper_head, whisker.lower_head):
        head.size = 8
    chart.add_layout(whisker)
    aims = rows.dropna(subset=["target"])
    if len(aims):
        marks = drawing.build_source({"x": aims["period"], "y": aims["target"].astype(float)})
        chart.scatter(place, "y", source=marks, marker="dash", size=26, line_width=3, color="#b3261e")


def _draw_classes(delivery: Delivery) -> Figure | None:
    """Area of each land cover class, and of what has no class, by period; stacked, in ha."""
    balance = _find_table(delivery, "area_balance", ["period", "item", "value_m2"])
    keys = {f"class:{entry.key}": entry for entry in LAND_COVER.classes}
    rows = balance[balance["item"].isin([*keys, _UNKNOWN])]
    if rows.empty:
        return None
    colors = {
        **{entry.name(delivery.language): entry.color for entry in LAND_COVER.classes},
        find_text("legend.unknown", delivery.language): UNKNOWN_COLOR,
    }
    areas = rows.assign(
        kind=name_values("item", rows["item"], delivery.language), area_ha=rows["value_m2"] / 1e4
    ).pivot_table(index="period", columns="kind", values="area_ha", aggfunc="sum")
    chart = drawing.create_bars([str(period) for period in areas.index])
    return draw_stack(chart, areas, colors, delivery, lying=False, unit=name_unit("ha", delivery.language))


def _draw_owners(delivery: Delivery) -> Figure | None:
    """Area of each owner kind by ecosystem in the newest period, in ha; a parcel counts once."""
    owned = delivery.sums.owned if delivery.sums else sum_by_owner(delivery.parts("inventory"))
    if owned.empty:
        return None
    unknown = find_text("legend.unknown", delivery.language)
    areas = owned.pivot_table(index="owner", columns="kind", values="area_ha", aggfunc="sum")
    colors = {entry.name(delivery.language): entry.color for entry in list_values("ecosystem_l1")}
    chart = drawing.create_lying_bars(list(areas.sum(axis=1).sort_values().index))
    hectares = name_unit("ha", delivery.language)
    return draw_stack(chart, areas, {**colors, unknown: UNKNOWN_COLOR}, delivery, lying=True, unit=hectares)


def _draw_rules(delivery: Delivery) -> Figure | None:
    """Number of findings of each rule, by severity."""
    if delivery.findings.empty:
        return None
    kinds = delivery.count_findings()
    counts = kinds.assign(
        rule=name_codes("rule", kinds["rule"], delivery).map(clean_words),
        severity=name_values("severity", kinds["severity"], delivery.language),
    )
    table = counts.pivot_table(index="rule", columns="severity", values="count", aggfunc="sum").astype(float)
    colors = {entry.name(delivery.language): entry.color for entry in reversed(list_values("severity"))}
    chart = drawing.create_lying_bars(list(table.sum(axis=1).sort_values(kind="stable").index))
    return draw_stack(chart, table, colors, delivery, lying=True, unit="")


def draw_stack(
    chart: Figure,
    amounts: pd.DataFrame,
    colors: Mapping[str, str],
    delivery: Delivery,
    *,
    lying: bool,
    unit: str,
) -> Figure:
    """Bars of the rows of `amounts`, stacked by its columns in the order of `colors`, in `unit`."""
    kinds = [kind for kind in colors if kind in amounts.columns]
    kinds += sorted(set(amounts.columns) - set(kinds))
    known = amounts[kinds].fillna(0.0)
    ends = known.cumsum(axis=1)
    shares = known.div(known.sum(axis=1), axis=0)
    for kind in kinds:
        said = {
            "kind": [kind] * len(known),
            "amount": [f"{value:,.2f} {unit}" if unit else f"{value:,.0f}" for value in known[kind]],
            "share": [f"{value:.1%}" for value in shares[kind]],
        }
        data: dict[str, Any] = {
            "bar": known.index,
            "start": ends[kind] - known[kind],
            "end": ends[kind],
            **said,
        }
        drawn = {"color": colors.get(kind, UNKNOWN_COLOR), "legend_label": kind, "line_color": "#ffffff"}
        source = drawing.build_source(data)
        if lying:
            chart.hbar(y="bar", left="start", right="end", height=0.66, source=source, **drawn)
        else:
            chart.vbar(x="bar", bottom="start", top="end", width=0.66, source=source, **drawn)
    drawing.add_hover(chart, delivery, ["bar", "kind", "amount", "share"])
    drawing.format_amount_axis(chart, unit, lying=lying)
    return drawing.place_legend(chart)


def _draw_transitions(delivery: Delivery) -> Model | None:
    """Area by class before and after, in ha; one tab for each two neighbouring periods."""
    stems = sorted(stem for stem in delivery.tables if stem.startswith("transitions_"))
    panels = [
        TabPanel(child=chart, title=" → ".join(stem.removeprefix("transitions_").split("_")))
        for stem in stems
        if (chart := _draw_transition_matrix(delivery.tables[stem], delivery)) is not None
    ]
    if not panels:
        return None
    return panels[0].child if len(panels) == 1 else Tabs(tabs=panels, sizing_mode="stretch_width")


def _draw_transition_matrix(moves: pd.DataFrame, delivery: Delivery) -> Figure | None:
    occurring = moves[moves["area_m2"] > 0]
    if occurring.empty:
        return None
    present = [entry.code for entry in list_values("from") if _occurs(entry.code, occurring)]
    names = {entry.code: entry.name(delivery.language) for entry in list_values("from")}
    order = [names[key] for key in present]
    chart = drawing.create_square(order, order[::-1])
    kept, unit = occurring["from"] == occurring["to"], name_unit("ha", delivery.language)
    hectares = occurring["area_m2"] / 1e4
    strength = np.sqrt(hectares / max(float(hectares[~kept].max()) if (~kept).any() else 1.0, 1e-9))
    data: dict[str, Any] = {
        "from": occurring["from"].map(names),
        "to": occurring["to"].map(names),
        "color": [_GONE if same else "#c2410c" for same in kept],
        "alpha": np.where(kept, 1.0, strength.clip(0.08, 0.9)),
        "label": [f"{value:,.1f}" if value >= 0.05 else "<0.1" for value in hectares],  # noqa: PLR2004
        "amount": [f"{value:,.4f} {unit}" for value in hectares],
    }
    source = drawing.build_source(data)
    chart.rect(
        "to", "from", 0.96, 0.94, source=source, fill_color="color", fill_alpha="alpha", line_color=None
    )
    drawing.add_cell_words(chart, source, "to", "from", "label")
    chart.xaxis.axis_label = describe_column("to").name(delivery.language) + f" ({unit})"
    chart.yaxis.axis_label = describe_column("from").name(delivery.language)
    drawing.add_hover(chart, delivery, ["from", "to", "amount"])
    return chart


def _occurs(key: str, moves: pd.DataFrame) -> bool:
    return bool((moves[["from", "to"]] == key).to_numpy().any())


def _find_table(delivery: Delivery, stem: str, columns: Sequence[str]) -> pd.DataFrame:
    """A table of the delivery, or none of its rows where it was not made."""
    found = delivery.tables.get(stem, pd.DataFrame(columns=list(columns)))
    return found.assign(period=found["period"].astype(str))
