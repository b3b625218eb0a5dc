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
from pipeline.outputs.accounts.book import find_book
from pipeline.outputs.accounts.chapter import build_chapter
from pipeline.outputs.accounts.drawings import draw_account_charts
from pipeline.outputs.assessment.registry import build_sections
from pipeline.outputs.assessment.section import Section
from pipeline.outputs.charts import Chart, draw_charts
from pipeline.outputs.clear_looks import count_clear_looks
from pipeline.outputs.columns import describe_column, list_values
from pipeline.outputs.layers import INVENTORY_LAYER, build_layer_rows
from pipeline.outputs.map_sheets import draw_map_sheets
from pipeline.outputs.spreadsheet import build_about
from pipeline.outputs.tables import MOST_ROWS, Table, drop_empty, format_table, name_table
from pipeline.outputs.texts import find_text, find_texts
from pipeline.outputs.totals import sum_totals

_CHAPTERS = (
    *("indicators", "accounts", "assessment", "maps", "change", "sections", "totals", "findings", "quality"),
    "evidence",
)
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
    """Write the report into a delivery folder where the rasters that it shows already are."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("report.html").render(_build_content(delivery, folder / "rasters"))
    path = folder / delivery.name_file(".html")
    path.write_text(page, encoding="utf-8")
    return path


def _build_content(delivery: Delivery, rasters: Path) -> dict[str, Any]:
    book = find_book(delivery)
    sections = build_sections(delivery)
    assessed = {chart.id: chart for section in sections for chart in section.charts}
    charts = {**draw_charts(delivery), **(draw_account_charts(book) if book else {}), **assessed}
    return {
        **_build_heading(delivery),
        **_build_scripts(charts),
        "cards": _list_cards(delivery),
        "aims": _list_aims(delivery),
        "indicators": _build_indicators(delivery),
        "sources": _list_sources(delivery),
        "accounts": build_chapter(book, rasters) if book else None,
        "assessment": _build_assessment(sections, delivery) if sections else None,
        "chapters": _list_chapters(sections, delivery, accounts=book is not None),
        "sheets": draw_map_sheets(delivery, rasters),
        "sections": _build_sections(delivery),
        "totals": _list_totals(delivery),
        "findings": _build_findings(delivery),
        "finding_counts": _count_findings(delivery),
        "reads": _build_reads(delivery),
        "looks": _list_clear_looks(delivery, rasters),
        "balance": _build_balance(delivery),
        "scenes": _build_scenes(delivery),
        "scene_count": len(delivery.scenes),
        "about": build_about(delivery).to_numpy().tolist(),
        "rasters": [(raster.name, _write_title(raster, delivery)) for raster in delivery.rasters],
    }


def _build_assessment(sections: list[Section], delivery: Delivery) -> dict[str, Any]:
    return {
        "words": find_texts("assessment", delivery.language),
        "leading": [section for section in sections if section.leads],
        "sections": [section for section in sections if not section.leads],
    }


def _list_chapters(sections: list[Section], delivery: Delivery, *, accounts: bool) -> list[tuple[str, str]]:
    """Anchor and name of each chapter, those of the assessment that lead first."""
    words = find_texts("report", delivery.language)
    absent = {"accounts"} if not accounts else set()
    absent |= {"assessment"} if all(section.leads for section in sections) else set()
    leading = [(section.anchor, section.title) for section in sections if section.leads]
    return [*leading, *((name, words[name]) for name in _CHAPTERS if name not in absent)]


def _build_heading(delivery: Delivery) -> dict[str, Any]:
    language, aoi = delivery.language, delivery.aoi
    return {
        "language": "zh-CN" if language == "zh" else "en",
        "words": find_texts("report", language),
        "simulated": find_text("simulated.label", language) if delivery.simulated else "",
        "name": aoi.name_zh if language == "zh" else aoi.name_en,
        "other_name": aoi.name_en if language == "zh" else aoi.name_zh,
        "parts": [part.name_zh if language == "zh" else part.name_en for part in aoi.parts],
        "label": delivery.label,
        "span": f"{delivery.periods[0].first} – {delivery.periods[-1].last}",
    }


def _build_scripts(charts: dict[str, Chart]) -> dict[str, Any]:
    """The charts as data, what draws them, and the policy that lets nothing else run."""
    scripts = [embedding.build_script(), embedding.START] if charts else []
    data = {
        name: Markup(embedding.dump_chart(chart.drawing, chart.id))  # noqa: S704 (escaped by chart_json)
        for name, chart in charts.items()
    }
    return {
        "charts": charts,
        "chart_data": data,
        "scripts": [Markup(script) for script in scripts],  # noqa: S704 (ours and bokeh's, no data)
        "policy": embedding.build_policy(*scripts),
    }


def _write_title(raster: Any, delivery: Delivery) -> str:
    return str(raster.title_zh if delivery.language == "zh" else raster.title_en)


def _format_percent(value: Any) -> str:
    return "—" if pd.isna(value) else f"{value:.2%}"


def _select_indicators(delivery: Delivery) -> pd.DataFrame:
    columns = [*_INDICATOR_COLUMNS, "source", "reason"]
    return delivery.tables.get("indicators", pd.DataFrame(columns=columns))


def _select_newest(delivery: Delivery) -> pd.DataFrame:
    """The last known value of each indicator."""
    known = _select_indicators(delivery).dropna(subset=["value"])
    return known.drop_duplicates("indicator", keep="last").set_index("indicator")


def _name_indicators(delivery: Delivery) -> dict[str, str]:
    return {entry.code: entry.name(delivery.language) for entry in list_values("indicator")}


def _list_cards(delivery: Delivery) -> list[Card]:
    newest, names = _select_newest(delivery), _name_indicators(delivery)
    rows = newest.loc[[key for key in _CARDS if key in newest.index]]
    return [
        Card(
            names[str(row.Index)],
            f"{row.value:.1%}",
            str(row.period),
            _format_percent(row.target).replace("—", ""),
        )
        for row in rows.itertuples()
    ]


def _list_aims(delivery: Delivery) -> list[Aim]:
    """Indicators that have a target, each at its newest value; none where a section tells of targets.

    A bar does not tell whether more or less is asked for; the section of targets does.
    """
    if "targets" in delivery.tables:
        return []
    names = _name_indicators(delivery)
    rows = _select_newest(delivery).dropna(subset=["target"])
    return [_build_aim(names.get(str(row.Index), str(row.Index)), row, delivery) for row in rows.itertuples()]


def _build_aim(name: str, row: Any, delivery: Delivery) -> Aim:
    share = row.unit == "share"
    longest = 1.0 if share else max(row.value, row.target, 1e-9)
    points = (row.value - row.target) * (100 if share else 1)
    unit = find_text("report.points", delivery.language) if share else row.unit
    return Aim(
        name,
        str(row.period),
        _format_percent(row.value) if share else f"{row.value:,.2f} {unit}",
        _format_percent(row.target) if share else f"{row.target:,.2f} {unit}",
        f"{points:+.2f} {unit}",
        round(100 * min(max(row.value / longest, 0), 1), 2),
        round(100 * min(max(row.target / longest, 0), 1), 2),
    )


def _build_indicators(delivery: Delivery) -> Table | None:
    """All indicators, shares in percent, each with the number of its source in the list of sources."""
    table = _select_indicators(delivery)
    if table.empty:
        return None
    share = table["unit"].eq("share")
    percents = {
        column: table[column]
        .astype(float)
        .map(_format_percent)
        .where(share, table[column])
        .where(table[column].notna())
        for column in _PERCENT
    }
    numbers = {source: f"[{number}]" for number, source in enumerate(_list_sources(delivery), start=1)}
    told = table.assign(
        **percents, unit=table["unit"].where(~share, "%"), source=table["source"].map(numbers)
    )
    kept = told[[*_INDICATOR_COLUMNS, "source", "reason"]]
    tidy = drop_empty(kept, ("low", "high", "target", "reason")).drop(columns="unit" if share.all() else [])
    return format_table(name_table(tidy, delivery))


def _list_sources(delivery: Delivery) -> list[str]:
    return [str(source) for source in _select_indicators(delivery)["source"].dropna().unique()]


def _build_sections(delivery: Delivery) -> dict[str, Any]:
    order = delivery.sections.sort_values(["section", "period"], kind="stable")
    rows = pd.DataFrame(order).head(MOST_ROWS)
    kept = drop_empty(
        rows[[*_SECTION_COLUMNS, "target_class", "target_met", "reason"]], ("exceedance", "reason")
    )
    return {
        "table": format_table(name_table(kept, delivery)),
        "colors": [_find_class_color(grade) for grade in rows["water_class"]],
        "class_column": describe_column("water_class").name(delivery.language),
        "legend": [(entry.color, entry.name(delivery.language)) for entry in WATER_CLASS.classes],
        "left_out": max(0, len(order) - MOST_ROWS),
    }


def _find_class_color(grade: Any) -> str:
    return "#bdbdbd" if pd.isna(grade) else WATER_CLASS.by_code()[int(grade)].color


def _list_totals(delivery: Delivery) -> list[tuple[str, Table]]:
    """Totals of the newest period, one table for each grouping."""
    rows = pd.DataFrame(build_layer_rows(INVENTORY_LAYER, delivery).drop(columns="geometry"))
    newest = rows[rows["period"].astype(str) == delivery.periods[-1].label]
    words = find_texts("totals", delivery.language)
    summed = sum_totals(newest, delivery)
    groups = summed.groupby(words["by"], sort=False)
    return [
        (str(name), format_table(part.drop(columns=[words["by"], words["period"]]))) for name, part in groups
    ]


def _build_findings(delivery: Delivery) -> Table:
    """The findings, the gravest first."""
    message = "message_zh" if delivery.language == "zh" else "message_en"
    keys = ["severity", "rule", "parcel_id", "period", message, "basis"]
    order = [entry.code for entry in reversed(list_values("severity"))]
    rows = delivery.findings.assign(grave=delivery.findings["severity"].map(order.index))
    return format_table(
        name_table(pd.DataFrame(rows.sort_values(["grave", "finding_id"], kind="stable"))[keys], delivery)
    )


def _count_findings(delivery: Delivery) -> list[tuple[str, str, int]]:
    counts = delivery.findings["severity"].value_counts()
    return [
        (entry.color, entry.name(delivery.language), int(counts.get(entry.code, 0)))
        for entry in reversed(list_values("severity"))
    ]


def _build_reads(delivery: Delivery) -> Table | None:
    reads = delivery.tables.get("reads")
    if reads is None or reads.empty:
        return None
    counts = reads.fillna({"reason": ""}).groupby(["outcome", "reason"], sort=True).size()
    table = counts.reset_index(name=find_text("report.reads_count", delivery.language))
    return format_table(name_table(table, delivery))


def _list_clear_looks(delivery: Delivery, rasters: Path) -> list[Any]:
    maps = [raster for raster in delivery.rasters if raster.name.startswith("looks_")]
    return [count_clear_looks(rasters / f"{raster.name}.tif", delivery.grid, delivery) for raster in maps]


def _build_balance(delivery: Delivery) -> Table | None:
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
    return format_table(name_table(wide.reset_index().rename_axis(columns=None), delivery))


def _build_scenes(delivery: Delivery) -> Table:
    columns = [column for column in _SCENE_COLUMNS if column in delivery.scenes.columns]
    return format_table(name_table(pd.DataFrame(delivery.scenes)[columns], delivery))
