"""The maps of the report, each with its legend: cover, land cover, change, looks, and the sections."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import pandas as pd

from pipeline.contracts import Delivery, Raster
from pipeline.legends import CHANGE, LAND_COVER, UNCHANGED, WATER_CLASS, Legend
from pipeline.outputs.columns import Language
from pipeline.outputs.frames import Frame, plan_frames
from pipeline.outputs.pictures import (
    WATER,
    Painting,
    Picture,
    draw_outline,
    draw_picture,
    find_codes,
    locate_points,
)
from pipeline.outputs.ramps import Stops, find_stops, format_amount
from pipeline.outputs.spots import Spot, place_spots
from pipeline.outputs.texts import find_text, name_unit

SHOWN = ("fvc", "land_cover", "change", "looks")
"""How the names of the rasters begin that have a sheet, the newest of each."""
VALUE = "value_per_ha"
"""How the names of the rasters begin that show what nature gives, in yuan; those of the accounts alone."""
_GROUND = "land_cover"
NOT_GRADED = "#bdbdbd"
"""Of a section whose class is not known."""


@dataclass(frozen=True)
class MapShape:
    """Lines or polygons of a map as an SVG path: filled where `fill` is a colour, else `none`."""

    path: str
    fill: str
    stroke: str


@dataclass(frozen=True)
class KeyMap:
    """The outline of the whole area, and left, top, width and height of its frames on it."""

    picture: Picture
    boxes: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Panel:
    """One picture of a sheet with what lies on it; `name` tells the parts in it, empty for the whole area."""

    name: str
    picture: Picture
    points: tuple[Spot, ...] = ()
    shapes: tuple[MapShape, ...] = ()

    @property
    def unnamed(self) -> list[str]:
        """Names of points that found no place on the picture."""
        return [spot.name for spot in self.points if spot.name and not spot.is_named]


@dataclass(frozen=True)
class MapSheet:
    """A map with its title: a panel for each frame, and a key to where those lie if they are several.

    Its legend has classes (colour, name), a ramp of (share, label) in `unit`, or both.
    """

    title: str
    panels: tuple[Panel, ...]
    classes: list[tuple[str, str]]
    gradient: str = ""
    ticks: tuple[tuple[float, str], ...] = ()
    unit: str = ""
    key: KeyMap | None = None

    @property
    def about(self) -> str:
        """What there is to see, in words: the ends of the ramp and the classes, if there are any."""
        ends = [label for _, label in (*self.ticks[:1], *self.ticks[-1:])]
        listed = [*ends, *(name for _, name in self.classes)]
        return ": ".join([self.title, *([", ".join(listed)] if listed else [])])


def is_shown(raster: Raster) -> bool:
    """Whether the report reads the file of a raster."""
    return raster.name.startswith((*SHOWN, VALUE))


def draw_map_sheets(delivery: Delivery, rasters: Path) -> list[MapSheet]:
    """The newest map of each kind, and the sections where there are any."""
    newest = {stem: _find_newest(delivery, stem) for stem in SHOWN}
    sheets = [
        _draw_sheet(raster, delivery, rasters / f"{raster.name}.tif") for raster in newest.values() if raster
    ]
    ground = newest[_GROUND]
    if ground is not None and len(delivery.sections):
        sheets.insert(2, _draw_section_sheet(ground, delivery, rasters / f"{ground.name}.tif"))
    return sheets


def draw_value_sheets(delivery: Delivery, rasters: Path) -> list[MapSheet]:
    """The newest map of value per hectare, where there is one."""
    newest = _find_newest(delivery, VALUE)
    return [_draw_sheet(newest, delivery, rasters / f"{newest.name}.tif")] if newest else []


def _find_newest(delivery: Delivery, stem: str) -> Raster | None:
    named = [raster for raster in delivery.rasters if raster.name.startswith(f"{stem}_")]
    return named[-1] if named else None


def _draw_sheet(raster: Raster, delivery: Delivery, path: Path) -> MapSheet:
    stops = () if raster.legend is not None else find_stops(raster, path)
    shares = _space_stops(stops, evenly=raster.kind == "amount")
    write = format_amount if raster.kind == "amount" else "{:g}".format
    title = raster.title_zh if delivery.language == "zh" else raster.title_en
    panels = draw_panels(raster, path, delivery)
    present = list_present_classes(path, raster.legend, delivery.language) if raster.legend else []
    return MapSheet(
        title=f"{title} {raster.first_day} – {raster.last_day}",
        panels=panels,
        classes=[*present, *list_extra_classes([panel.picture for panel in panels], delivery.language)],
        gradient=", ".join(f"{color} {share:.1f}%" for share, (_, color) in zip(shares, stops, strict=True)),
        ticks=tuple((share, write(value)) for share, (value, _) in zip(shares, stops, strict=True)),
        unit=name_unit(raster.unit, delivery.language),
        key=draw_key(delivery),
    )


def draw_panels(raster: Raster, path: Path, delivery: Delivery, *, pale: bool = False) -> tuple[Panel, ...]:
    """A written raster in every frame of the area."""
    outline = delivery.aoi.geometry
    return tuple(
        Panel(name, draw_picture(raster, path, frame, outline, pale=pale))
        for name, frame in name_frames(delivery)
    )


def name_frames(delivery: Delivery) -> list[tuple[str, Frame]]:
    """The frames of the area, each with the names of the parts in it; one of the whole has no name."""
    parts = delivery.aoi.parts
    frames = plan_frames([part.geometry for part in parts], delivery.grid)
    names = [part.name_zh if delivery.language == "zh" else part.name_en for part in parts]
    separator = find_text("report.and", delivery.language)
    if len(frames) == 1:
        return [("", frames[0])]
    return [(separator.join(names[number] for number in frame.parts), frame) for frame in frames]


def draw_key(delivery: Delivery) -> KeyMap | None:
    """Where the frames of an area lie; None where there is one."""
    frames = name_frames(delivery)
    if len(frames) == 1:
        return None
    whole = draw_outline(delivery.grid, delivery.aoi.geometry)
    unit = delivery.grid.width / 100
    boxes = tuple(
        tuple(round(side / unit, 2) for side in (block.col_from, block.row_from, *block.shape[::-1]))
        for block in (frame.block for _, frame in frames)
    )
    return KeyMap(whole, boxes)


def list_extra_classes(pictures: Sequence[Picture | Painting], language: Language) -> list[tuple[str, str]]:
    """Colour and name of what pictures show beside their classes: water over a measure, and the unknown."""
    water = [(WATER.color, WATER.name(language))] if any(one.has_water for one in pictures) else []
    grounds = {one.ground for one in pictures} - {""}
    return [*water, *((color, find_text("legend.unknown", language)) for color in sorted(grounds))]


def _space_stops(stops: Stops, *, evenly: bool) -> list[float]:
    """Where the stops of a ramp stand on its bar, in hundredths: by their value, or as far apart each."""
    values = [value for value, _ in stops]
    places = list(range(len(values))) if evenly else values
    return [(place - places[0]) / (places[-1] - places[0]) * 100 for place in places]


def _draw_section_sheet(ground: Raster, delivery: Delivery, path: Path) -> MapSheet:
    """The sections in the colours of their class in the newest period, over pale land cover."""
    period = delivery.periods[-1].label
    newest = delivery.sections[delivery.sections["period"] == period]
    grades = newest["water_class"]
    known = WATER_CLASS.by_code()
    entries = [None if pd.isna(grade) else known[int(grade)] for grade in grades]
    colors = [NOT_GRADED if entry is None else entry.color for entry in entries]
    names = [
        f"{name} {entry.name(delivery.language)}" if entry else str(name)
        for name, entry in zip(newest["section"], entries, strict=True)
    ]
    classes = [(entry.color, entry.name(delivery.language)) for entry in WATER_CLASS.classes]
    other = [(NOT_GRADED, find_text("legend.other", delivery.language))] if grades.isna().any() else []
    panels = [
        replace(panel, points=place_points(newest.geometry, colors, names, frame, panel.picture))
        for panel, (_, frame) in zip(
            draw_panels(ground, path, delivery, pale=True), name_frames(delivery), strict=True
        )
    ]
    return MapSheet(
        title=f"{find_text('report.sections_map', delivery.language)} {period}",
        panels=tuple(panels),
        classes=[*classes, *other],
        key=draw_key(delivery),
    )


def place_points(
    points: gpd.GeoSeries, colors: Sequence[str], names: Sequence[str], frame: Frame, picture: Picture
) -> tuple[Spot, ...]:
    """Those of the points (EPSG:4490) that lie in a frame, on its picture, with their names."""
    at = [
        spot if spot and is_inside(spot, picture.tall) else None for spot in locate_points(points, frame.grid)
    ]
    return tuple(place_spots(at, colors, names, picture.tall))


def is_inside(spot: tuple[float, float], tall: float) -> bool:
    """Whether a point is on a map that is so tall."""
    return 0 <= spot[0] <= 100 and 0 <= spot[1] <= tall  # noqa: PLR2004 (a map is 100 units wide)


def list_present_classes(path: Path, legend: Legend, language: Language) -> list[tuple[str, str]]:
    """Colour and name of the classes that occur; changes have colour and name of the class after."""
    codes = find_codes(path)
    present = [entry for entry in legend.classes if entry.code in codes]
    if legend is not CHANGE:
        return [(entry.color, entry.name(language)) for entry in present]
    colors = {entry.color for entry in present if entry.code != UNCHANGED}
    became = find_text("legend.became", language)
    moved = [(entry.color, f"{became}{entry.name(language)}") for entry in LAND_COVER.classes]
    same = [(entry.color, entry.name(language)) for entry in present if entry.code == UNCHANGED]
    return [*same, *(pair for pair in moved if pair[0] in colors)]
