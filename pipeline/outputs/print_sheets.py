"""Print layouts of the QGIS project: the area on A4 and A3, an atlas of its parts, and one of fact sheets.

On each stand title, map in a plane CRS at a round scale with grid, legend of what is on the map, scale bar,
north, who compiled it, a line for the number of the map's approval, sources; and a stamp where the data are
simulated. Sizes are those of A4 in mm; A3 is the same sheet, enlarged.
"""

import math
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from pipeline.outputs.columns import Language
from pipeline.outputs.layout_items import FAINT, GREEN, Ground, LayoutPage, LegendLayer
from pipeline.outputs.markup import escape_expressions, quote_text
from pipeline.outputs.parcel_layout import MAP_BOX, RATIO, ParcelSheet, draw_parcel_layout
from pipeline.outputs.plane_maps import (
    build_ratio_expression,
    build_zone_expression,
    choose_ratio,
    choose_step,
    describe_crs,
)
from pipeline.outputs.texts import find_text

SHEETS = {"A4": 1.0, "A3": 420 / 297}
"""Sheets by name, with how much larger than A4 they are."""

_PAGE = (297.0, 210.0)
_MAP = (15.0, 28.0, 203.0, 148.0)
_NICE = (1, 2, 5)
_BAR_SHARE = 0.2
_BLANK = "＿" * 8


@dataclass(frozen=True)
class PrintSheet:
    """What stands on the sheets.

    `layers` are those in the legend; `bounds` (left, bottom, right, top)
    are those of the area in `crs`, whose unit is metres; `stamp` is empty for observed data. `parts` is the
    id of the layer of the parts, where there are several, `parcel` what fact sheets say, where there are any.
    `organisation` is who compiled it; where nobody is named, a line is left to fill.
    """

    title: str
    subtitle: str
    legend_title: str
    layers: tuple[LegendLayer, ...]
    notes: str
    stamp: str
    crs: str
    bounds: tuple[float, float, float, float]
    organisation: str = ""
    language: Language = "zh"
    parts: str = ""
    parcel: ParcelSheet | None = None


def add_layouts(root: ET.Element, sheet: PrintSheet) -> None:
    """Add the layouts of a delivery to a project."""
    layouts = ET.SubElement(root, "Layouts")
    layouts.extend(_draw_area(sheet, size).root for size in SHEETS)
    if sheet.parts:
        layouts.extend(_draw_parts(sheet, size).root for size in SHEETS)
    if sheet.parcel:
        still, _ = frame_ground(sheet, *MAP_BOX[2:])
        name = find_text("layout.parcels", sheet.language)
        layouts.append(draw_parcel_layout(name, sheet.parcel, _write_imprint(sheet), still).root)


def choose_bar_length_m(width_m: float) -> float:
    """The longest of 1, 2 or 5 times a power of ten that fits a fifth of a width twice."""
    room = width_m * _BAR_SHARE / 2
    power = 10 ** math.floor(math.log10(room))
    return float(max(factor * power for factor in _NICE if factor * power <= room))


def _draw_area(sheet: PrintSheet, size: str) -> LayoutPage:
    """The whole area, at a round scale."""
    larger = SHEETS[size]
    page = LayoutPage(size, _PAGE, larger)
    ground, ratio = frame_ground(sheet, *(side * larger for side in _MAP[2:]))
    width = ground.bounds[2] - ground.bounds[0]
    page.add_map(ground, _MAP, choose_step(width, 4))
    page.add_label("title", sheet.title, (10, 5, 277, 12), points=20, color=GREEN, bold=True, middle=True)
    _add_surroundings(page, sheet)
    page.add_scale((18, 160, 60, 12), choose_bar_length_m(width))
    page.add_label(
        "ratio", f"1:{ratio:,}　{describe_crs(sheet.crs)}", (15, 181.5, 203, 6), points=8.5, middle=True
    )
    return page


def _draw_parts(sheet: PrintSheet, size: str) -> LayoutPage:
    """An atlas: a page for each part of the area, each in the CRS that it names, else in its zone."""
    larger = SHEETS[size]
    page = LayoutPage(f"{size} {find_text('layout.parts', sheet.language)}", _PAGE, larger)
    across, down = (side * larger for side in _MAP[2:])
    still, _ = frame_ground(sheet, across, down)
    crs = f"coalesce(attribute(@atlas_feature, 'layout_crs'), {build_zone_expression()})"
    moving = Ground(still.crs, still.bounds, build_ratio_expression(crs, across, down), crs)
    page.add_map(moving, _MAP)
    part = f"[% attribute(@atlas_feature, {quote_text(f'name_{sheet.language}')}) %]"
    title = f"{escape_expressions(sheet.title)} · {part}"
    page.add_label(
        "title", title, (10, 5, 277, 12), points=20, color=GREEN, bold=True, middle=True, evaluated=True
    )
    _add_surroundings(page, sheet)
    page.add_scale((18, 160, 60, 12))
    page.add_label("ratio", RATIO, (15, 181.5, 203, 6), points=8.5, middle=True, evaluated=True)
    page.add_atlas(sheet.parts, order='"id"', name='"id"')
    return page


def _add_surroundings(page: LayoutPage, sheet: PrintSheet) -> None:
    """What stands around a map of the area, whatever of it is shown."""
    page.add_label("subtitle", sheet.subtitle, (10, 17, 277, 7), points=11, middle=True)
    page.add_legend(sheet.legend_title, sheet.layers, (223, 28, 64, 60))
    page.add_north((203, 31, 12, 23))
    page.add_label("imprint", _write_imprint(sheet), (223, 176, 64, 12), points=8.5)
    page.add_label("notes", sheet.notes, (10, 189, 277, 17), points=7.5, color=FAINT)
    if sheet.stamp:
        page.add_stamp(sheet.stamp, (166, 32, 34, 12))


def _write_imprint(sheet: PrintSheet) -> str:
    """Who compiled it, and the number under which the map may be published; lines to fill where not known."""
    by = find_text("layout.compiled_by", sheet.language)
    approval = find_text("layout.approval", sheet.language)
    return f"{by}{sheet.organisation or _BLANK}\n{approval}{_BLANK}"


def frame_ground(sheet: PrintSheet, across_mm: float, down_mm: float) -> tuple[Ground, int]:
    """The ground of a map of that size around the area at a round scale, and the denominator of the scale."""
    left, bottom, right, top = sheet.bounds
    ratio = choose_ratio(right - left, top - bottom, across_mm, down_mm)
    across, down = across_mm * ratio / 2000, down_mm * ratio / 2000
    x, y = (left + right) / 2, (bottom + top) / 2
    return Ground(sheet.crs, (x - across, y - down, x + across, y + down)), ratio
