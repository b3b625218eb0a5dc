"""The page of the report: its parts brought together, its scripts, and what may run in it."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.contracts import Delivery
from pipeline.outputs import embedding
from pipeline.outputs.accounts.book import find_book
from pipeline.outputs.accounts.chapter import build_chapter
from pipeline.outputs.accounts.drawings import draw_account_charts
from pipeline.outputs.assessment.registry import build_sections
from pipeline.outputs.assessment.section import Section
from pipeline.outputs.charts import Chart, draw_charts
from pipeline.outputs.embedding import MapPart
from pipeline.outputs.map_sheets import draw_map_sheets
from pipeline.outputs.report.chapters import (
    count_findings,
    list_totals,
    tabulate_findings,
    tabulate_sections,
)
from pipeline.outputs.report.files import link_files, link_tables
from pipeline.outputs.report.indicators import list_aims, list_indicator_sources, tabulate_indicators
from pipeline.outputs.report.leading import build_leading_page
from pipeline.outputs.report.quality import (
    list_clear_looks,
    tabulate_balance,
    tabulate_reads,
    tabulate_scenes,
)
from pipeline.outputs.spreadsheet import build_about
from pipeline.outputs.texts import find_text, find_texts, name_unit
from pipeline.outputs.webmap.building import build_map

_SWITCH = Path(__file__).parent / "switch.js"
_CHAPTERS = (
    *("map", "indicators", "accounts", "assessment", "maps", "change", "sections", "totals", "findings"),
    *("quality", "evidence", "files"),
)


def write_report(delivery: Delivery, folder: Path) -> Path:
    """Write the report into a delivery folder where the rasters that it shows already are."""
    path = folder / delivery.name_file(".html")
    page = render_report(delivery, folder, build_map(delivery, folder / "rasters"))
    path.write_text(page, encoding="utf-8")
    return path


def render_report(delivery: Delivery, folder: Path, interactive: MapPart) -> str:
    """The page of a delivery folder as text, with the map that can be moved."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent.parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["link_tables"] = link_tables
    content = _build_content(delivery, folder)
    scripts = _build_scripts(content["charts"], interactive)
    return environment.get_template("report/page.html").render(content, **scripts, interactive=interactive)


def _build_content(delivery: Delivery, folder: Path) -> dict[str, Any]:
    book, rasters = find_book(delivery), folder / "rasters"
    sections = build_sections(delivery)
    assessed = {chart.id: chart for section in sections for chart in section.charts}
    sheets = draw_map_sheets(delivery, rasters)
    leading = build_leading_page(book, sheets, sections, delivery)
    charts = {**draw_charts(delivery), **(draw_account_charts(book) if book else {}), **assessed}
    return {
        **_build_heading(delivery),
        "charts": charts,
        "leading": leading,
        "aims": list_aims(delivery),
        "indicators": tabulate_indicators(delivery),
        "sources": list_indicator_sources(delivery),
        "accounts": build_chapter(book, rasters) if book else None,
        "assessment": _build_assessment(sections, delivery) if sections else None,
        "chapters": _list_chapters(sections, delivery, accounts=book is not None),
        "sheets": [sheet for sheet in sheets if sheet is not leading["map"]],
        "sections": tabulate_sections(delivery),
        "totals": list_totals(delivery),
        "findings": tabulate_findings(delivery),
        "finding_counts": count_findings(delivery),
        "reads": tabulate_reads(delivery),
        "looks": list_clear_looks(delivery, rasters),
        "balance": tabulate_balance(delivery),
        "scenes": tabulate_scenes(delivery),
        "scene_count": len(delivery.scenes),
        "about": build_about(delivery).to_numpy().tolist(),
        "files": link_files(delivery, folder),
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
    named = [(name, words[name]) for name in _CHAPTERS if name not in absent]
    return [("lead", words["lead"]), *leading, *named]


def _build_heading(delivery: Delivery) -> dict[str, Any]:
    language, aoi = delivery.language, delivery.aoi
    return {
        "language": "zh-CN" if language == "zh" else "en",
        "words": find_texts("report", language),
        "simulated": find_text("simulated.label", language) if delivery.simulated else "",
        "units": {"ha": name_unit("ha", language)},
        "name": aoi.name_zh if language == "zh" else aoi.name_en,
        "other_name": aoi.name_en if language == "zh" else aoi.name_zh,
        "parts": [part.name_zh if language == "zh" else part.name_en for part in aoi.parts],
        "label": delivery.label,
        "span": f"{delivery.periods[0].first} – {delivery.periods[-1].last}",
    }


def _build_scripts(charts: dict[str, Chart], interactive: MapPart) -> dict[str, Any]:
    """The charts as data, what runs, and the policy that lets nothing else run."""
    scripts = [embedding.build_script(), embedding.START] if charts else []
    scripts.append(_SWITCH.read_text(encoding="utf-8"))
    scripts += interactive.scripts
    data = {
        name: Markup(embedding.dump_chart(chart.drawing, chart.id))  # noqa: S704 (escaped by chart_json)
        for name, chart in charts.items()
    }
    return {
        "chart_data": data,
        "scripts": [Markup(script) for script in scripts],  # noqa: S704 (ours and of libraries, no data)
        "policy": embedding.build_policy(*scripts, worker=True),
    }
