"""Maps of the layers of parts: points, lines and polygons in the outline of the area."""

from collections.abc import Iterator

import geopandas as gpd
import pandas as pd

from pipeline.contracts import Delivery
from pipeline.geodesy import project_all
from pipeline.grid import Grid
from pipeline.outputs.assessment.layers import find_style
from pipeline.outputs.columns import list_values, name_values
from pipeline.outputs.frames import Frame
from pipeline.outputs.layers import find_layer_title
from pipeline.outputs.map_sheets import MapShape, MapSheet, Panel, draw_key, name_frames, place_points
from pipeline.outputs.pictures import draw_outline, draw_path
from pipeline.outputs.qgis.looks import LayerStyle
from pipeline.outputs.texts import find_text

_COLOR = "#6a3d9a"
_OTHER = "#8c8c8c"


def draw_layer_map(name: str, delivery: Delivery) -> MapSheet | None:
    """The layer of a part as a map of the report; None where the delivery has no such layer, or an empty one.

    Classes have the colours that the layer has in QGIS; points have the name that labels them there.
    """
    rows = delivery.layers.get(name)
    rows = rows if rows is None else rows[~(rows.geometry.isna() | rows.geometry.is_empty)]
    if rows is None or rows.empty:
        return None
    style = find_style(name)
    return MapSheet(
        title=find_layer_title(name, delivery.language),
        panels=tuple(
            _draw_panel(words, frame, rows, style, delivery) for words, frame in name_frames(delivery)
        ),
        classes=list(_list_classes(rows, style, delivery)),
        key=draw_key(delivery),
    )


def _draw_panel(
    words: str, frame: Frame, rows: gpd.GeoDataFrame, style: LayerStyle, delivery: Delivery
) -> Panel:
    colors = _find_colors(rows, style)
    named = rows[style.label].fillna("") if style.label in rows else pd.Series("", index=rows.index)
    own = (rows.geometry.geom_type == "Point").to_numpy()
    picture = draw_outline(frame.grid, delivery.aoi.geometry)
    points = rows.geometry[own], list(colors[own]), list(named[own].astype(str))
    return Panel(
        words,
        picture,
        points=place_points(*points, frame, picture),
        shapes=tuple(_draw_shapes(rows[~own], colors[~own], frame.grid)),
    )


def _find_colors(rows: gpd.GeoDataFrame, style: LayerStyle) -> pd.Series:
    if style.column is None:
        return pd.Series(style.outline or _COLOR, index=rows.index)
    known = {entry.code: entry.color for entry in list_values(style.column) if entry.color}
    colors: pd.Series = rows[style.column].astype("string").map(known).fillna(_OTHER)
    return colors


def _list_classes(rows: gpd.GeoDataFrame, style: LayerStyle, delivery: Delivery) -> Iterator[tuple[str, str]]:
    """Colour and name of the classes that occur, in their standard order; others last."""
    if style.column is None:
        return
    known = [entry for entry in list_values(style.column) if entry.color]
    values = rows[style.column].astype("string")
    yield from ((one.color, one.name(delivery.language)) for one in known if (values == one.code).any())
    others = values[~values.isin([one.code for one in known])]
    names = name_values(style.column, others, delivery.language)
    listed = names.fillna(find_text("legend.other", delivery.language))
    yield from dict.fromkeys((_OTHER, name) for name in listed)


def _draw_shapes(rows: gpd.GeoDataFrame, colors: pd.Series, grid: Grid) -> Iterator[MapShape]:
    """One path of each colour, polygons before lines."""
    for filled in (True, False):
        own = rows.geometry.geom_type.isin(["Polygon", "MultiPolygon"]) == filled
        for color, shapes in rows.geometry[own].groupby(colors[own], sort=True):
            moved = project_all(shapes.to_numpy(), grid.crs)
            path = "".join(draw_path(shape, grid) for shape in moved)
            yield MapShape(path, str(color) if filled else "none", str(color))
