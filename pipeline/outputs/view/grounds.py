"""Maps of a delivery that lie beneath the layers of the page: its rasters as tiles, with their legends."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.outputs.columns import Language
from pipeline.outputs.delivered_rasters import open_raster
from pipeline.outputs.pictures import WATER
from pipeline.outputs.published import Published
from pipeline.outputs.view.raster_styles import RasterStyle, read_style
from pipeline.outputs.view.raster_tiles import write_raster_tiles

MAPS = (
    *("land_cover", "fvc", "change", "ecosystem", "ecosystem_change", "value_per_ha", "inundation"),
    *("ndvi", "looks"),
)
"""How the names of rasters begin that the page draws, in their order; all can be downloaded."""
_COVER = "fvc"
_LAND_COVER = "land_cover"


def write_grounds(published: Published, folder: Path) -> list[dict[str, Any]]:
    """The maps that a delivery has, each with its title, its legend and the tiles of each period.

    Where land cover has water, maps of vegetation cover show water.
    """
    found = []
    for stem in MAPS:
        periods = {
            period: name for period in published.periods if (name := _find_raster(published, stem, period))
        }
        if periods:
            found.append(_write_ground(published, stem, periods, folder))
    return found


def _find_raster(published: Published, stem: str, period: str) -> str | None:
    """The raster of a period; a change belongs to the period that it ends with."""
    labels = list(published.periods)
    earlier = [f"{other}_{period}" for other in reversed(labels[: labels.index(period)])]
    names = (f"rasters/{stem}_{label}.tif" for label in (period, *earlier))
    return next((name for name in names if published.has(name) and published.has(_name_style(name))), None)


def _name_style(raster: str) -> str:
    return raster.removesuffix(".tif") + ".qml"


def _write_ground(published: Published, stem: str, periods: dict[str, str], folder: Path) -> dict[str, Any]:
    styles = {period: read_style(published.find_file(_name_style(name))) for period, name in periods.items()}
    images = {}
    for period, name in periods.items():
        water = f"rasters/{_LAND_COVER}_{period}.tif"
        covered = stem == _COVER and published.has(water)
        place = f"{stem}-{period}"
        tiles = write_raster_tiles(
            published.find_file(name),
            styles[period],
            folder / place,
            water=published.find_file(water) if covered else None,
        )
        images[period] = {"folder": place, "tiles": tiles}
    newest = list(periods)[-1]
    with open_raster(published.find_file(periods[newest])) as file:
        title = file.tags()["title" if published.language == "zh" else "title_en"]
    legend = _tell_legend(styles[newest], published.language, with_water=stem == _COVER)
    return {"id": stem, "title": title, "legend": legend, "images": images}


def _tell_legend(style: RasterStyle, language: Language, *, with_water: bool) -> dict[str, Any]:
    classes = list(_list_classes(style)) if not style.is_ramp else []
    if with_water:
        classes.append({"value": WATER.key, "name": WATER.name(language), "color": WATER.color})
    if not style.is_ramp:
        return {"classes": classes}
    stops = [[value, color] for value, color in zip(style.values, style.colors, strict=True)]
    return {"classes": classes, "stops": stops, "unit": _find_unit(style)}


def _list_classes(style: RasterStyle) -> Iterator[dict[str, Any]]:
    for value, label, color in zip(style.values, style.labels, style.colors, strict=True):
        yield {"value": int(value), "name": label, "color": color}


def _find_unit(style: RasterStyle) -> str:
    """The unit that the words of a ramp end with."""
    return style.labels[0].partition(" ")[2]
