"""Maps as figures: the colours of the house, by their own aspect, with what is not known left white."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import BoundaryNorm, Colormap, LinearSegmentedColormap, ListedColormap, Normalize
from matplotlib.image import AxesImage
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from pipeline.errors import InputError, Problem
from pipeline.library.canvas import dress, dress_letters, is_simulated, open_axes
from pipeline.library.map_keys import (
    Language,
    MapClass,
    check_map,
    choose_stops,
    list_map_classes,
    name_map,
    thin_map,
)
from pipeline.outputs.texts import find_text, name_unit

_LONG, _SHORT, _MARGIN = 10.0, 1.2, 0.9
"""Inches: the longer side of a map, the least of the shorter, room for title and legend."""
_WIDE = 1.6
_UNKNOWN = "#ffffff"
_SCALE_SHARE = 0.25
_UNCHANGED = 0
_COLUMNS = 6
_OUTLINE: Mapping[str, Any] = MappingProxyType({"colors": "#222222", "linewidths": 0.8})
_KM = 1000


def plot_map(
    layer: xr.DataArray,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
    outline: gpd.GeoDataFrame | gpd.GeoSeries | None = None,
) -> Axes:
    """A map (y, x), such as `delivery.maps["fvc"].sel(period="2024")`, on axes of its own aspect.

    Classes (`flag_values`, `flag_colors`) have the colours and names of their legend, of which only those
    that occur are shown; measures a ramp, with their unit. What is not known is white. A large map is thinned
    to what a screen shows. `outline` is drawn over it. InputError for what is no map of two dimensions.

    Examples
    --------
    >>> delivery = pipeline.open_delivery("delivery/delta/latest")
    >>> pipeline.plot_map(delivery.maps["land_cover"].sel(period="2024")).get_title("left")
    '2024 地表覆盖'
    """
    shown = thin_map(check_map(layer))
    axes = open_axes(ax, *_choose_size(shown))
    classes = list_map_classes(layer, language)
    if classes:
        _draw_classes(axes, shown, [one for one in classes if np.isin(one.code, shown.values)], language)
    else:
        _draw_measure(axes, shown, language)
    if outline is not None:
        _draw_outline(axes, outline.to_crs(layer.rio.crs).geometry.to_numpy())
    axes.set_title(name_map(layer, language) if title is None else title)
    axes.set_axis_off()
    _draw_scale(axes)
    return dress(axes, language, simulated=is_simulated(layer))


def plot_change(
    change: xr.DataArray,
    patches: gpd.GeoDataFrame | None = None,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
) -> Axes:
    """A map of changes, such as `delivery.maps["change"].sel(pair="2023/2024")`: what became what.

    What did not change is pale grey, so that the rest stands out; `patches` (`delivery.patches`) are drawn
    around it. Otherwise as `plot_map`.

    Examples
    --------
    >>> delivery = pipeline.open_delivery("delivery/delta/latest")
    >>> axes = pipeline.plot_change(delivery.maps["change"].sel(pair="2023/2024"), delivery.patches)
    >>> axes.get_title("left")
    '2023/2024 地表覆盖变化'
    """
    if not list_map_classes(change, language):
        problem = Problem(str(change.name), "no flag_values", "a map of changes, such as maps['change']")
        raise InputError("No map of changes", [problem])
    return plot_map(change, ax=ax, language=language, title=title, outline=patches)


def _choose_size(layer: xr.DataArray) -> tuple[float, float]:
    """Width and height in inches, by the aspect of the ground."""
    height, width = (abs(float(axis[-1] - axis[0])) or 1.0 for axis in (layer["y"], layer["x"]))
    longest = max(height, width)
    sides = (max(_SHORT, _LONG * side / longest) for side in (width, height))
    across, down = sides
    return (across, down + _MARGIN) if width > _WIDE * height else (across + 2 * _MARGIN, down)


def _draw_image(axes: Axes, layer: xr.DataArray, colors: Colormap, norm: Normalize) -> AxesImage:
    x, y = layer["x"].values, layer["y"].values
    half = abs(float(x[1] - x[0])) / 2 if len(x) > 1 else 0.5
    down = abs(float(y[1] - y[0])) / 2 if len(y) > 1 else half
    extent = (float(x[0]) - half, float(x[-1]) + half, float(y[-1]) - down, float(y[0]) + down)
    return axes.imshow(
        np.ma.masked_invalid(layer.values), cmap=colors, norm=norm, extent=extent, interpolation="nearest"
    )


def _draw_classes(axes: Axes, layer: xr.DataArray, classes: Sequence[MapClass], language: Language) -> None:
    codes = [one.code for one in classes] or [_UNCHANGED]
    colors = ListedColormap([one.color for one in classes] or [_UNKNOWN])
    _draw_image(axes, layer, colors, BoundaryNorm([*codes, codes[-1] + 1], colors.N))
    keys = [Patch(facecolor=one.color, edgecolor="#666666", linewidth=0.4, label=one.name) for one in classes]
    if bool(layer.isnull().any()):
        unknown = find_text("legend.unknown", language)
        keys.append(Patch(facecolor=_UNKNOWN, edgecolor="#666666", linewidth=0.4, label=unknown))
    legend = axes.legend(
        handles=keys, ncols=min(len(keys), _COLUMNS) if _is_wide(layer) else 1, frameon=False, fontsize=9
    )
    legend.set(loc="upper center" if _is_wide(layer) else "center left")
    legend.set_bbox_to_anchor((0.5, -0.02) if _is_wide(layer) else (1.01, 0.5), axes.transAxes)


def _draw_measure(axes: Axes, layer: xr.DataArray, language: Language) -> None:
    stops = choose_stops(layer)
    norm = Normalize(stops[0][0], stops[-1][0])
    colors = LinearSegmentedColormap.from_list(
        "ramp", [(float(norm(value)), color) for value, color in stops]
    )
    image = _draw_image(axes, layer, colors, norm)
    wide = _is_wide(layer)
    place = {"orientation": "horizontal", "shrink": 0.5, "aspect": 40} if wide else {"shrink": 0.8}
    bar = axes.figure.colorbar(image, ax=axes, pad=0.02, **place)
    unit = str(layer.attrs.get("units", ""))
    bar.set_label("" if unit in {"", "1"} else name_unit(unit, language))
    dress_letters(bar.ax, language)


def _is_wide(layer: xr.DataArray) -> bool:
    """Whether the legend goes below: it then does not squeeze a map that is wide."""
    height, width = layer.shape
    return width > _WIDE * height


def _draw_outline(axes: Axes, shapes: NDArray[np.object_]) -> None:
    rings = shapely.get_parts(shapely.boundary(shapely.get_parts(shapes)))
    axes.add_collection(LineCollection([shapely.get_coordinates(ring) for ring in rings], **_OUTLINE))


def _draw_scale(axes: Axes) -> None:
    """A bar of round length in the lower left corner."""
    left, right = axes.get_xlim()
    bottom, top = axes.get_ylim()
    length = _round_down(_SCALE_SHARE * (right - left))
    x, y = left + 0.02 * (right - left), bottom + 0.06 * (top - bottom)
    label = f"{length / _KM:g} km" if length >= _KM else f"{length:g} m"
    axes.plot([x, x + length], [y, y], color="#222222", linewidth=2, solid_capstyle="butt")
    words = axes.annotate(
        label, (x + length / 2, y), xytext=(0, 3), textcoords="offset points", ha="center", fontsize=8
    )
    words.set_path_effects([withStroke(linewidth=2, foreground="#ffffff")])
    axes.set(xlim=(left, right), ylim=(bottom, top))


def _round_down(length: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is not longer."""
    power = 10.0 ** np.floor(np.log10(max(length, 1e-9)))
    return float(max(step * power for step in (1, 2, 5) if step * power <= length * (1 + 1e-9)))
