"""Fact sheets as one PDF, set by Typst: a parcel begins a page, the same facts give the same bytes."""

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import typst

from pipeline.legends import LAND_COVER
from pipeline.outputs.columns import Language
from pipeline.outputs.fact_sheets.chapters import write_chapters
from pipeline.outputs.fact_sheets.extracts import (
    ORANGE,
    RED,
    ExtractMaps,
    MapExtract,
    list_legend,
    pale_color,
)
from pipeline.outputs.fact_sheets.facts import ParcelFacts
from pipeline.outputs.fact_sheets.fonts import find_font
from pipeline.outputs.plane_maps import describe_crs
from pipeline.outputs.published import Published
from pipeline.outputs.texts import find_text

_TEMPLATE = "templates/fact_sheet.typ"
_REGIONS = {"zh": "cn", "en": "gb"}
_LINES = {
    "parcel": (RED, 1.6),
    "neighbours": ("#5a6660", 0.5),
    "patches": (ORANGE, 0.8),
    "sections": ("#1d2b26", 0.6),
}
"""Colour and width in points of what a legend draws as an outline."""
_BLANK = "＿" * 12
_BESIDE = 2
"""Chapters that stand beside the map."""
_LEAST_WIDTH, _MOST_WIDTH = 5, 26
"""How narrow and wide a column may be, in letters."""


def print_fact_sheets(facts: ParcelFacts, published: Published, parcel_ids: Sequence[str]) -> bytes:
    """The fact sheets of some parcels, in their order, as a PDF.

    WorkspaceError where the machine has no font with Chinese letters, InputError for a map that was changed
    since it was published.
    """
    font = find_font()
    told = build_document(facts, published, parcel_ids) | {"font": font.family}
    template = (files("pipeline.outputs") / _TEMPLATE).read_bytes()
    packed: bytes = typst.compile(
        template,
        font_paths=font.fonts,
        format="pdf",
        sys_inputs={"told": json.dumps(told, ensure_ascii=False)},
        timestamp=int(published.as_of.timestamp()),
        pdf_tags=False,  # four fifths of the bytes
    )
    return packed


def build_document(facts: ParcelFacts, published: Published, parcel_ids: Sequence[str]) -> dict[str, Any]:
    """All that the template is given, ready for JSON, but the font."""
    head, maps = facts.head, ExtractMaps(facts, published)
    language = head["language"]
    organisation = _find_organisation(published)
    by = find_text("fact_sheet.compiled_by", language)
    return {
        "title": f"{find_text('fact_sheet.title', language)} · {head['name']} {head['label']}",
        "language": language,
        "region": _REGIONS[language],
        "organisation": organisation,
        "stamp": head["data_label"] if head["simulated"] else "",
        "page": find_text("fact_sheet.page", language),
        "imprint": f"{by}{organisation or _BLANK}　{find_text('fact_sheet.as_of', language)} {head['as_of']}",
        "sheets": [_build_sheet(facts, maps, parcel_id) for parcel_id in parcel_ids],
    }


def _build_sheet(facts: ParcelFacts, maps: ExtractMaps, parcel_id: str) -> dict[str, Any]:
    written = write_chapters(facts.describe(parcel_id), facts.head)
    chapters = [{**chapter, "table": _widen(chapter["table"])} for chapter in written]
    return {
        "id": parcel_id,
        "map": _build_map(maps.draw(parcel_id), facts.head),
        "beside": chapters[:_BESIDE],
        "below": chapters[_BESIDE:],
    }


def _build_map(extract: MapExtract, head: Mapping[str, Any]) -> dict[str, Any]:
    language = head["language"]
    ground = find_text("fact_sheet.ground", language).format(period=head["periods"][-1])
    scale = f"{find_text('fact_sheet.ratio', language)} 1:{extract.ratio:,}"
    note = f"{scale} · {describe_crs(extract.crs)} · {ground}"
    return {
        "title": find_text("fact_sheet.map", language),
        "svg": extract.svg,
        "legend": [_build_entry(key, language) for key in list_legend(extract)],
        "note": note,
    }


def _build_entry(key: str, language: Language) -> dict[str, Any]:
    classes = {entry.key: entry for entry in LAND_COVER.classes}
    if key in classes:
        entry = classes[key]
        return {
            "name": entry.name(language),
            "fill": pale_color(entry.rgb),
            "stroke": "",
            "width": 0,
            "round": False,
        }
    color, width = _LINES[key]
    outline = {"fill": "", "stroke": color, "width": width, "round": key == "sections"}
    return {"name": find_text(f"fact_sheet.{key}", language), **outline}


def _widen(table: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The table with the shares of its columns in the width, by the longest word of each."""
    if table is None:
        return None
    columns = zip(table["headings"], *table["rows"], strict=True)
    longest = [max(_measure(cell) for cell in column) for column in columns]
    return {**table, "widths": [min(max(width, _LEAST_WIDTH), _MOST_WIDTH) for width in longest]}


def _measure(text: str) -> float:
    """About how long the longest line of a text is, in Chinese letters."""
    return max(
        (sum(0.55 if letter.isascii() else 1 for letter in line) for line in text.split("\n")), default=0
    )


def _find_organisation(published: Published) -> str:
    """Who compiles the catalogue of the area, by the config of the run; empty where nobody is named."""
    named = (published.manifest["config"].get("catalogue") or {}).get("organisation")
    return str(named.get(published.aoi, "") if isinstance(named, dict) else named or "")
