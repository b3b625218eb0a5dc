"""The maps of the report, each with its legend: cover, land cover, change, looks, and the sections."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import rasterio
from rasterio.windows import Window

from pipeline.contracts import Delivery, Raster
from pipeline.legends import CHANGE, LAND_COVER, UNCHANGED, WATER_CLASS, Legend
from pipeline.outputs.columns import Language
from pipeline.outputs.pictures import Picture, Spot, draw_picture, locate_points, place_spots
from pipeline.outputs.ramps import Stops, find_stops, format_amount
from pipeline.outputs.texts import find_text, name_unit

SHOWN = ("fvc", "land_cover", "change", "looks")
"""How the names of the rasters begin that have a sheet, the newest of each."""
VALUE = "value_per_ha"
"""How the names of the rasters begin that show what nature gives, in yuan; those of the accounts alone."""
_GROUND = "land_cover"
_NOT_GRADED = "#bdbdbd"
_STRIP = 512


@dataclass(frozen=True)
class MapShape:
    """Lines or polygons of a map as an SVG path: filled where `fill` is a colour, else `none`."""

    path: str
    fill: str
    stroke: str


@dataclass(frozen=True)
class MapSheet:
    """A map with its title, and its legend: classes (colour, name), or a ramp of (share, label) in `unit`."""

    title: str
    picture: Picture
    classes: list[tuple[str, str]]
    gradient: str
    ticks: list[tuple[float, str]]
    points: list[Spot]
    unit: str = ""
    shapes: tuple[MapShape, ...] = ()

    @property
    def about(self) -> str:
        """What there is to see, in words: the classes or the ends of the ramp, if there are any."""
        ends = [*self.ticks[:1], *self.ticks[-1:]]
        listed = [name for _, name in self.classes] or [label for _, label in ends]
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
    return MapSheet(
        title=f"{title} {raster.first_day} – {raster.last_day}",
        picture=draw_picture(raster, path, delivery.grid, delivery.aoi.geometry),
        classes=list_present_classes(path, raster.legend, delivery.language) if raster.legend else [],
        gradient=", ".join(f"{color} {share:.1f}%" for share, (_, color) in zip(shares, stops, strict=True)),
        ticks=[(share, write(value)) for share, (value, _) in zip(shares, stops, strict=True)],
        points=[],
        unit=name_unit(raster.unit, delivery.language),
    )


def _space_stops(stops: Stops, *, evenly: bool) -> list[float]:
    """Where the stops of a ramp stand on its bar, in hundredths: by their value, or as far apart each."""
    values = [value for value, _ in stops]
    places = list(range(len(values))) if evenly else values
    return [(place - places[0]) / (places[-1] - places[0]) * 100 for place in places]


def _draw_section_sheet(ground: Raster, delivery: Delivery, path: Path) -> MapSheet:
    """The sections in the colours of their class in the newest period, over pale land cover."""
    picture = draw_picture(ground, path, delivery.grid, delivery.aoi.geometry, pale=True)
    period = delivery.periods[-1].label
    newest = delivery.sections[delivery.sections["period"] == period]
    grades = newest["water_class"]
    at = [
        spot if spot and is_inside(spot, picture.tall) else None
        for spot in locate_points(newest.geometry, delivery.grid)
    ]
    colors = [_NOT_GRADED if pd.isna(grade) else WATER_CLASS.by_code()[int(grade)].color for grade in grades]
    classes = [(entry.color, entry.name(delivery.language)) for entry in WATER_CLASS.classes]
    other = [(_NOT_GRADED, find_text("legend.other", delivery.language))] if grades.isna().any() else []
    return MapSheet(
        title=f"{find_text('report.sections_map', delivery.language)} {period}",
        picture=picture,
        classes=[*classes, *other],
        gradient="",
        ticks=[],
        points=place_spots(at, colors, [str(name) for name in newest["section"]], picture.tall),
    )


def is_inside(spot: tuple[float, float], tall: float) -> bool:
    """Whether a point is on a map that is so tall."""
    return 0 <= spot[0] <= 100 and 0 <= spot[1] <= tall  # noqa: PLR2004 (a map is 100 units wide)


def list_present_classes(path: Path, legend: Legend, language: Language) -> list[tuple[str, str]]:
    """Colour and name of the classes that occur; changes have colour and name of the class after."""
    counts = np.zeros(np.iinfo(np.uint8).max + 1, dtype=np.int64)
    with rasterio.open(path) as file:
        for top in range(0, file.height, _STRIP):
            rows = min(_STRIP, file.height - top)
            strip = file.read(1, window=Window(0, top, file.width, rows))
            counts += np.bincount(strip.ravel(), minlength=len(counts))
    present = [entry for entry in legend.classes if counts[entry.code]]
    if legend is not CHANGE:
        return [(entry.color, entry.name(language)) for entry in present]
    colors = {entry.color for entry in present if entry.code != UNCHANGED}
    became = find_text("legend.became", language)
    moved = [(entry.color, f"{became}{entry.name(language)}") for entry in LAND_COVER.classes]
    same = [(entry.color, entry.name(language)) for entry in present if entry.code == UNCHANGED]
    return [*same, *(pair for pair in moved if pair[0] in colors)]
