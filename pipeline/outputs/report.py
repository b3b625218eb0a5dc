"""The report of a delivery: one HTML file that needs nothing but itself."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import rasterio
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rasterio.windows import Window

from pipeline.contracts import Delivery, Raster
from pipeline.geodesy import project
from pipeline.grid import Block, Grid
from pipeline.legends import WATER_CLASS
from pipeline.outputs.columns import coded, described, headers, value_names
from pipeline.outputs.layers import INVENTORY_LAYER, layer_rows
from pipeline.outputs.maps import Picture, picture_of, places
from pipeline.outputs.qgis import RAMPS
from pipeline.outputs.raster import ramp_of
from pipeline.outputs.spreadsheet import about, totals
from pipeline.outputs.texts import text, texts

_MAPS = ("fvc", "land_cover", "change", "looks")
_CARDS = ("vegetation_cover_share_land", "mean_fvc_land", "good_section_share", "changed_share")
_STRIP = 512
_SHOWN = 500
_SCENE_COLUMNS = ("id", "mission", "datetime", "tile", "baseline", "cloud_percent", "offset_source")


@dataclass(frozen=True)
class Table:
    """A table as the page shows it: headers, and rows of texts; `left_out` rows are only in the files."""

    headers: list[str]
    rows: list[list[str]]
    left_out: int = 0


@dataclass(frozen=True)
class Map:
    """A map with its title, and its legend as classes (colour, name) or as a ramp of (share, label)."""

    title: str
    picture: Picture
    classes: list[tuple[str, str]]
    gradient: str
    ticks: list[tuple[float, str]]
    points: list[dict[str, Any]]


@dataclass(frozen=True)
class Looks:
    """Clear looks per pixel inside the area."""

    title: str
    least: int
    median: int
    most: int
    share_unseen: float


def write_report(delivery: Delivery, folder: Path) -> Path:
    """Write report.html into a delivery folder whose rasters are already there."""
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


def looks_of(path: Path, grid: Grid, delivery: Delivery) -> Looks:
    """Least, median and greatest number of clear looks, over pixels that the area touches."""
    area = project(delivery.aoi.geometry, grid.crs)
    counts = np.zeros(2**16, dtype=np.int64)
    with rasterio.open(path) as file:
        title = file.descriptions[0]
        for top in range(0, grid.height, _STRIP):
            block = Block(top, min(top + _STRIP, grid.height), 0, grid.width)
            looks = file.read(1, window=Window(0, top, grid.width, block.shape[0]))
            counts += np.bincount(looks[grid.touched(area, block)], minlength=len(counts))
    seen = np.flatnonzero(counts)
    middle = int(np.searchsorted(np.cumsum(counts), counts.sum() / 2))
    unseen = counts[0] / counts.sum() if counts.sum() else math.nan
    least, most = (int(seen[0]), int(seen[-1])) if len(seen) else (0, 0)
    return Looks(f"{title} {path.stem.removeprefix('looks_')}", least, middle, most, float(unseen))


def _content(delivery: Delivery, rasters: Path) -> dict[str, Any]:
    language = delivery.language
    aoi = delivery.aoi
    inventory = pd.DataFrame(layer_rows(INVENTORY_LAYER, delivery).drop(columns="geometry"))
    looks = [raster for raster in delivery.rasters if raster.name.startswith("looks_")]
    return {
        "language": "zh-CN" if language == "zh" else "en",
        "words": texts("report", language),
        "simulated": text("simulated.label", language) if delivery.simulated else "",
        "name": aoi.name_zh if language == "zh" else aoi.name_en,
        "other_name": aoi.name_en if language == "zh" else aoi.name_zh,
        "parts": [part.name_zh if language == "zh" else part.name_en for part in aoi.parts],
        "label": delivery.label,
        "span": f"{delivery.periods[0].first} – {delivery.periods[-1].last}",
        "cards": _cards(delivery),
        "indicators": _indicators(delivery),
        "maps": list(_maps(delivery, rasters)),
        "sections": _sections(delivery),
        "totals": _shown(totals(inventory, delivery)),
        "findings": _findings(delivery),
        "finding_counts": _finding_counts(delivery),
        "reads": _reads(delivery),
        "looks": [looks_of(rasters / f"{raster.name}.tif", delivery.grid, delivery) for raster in looks],
        "balance": _csv_table(delivery, "area_balance"),
        "scenes": _scenes(delivery),
        "scene_count": len(delivery.scenes),
        "about": about(delivery).to_numpy().tolist(),
        "rasters": [(raster.name, _title(raster, delivery)) for raster in delivery.rasters],
    }


def _title(raster: Raster, delivery: Delivery) -> str:
    return raster.title_zh if delivery.language == "zh" else raster.title_en


def _cell(value: Any) -> str:
    """A value as people read it: two decimals with separators, dates in UTC, a dash for what is not known."""
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return "—"
    if isinstance(value, (bool, np.bool_)):
        return "✓" if value else "✗"
    if isinstance(value, float):  # numpy's float64 is one
        return f"{value:,.2f}" if abs(value) >= 1 else f"{value:.4g}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if value.tzinfo else f"{value:%Y-%m-%d %H:%M}"
    return str(value)


def _shown(table: pd.DataFrame) -> Table:
    rows = [[_cell(value) for value in row] for row in table.head(_SHOWN).astype(object).to_numpy()]
    return Table([str(column) for column in table.columns], rows, max(0, len(table) - _SHOWN))


def _named(table: pd.DataFrame, delivery: Delivery) -> pd.DataFrame:
    plain = pd.DataFrame(table)
    values = {
        column: value_names(column, plain[column], delivery.language)
        for column in plain.columns
        if coded(column)
    }
    return plain.assign(**values).rename(columns=headers(plain.columns, delivery.language))


def _csv_table(delivery: Delivery, stem: str) -> Table | None:
    table = delivery.tables.get(stem)
    return None if table is None else _shown(_named(table, delivery))


def _cards(delivery: Delivery) -> list[tuple[str, str, str]]:
    """Name, newest value in percent, and its period, of the headline shares that have a value."""
    table = delivery.tables.get("indicators", pd.DataFrame({"indicator": [], "value": [], "period": []}))
    names = {entry.code: entry.name(delivery.language) for entry in coded("indicator")}
    known = table.dropna(subset=["value"]).drop_duplicates("indicator", keep="last")
    newest = known.set_index("indicator")[["value", "period"]].to_dict("index")
    return [
        (names[key], f"{newest[key]['value']:.1%}", str(newest[key]["period"]))
        for key in _CARDS
        if key in newest
    ]


def _indicators(delivery: Delivery) -> Table | None:
    table = delivery.tables.get("indicators")
    if table is None:
        return None
    kept = table.drop(columns=["aoi"], errors="ignore")
    empty = [
        column
        for column in ("low", "high", "target", "reason")
        if column in kept and kept[column].isna().all()
    ]
    return _shown(_named(kept.drop(columns=empty), delivery))


def _maps(delivery: Delivery, rasters: Path) -> Iterator[Map]:
    for stem in _MAPS:
        named = [raster for raster in delivery.rasters if raster.name.startswith(f"{stem}_")]
        if named:
            yield _map(named[-1], delivery, rasters / f"{named[-1].name}.tif", points=stem == "land_cover")


def _map(raster: Raster, delivery: Delivery, path: Path, *, points: bool) -> Map:
    picture = picture_of(raster, path, delivery.grid, delivery.aoi.geometry)
    span = f"{raster.first_day} – {raster.last_day}"
    stops = () if raster.legend is not None else RAMPS[ramp_of(raster)]
    ticks = [
        ((value - stops[0][0]) / (stops[-1][0] - stops[0][0]) * 100, value, color) for value, color in stops
    ]
    return Map(
        title=f"{_title(raster, delivery)} {span}",
        picture=picture,
        classes=_present_classes(raster, path, delivery),
        gradient=", ".join(f"{color} {share:.1f}%" for share, _, color in ticks),
        ticks=[(share, f"{value:g}") for share, value, _ in ticks],
        points=_points(delivery) if points else [],
    )


def _present_classes(raster: Raster, path: Path, delivery: Delivery) -> list[tuple[str, str]]:
    """Colour and name of the classes that occur, so that a legend of many transitions stays short."""
    if raster.legend is None:
        return []
    seen: set[int] = set()
    with rasterio.open(path) as file:
        for top in range(0, file.height, _STRIP):
            rows = min(_STRIP, file.height - top)
            seen |= set(np.unique(file.read(1, window=Window(0, top, file.width, rows))).tolist())
    return [
        (entry.color, entry.name(delivery.language)) for entry in raster.legend.classes if entry.code in seen
    ]


def _points(delivery: Delivery) -> list[dict[str, Any]]:
    sections = delivery.sections
    newest = sections[sections["period"] == delivery.periods[-1].label]
    spots = places(newest.geometry, delivery.grid)
    return [
        {"x": spot[0], "y": spot[1], "name": name, "color": _class_color(grade)}
        for spot, name, grade in zip(spots, newest["section"], newest["water_class"], strict=True)
        if spot is not None
    ]


def _class_color(grade: Any) -> str:
    return "#bdbdbd" if pd.isna(grade) else WATER_CLASS.by_code()[int(grade)].color


def _sections(delivery: Delivery) -> dict[str, Any]:
    rows = delivery.sections.sort_values(["section", "period"], kind="stable").head(_SHOWN)
    language = delivery.language
    keys = ("section", "water_body", "period", "samples", "water_class", "decided_by", "exceedance")
    named = _named(pd.DataFrame(rows)[[*keys, "target_class", "target_met", "reason"]], delivery)
    return {
        "table": _shown(named),
        "colors": [_class_color(grade) for grade in rows["water_class"]],
        "class_column": described("water_class").name(language),
        "legend": [(entry.color, entry.name(language)) for entry in WATER_CLASS.classes],
        "left_out": max(0, len(delivery.sections) - _SHOWN),
    }


def _findings(delivery: Delivery) -> Table:
    message = "message_zh" if delivery.language == "zh" else "message_en"
    keys = ["severity", "rule", "parcel_id", "period", message, "basis"]
    rows = delivery.findings.sort_values("finding_id", kind="stable")
    return _shown(_named(pd.DataFrame(rows)[keys], delivery))


def _finding_counts(delivery: Delivery) -> list[tuple[str, str, int]]:
    counts = delivery.findings["severity"].value_counts()
    return [
        (entry.color, entry.name(delivery.language), int(counts.get(entry.code, 0)))
        for entry in reversed(coded("severity"))
    ]


def _reads(delivery: Delivery) -> Table | None:
    reads = delivery.tables.get("reads")
    if reads is None:
        return None
    counts = reads.fillna({"reason": ""}).groupby(["outcome", "reason"], sort=True).size()
    table = counts.reset_index(name=text("report.reads_count", delivery.language))
    return _shown(_named(table, delivery))


def _scenes(delivery: Delivery) -> Table:
    columns = [column for column in _SCENE_COLUMNS if column in delivery.scenes.columns]
    scenes = pd.DataFrame(delivery.scenes)[columns]
    return _shown(_named(scenes, delivery))
