"""The report of a delivery: one HTML file that needs nothing but itself."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.contracts import Delivery
from pipeline.legends import WATER_CLASS
from pipeline.outputs import embedding
from pipeline.outputs.charts import Chart, charts_of
from pipeline.outputs.columns import coded, described
from pipeline.outputs.layers import INVENTORY_LAYER, layer_rows
from pipeline.outputs.looks import looks_of
from pipeline.outputs.sheets import sheets_of
from pipeline.outputs.spreadsheet import about
from pipeline.outputs.tables import MOST_ROWS, Table, named, shown, without_empty
from pipeline.outputs.texts import text, texts
from pipeline.outputs.totals import totals

_CARDS = (
    "vegetation_cover_share_land",
    "mean_fvc_land",
    "good_section_share",
    "changed_share",
    "unknown_share",
)
_SCENE_COLUMNS = ("id", "mission", "datetime", "tile", "baseline", "cloud_percent", "offset_source")
_SECTION_COLUMNS = ("section", "water_body", "period", "samples", "water_class", "decided_by", "exceedance")
_INDICATOR_COLUMNS = (
    "indicator",
    "period",
    "value",
    "unit",
    "numerator",
    "denominator",
    "low",
    "high",
    "target",
)
_PERCENT = ("value", "low", "high", "target")


@dataclass(frozen=True)
class Card:
    """A headline figure: its name, its newest value and period, its target if there is one."""

    name: str
    value: str
    period: str
    target: str


@dataclass(frozen=True)
class Aim:
    """An indicator beside its target: both as shares of the bar's length, and how far they are apart."""

    name: str
    period: str
    value: str
    target: str
    gap: str
    reached: float
    aimed: float


def write_report(delivery: Delivery, folder: Path) -> Path:
    """Write report.html into a delivery folder where the rasters that it shows already are."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("report.html").render(_content(delivery, folder / "rasters"))
    path = folder / "report.html"
    path.write_text(page, encoding="utf-8")
    return path


def _content(delivery: Delivery, rasters: Path) -> dict[str, Any]:
    charts = charts_of(delivery)
    return {
        **_heading(delivery),
        **_scripts(charts),
        "cards": _cards(delivery),
        "aims": _aims(delivery),
        "indicators": _indicators(delivery),
        "sources": _sources(delivery),
        "sheets": sheets_of(delivery, rasters),
        "sections": _sections(delivery),
        "totals": _totals(delivery),
        "findings": _findings(delivery),
        "finding_counts": _finding_counts(delivery),
        "reads": _reads(delivery),
        "looks": _looks(delivery, rasters),
        "balance": _balance(delivery),
        "scenes": _scenes(delivery),
        "scene_count": len(delivery.scenes),
        "about": about(delivery).to_numpy().tolist(),
        "rasters": [(raster.name, _title(raster, delivery)) for raster in delivery.rasters],
    }


def _heading(delivery: Delivery) -> dict[str, Any]:
    language, aoi = delivery.language, delivery.aoi
    return {
        "language": "zh-CN" if language == "zh" else "en",
        "words": texts("report", language),
        "simulated": text("simulated.label", language) if delivery.simulated else "",
        "name": aoi.name_zh if language == "zh" else aoi.name_en,
        "other_name": aoi.name_en if language == "zh" else aoi.name_zh,
        "parts": [part.name_zh if language == "zh" else part.name_en for part in aoi.parts],
        "label": delivery.label,
        "span": f"{delivery.periods[0].first} – {delivery.periods[-1].last}",
    }


def _scripts(charts: dict[str, Chart]) -> dict[str, Any]:
    """The charts as data, what draws them, and the policy that lets nothing else run."""
    scripts = [embedding.script(), embedding.START] if charts else []
    data = {
        name: Markup(embedding.chart_json(chart.drawing, chart.id))  # noqa: S704 (escaped by chart_json)
        for name, chart in charts.items()
    }
    return {
        "charts": charts,
        "chart_data": data,
        "scripts": [Markup(script) for script in scripts],  # noqa: S704 (ours and bokeh's, no data)
        "policy": embedding.policy(*scripts),
    }


def _title(raster: Any, delivery: Delivery) -> str:
    return str(raster.title_zh if delivery.language == "zh" else raster.title_en)


def _percent(value: Any) -> str:
    return "—" if pd.isna(value) else f"{value:.2%}"


def _indicator_rows(delivery: Delivery) -> pd.DataFrame:
    columns = [*_INDICATOR_COLUMNS, "source", "reason"]
    return delivery.tables.get("indicators", pd.DataFrame(columns=columns))


def _newest(delivery: Delivery) -> pd.DataFrame:
    """The last known value of each indicator."""
    known = _indicator_rows(delivery).dropna(subset=["value"])
    return known.drop_duplicates("indicator", keep="last").set_index("indicator")


def _names(delivery: Delivery) -> dict[str, str]:
    return {entry.code: entry.name(delivery.language) for entry in coded("indicator")}


def _cards(delivery: Delivery) -> list[Card]:
    newest, names = _newest(delivery), _names(delivery)
    rows = newest.loc[[key for key in _CARDS if key in newest.index]]
    return [
        Card(
            names[str(row.Index)], f"{row.value:.1%}", str(row.period), _percent(row.target).replace("—", "")
        )
        for row in rows.itertuples()
    ]


def _aims(delivery: Delivery) -> list[Aim]:
    """Indicators that have a target, each at its newest value."""
    names = _names(delivery)
    rows = _newest(delivery).dropna(subset=["target"])
    return [_aim(names.get(str(row.Index), str(row.Index)), row, delivery) for row in rows.itertuples()]


def _aim(name: str, row: Any, delivery: Delivery) -> Aim:
    share = row.unit == "share"
    longest = 1.0 if share else max(row.value, row.target, 1e-9)
    points = (row.value - row.target) * (100 if share else 1)
    unit = text("report.points", delivery.language) if share else row.unit
    return Aim(
        name,
        str(row.period),
        _percent(row.value) if share else f"{row.value:,.2f} {unit}",
        _percent(row.target) if share else f"{row.target:,.2f} {unit}",
        f"{points:+.2f} {unit}",
        round(100 * min(max(row.value / longest, 0), 1), 2),
        round(100 * min(max(row.target / longest, 0), 1), 2),
    )


def _indicators(delivery: Delivery) -> Table | None:
    """All indicators, shares in percent, each with the number of its source in the list of sources."""
    table = _indicator_rows(delivery)
    if table.empty:
        return None
    share = table["unit"].eq("share")
    percents = {
        column: table[column]
        .astype(float)
        .map(_percent)
        .where(share, table[column])
        .where(table[column].notna())
        for column in _PERCENT
    }
    numbers = {source: f"[{number}]" for number, source in enumerate(_sources(delivery), start=1)}
    told = table.assign(
        **percents, unit=table["unit"].where(~share, "%"), source=table["source"].map(numbers)
    )
    kept = told[[*_INDICATOR_COLUMNS, "source", "reason"]]
    tidy = without_empty(kept, ("low", "high", "target", "reason")).drop(
        columns="unit" if share.all() else []
    )
    return shown(named(tidy, delivery))


def _sources(delivery: Delivery) -> list[str]:
    return [str(source) for source in _indicator_rows(delivery)["source"].dropna().unique()]


def _sections(delivery: Delivery) -> dict[str, Any]:
    order = delivery.sections.sort_values(["section", "period"], kind="stable")
    rows = pd.DataFrame(order).head(MOST_ROWS)
    kept = without_empty(
        rows[[*_SECTION_COLUMNS, "target_class", "target_met", "reason"]], ("exceedance", "reason")
    )
    return {
        "table": shown(named(kept, delivery)),
        "colors": [_class_color(grade) for grade in rows["water_class"]],
        "class_column": described("water_class").name(delivery.language),
        "legend": [(entry.color, entry.name(delivery.language)) for entry in WATER_CLASS.classes],
        "left_out": max(0, len(order) - MOST_ROWS),
    }


def _class_color(grade: Any) -> str:
    return "#bdbdbd" if pd.isna(grade) else WATER_CLASS.by_code()[int(grade)].color


def _totals(delivery: Delivery) -> list[tuple[str, Table]]:
    """Totals of the newest period, one table for each grouping."""
    rows = pd.DataFrame(layer_rows(INVENTORY_LAYER, delivery).drop(columns="geometry"))
    newest = rows[rows["period"].astype(str) == delivery.periods[-1].label]
    words = texts("totals", delivery.language)
    summed = totals(newest, delivery)
    groups = summed.groupby(words["by"], sort=False)
    return [(str(name), shown(part.drop(columns=[words["by"], words["period"]]))) for name, part in groups]


def _findings(delivery: Delivery) -> Table:
    """The findings, the gravest first."""
    message = "message_zh" if delivery.language == "zh" else "message_en"
    keys = ["severity", "rule", "parcel_id", "period", message, "basis"]
    order = [entry.code for entry in reversed(coded("severity"))]
    rows = delivery.findings.assign(grave=delivery.findings["severity"].map(order.index))
    return shown(
        named(pd.DataFrame(rows.sort_values(["grave", "finding_id"], kind="stable"))[keys], delivery)
    )


def _finding_counts(delivery: Delivery) -> list[tuple[str, str, int]]:
    counts = delivery.findings["severity"].value_counts()
    return [
        (entry.color, entry.name(delivery.language), int(counts.get(entry.code, 0)))
        for entry in reversed(coded("severity"))
    ]


def _reads(delivery: Delivery) -> Table | None:
    reads = delivery.tables.get("reads")
    if reads is None or reads.empty:
        return None
    counts = reads.fillna({"reason": ""}).groupby(["outcome", "reason"], sort=True).size()
    table = counts.reset_index(name=text("report.reads_count", delivery.language))
    return shown(named(table, delivery))


def _looks(delivery: Delivery, rasters: Path) -> list[Any]:
    maps = [raster for raster in delivery.rasters if raster.name.startswith("looks_")]
    return [looks_of(rasters / f"{raster.name}.tif", delivery.grid, delivery) for raster in maps]


def _balance(delivery: Delivery) -> Table | None:
    """The area balance with one column a period, in ha."""
    table = delivery.tables.get("area_balance")
    if table is None or table.empty:
        return None
    relative = table["item"].astype(str).str.startswith("difference")
    values = table["value_m2"].where(relative, table["value_m2"] / 1e4)
    words = [
        f"{value:.2g}" if is_relative else f"{value:,.2f}"
        for value, is_relative in zip(values, relative, strict=True)
    ]
    wide = table.assign(said=words).pivot_table(
        index="item", columns="period", values="said", aggfunc="first", sort=False
    )
    return shown(named(wide.reset_index().rename_axis(columns=None), delivery))


def _scenes(delivery: Delivery) -> Table:
    columns = [column for column in _SCENE_COLUMNS if column in delivery.scenes.columns]
    return shown(named(pd.DataFrame(delivery.scenes)[columns], delivery))
