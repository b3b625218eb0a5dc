"""Maps of a bulletin: pictures of delivered rasters with the outline of the area and a scale bar."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import shapely
from PIL import Image, ImageDraw
from rasterio.io import DatasetReader
from shapely.geometry.base import BaseGeometry

from pipeline.geodesy import project
from pipeline.grid import Grid
from pipeline.legends import CHANGE, LAND_COVER, Legend
from pipeline.outputs.bulletin.comparing import AreaFigures
from pipeline.outputs.bulletin.evidence import EvidenceBook
from pipeline.outputs.delivered_rasters import open_raster
from pipeline.outputs.frames import Frame, plan_frames
from pipeline.outputs.map_sheets import list_extra_classes, list_present_classes
from pipeline.outputs.pictures import WIDTH_PX, Painting, choose_scale_bar, paint
from pipeline.outputs.ramps import RAMPS
from pipeline.outputs.texts import find_text

_LEGENDS = MappingProxyType({"fvc": None, "land_cover": LAND_COVER, "change": CHANGE})
"""Rasters that a bulletin shows, by how their names begin; without a legend they are a ramp of cover."""
_INK, _PAPER = (29, 43, 38), (255, 255, 255)
_MARGIN, _BAR_PX, _LINE_PX = 24, 9, 3


@dataclass(frozen=True)
class MapPicture:
    """A PNG, to be placed."""

    png: bytes


@dataclass(frozen=True)
class MapLegend:
    """Colours (#RRGGBB) and what they mean, to be placed."""

    entries: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Map:
    """A map of an area: its title, `picture` and `legend`, and what its scale bar measures."""

    title: str
    picture: MapPicture
    legend: MapLegend
    scale: str


def draw_maps(area: AreaFigures, evidence: EvidenceBook) -> Iterator[Map]:
    """The maps of an area in the period, those that its delivery has: one for each frame."""
    moment = area.moments.now
    for stem, legend in _LEGENDS.items():
        label = moment.pair.replace("/", "_") if stem == "change" else moment.label
        name = f"rasters/{stem}_{label}.tif"
        if area.delivery.has(name):
            yield from _draw_frames(area, name, legend, evidence)


def _draw_frames(
    area: AreaFigures, name: str, legend: Legend | None, evidence: EvidenceBook
) -> Iterator[Map]:
    path, ground = area.delivery.find_file(name), name.replace("/fvc_", "/land_cover_")
    if area.delivery.has(ground):
        area.delivery.find_file(ground)  # tells where the map has water: as published, or refused
    with open_raster(path) as file:
        grid, tags = _read_grid(file), file.tags()
    title = tags["title"] if evidence.language == "zh" else tags["title_en"]
    frames = plan_frames(list(area.delivery.outline.geometry), grid)
    for frame in frames:
        about = f" · {_name_parts(area, frame, evidence)}" if len(frames) > 1 else ""
        yield _draw_map(area, name, legend, evidence, frame, f"{title}{about}")


def _name_parts(area: AreaFigures, frame: Frame, evidence: EvidenceBook) -> str:
    names = area.delivery.outline[f"name_{evidence.language}"].iloc[list(frame.parts)]
    return find_text("report.and", evidence.language).join(names)


def _draw_map(
    area: AreaFigures, name: str, legend: Legend | None, evidence: EvidenceBook, frame: Frame, title: str
) -> Map:
    path, outline = area.delivery.find_file(name), _find_outline(area, frame.grid)
    bar = choose_scale_bar(frame.grid)
    scale = evidence.write_key(bar.label, bar.metres, "m", area.delivery.id, name)
    larger = WIDTH_PX / frame.grid.width
    shape = max(1, round(frame.grid.height * larger)), WIDTH_PX
    painting = paint(path, shape, legend, () if legend else RAMPS["cover"], frame, outline)
    listed = _list_legend(path, legend, (area.delivery.id, name), evidence)
    return Map(
        title=title,
        picture=MapPicture(_finish(painting, frame.grid, outline, bar.length)),
        legend=MapLegend((*listed, *list_extra_classes([painting], evidence.language))),
        scale=find_text("bulletin.scale", evidence.language).format(length=scale),
    )


def _read_grid(file: DatasetReader) -> Grid:
    return Grid(file.crs.to_string(), file.bounds.left, file.bounds.top, file.res[0], file.height, file.width)


def _find_outline(area: AreaFigures, grid: Grid) -> BaseGeometry:
    return project(shapely.union_all(area.delivery.outline.geometry.to_numpy()), grid.crs)


def _finish(painting: Painting, grid: Grid, outline: BaseGeometry, bar: float) -> bytes:
    """A PNG as wide as the report's, every pixel of the map a square, with outline, bar and north arrow."""
    larger = WIDTH_PX / grid.width
    height = painting.rgba.shape[1]
    rings = [[(x * larger, y * larger) for x, y in ring] for ring in _list_rings(outline, grid)]
    image = Image.new("RGB", (WIDTH_PX, height + 2 * _MARGIN), _PAPER)
    pen = ImageDraw.Draw(image)
    if painting.ground:
        for ring in rings:
            pen.polygon(ring, painting.ground)
    colors = Image.fromarray(np.moveaxis(painting.rgba[:3], 0, -1))
    image.paste(colors, mask=Image.fromarray(painting.rgba[3]))
    for ring in rings:
        pen.line(ring, _INK, _LINE_PX)
    _draw_bar(pen, height, bar)
    _draw_arrow(pen)
    packed = io.BytesIO()
    image.save(packed, format="PNG")
    return packed.getvalue()


def _list_rings(outline: BaseGeometry, grid: Grid) -> Iterator[list[tuple[float, float]]]:
    """Rings of the outline in pixels of the grid."""
    polygons = [part for part in shapely.get_parts(outline) if part.geom_type == "Polygon"]
    for polygon in polygons:
        for ring in (polygon.exterior, *polygon.interiors):
            x, y = shapely.get_coordinates(ring).T
            across, down = (x - grid.left) / grid.resolution_m, (grid.top - y) / grid.resolution_m
            yield list(zip(across.tolist(), down.tolist(), strict=True))


def _draw_bar(pen: ImageDraw.ImageDraw, bottom: int, length: float) -> None:
    right = _MARGIN + length / 100 * WIDTH_PX
    top = bottom + _MARGIN
    pen.rectangle([_MARGIN, top, right, top + _BAR_PX], fill=_PAPER, outline=_INK, width=_LINE_PX)
    pen.rectangle([_MARGIN, top, (_MARGIN + right) / 2, top + _BAR_PX], fill=_INK)


def _draw_arrow(pen: ImageDraw.ImageDraw) -> None:
    x, y = WIDTH_PX - 2 * _MARGIN, _MARGIN / 2
    points = [(x, y), (x + 15, y + 46), (x, y + 36), (x - 15, y + 46)]
    pen.polygon(points, fill=_INK, outline=_PAPER)


def _list_legend(
    path: Path, legend: Legend | None, place: tuple[str, str], evidence: EvidenceBook
) -> Iterator[tuple[str, str]]:
    """Colours and what they mean: the classes that occur, or the stops of the ramp."""
    if legend is not None:
        yield from list_present_classes(path, legend, evidence.language)
        return
    for value, color in RAMPS["cover"]:
        yield color, evidence.write_key(f"{value:.0%}", value, "share", *place)
