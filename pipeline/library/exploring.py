"""Layers and maps as a map that can be moved, inside one page that asks nobody for anything.

The page carries MapLibre and all data, and stands in an iframe: so it works offline, in JupyterLab, in
exported notebooks and in the built guide. Leaflet of folium comes from a server; lonboard needs a widget
manager, which no built page has.
"""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from numpy.typing import NDArray

from pipeline.errors import InputError, Problem
from pipeline.geodesy import CGCS2000
from pipeline.grid import Grid
from pipeline.library.map_keys import Language, check_map, choose_stops, list_map_classes, name_map, thin_map
from pipeline.library.outlines import to_degrees
from pipeline.outputs.columns import DATA_LABEL, describe_column, list_values, name_values
from pipeline.outputs.embedding import build_policy
from pipeline.outputs.layers import Shape, find_layer_title
from pipeline.outputs.ramps import Stops, fit_stops
from pipeline.outputs.texts import find_text, find_texts, name_unit
from pipeline.outputs.webmap.grounds import pack_picture
from pipeline.outputs.webmap.keys import UNCOLORED, key_stops
from pipeline.outputs.webmap.libraries import join_script, join_styles, read_maplibre
from pipeline.outputs.webmap.packing import Geometry, pack_config
from pipeline.outputs.webmap.shaping import Field, build_fields, build_theme, pack_table

MapLayer: TypeAlias = gpd.GeoDataFrame | xr.DataArray
MOST_FEATURES = 20_000

_IDS = ("product_id", "finding_id", "patch_id", "section_id", "parcel_id")
_COLORED = ("ecosystem_l1", "water_class", "to_class", "severity", "land_class")
_PALETTE = (
    *("#1b9e77", "#d95f02", "#7570b3", "#e7298a", "#66a61e", "#e6ab02", "#a6761d", "#1f78b4"),
    *("#b2df8a", "#fb9a99", "#cab2d6", "#6a3d9a"),
)
_PLAIN = "#1f7a5c"
_KINDS: Mapping[str, Geometry] = MappingProxyType(
    {"Polygon": "polygon", "LineString": "line", "Point": "point"}
)
_SHAPES: Mapping[Geometry, Shape] = MappingProxyType(
    {"polygon": "MultiPolygon", "line": "MultiLineString", "point": "Point"}
)
_START = """(async () => {
  const text = document.getElementById("ecomap-data").textContent;
  window.ecomap = await EcoMap.create(document.getElementById("ecomap"), await EcoMap.unpack(text));
})();"""
_PAGE = """<!DOCTYPE html>
<html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>
<meta http-equiv="Content-Security-Policy" content="{policy}"><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>{styles} {own}</style></head>
<body><main><div id="ecomap" class="ecomap"></div>
<script type="text/plain" id="ecomap-data">{data}</script></main>{scripts}</body></html>
"""
_OWN_STYLES = """html, body, main, .ecomap { height: 100%; margin: 0; font-family: sans-serif; }
.eco-map { height: 100%; min-height: 0; border: 0; }"""
_WITHOUT_PERIODS = ".eco-times { display: none; }"


@dataclass(frozen=True, repr=False)
class InteractiveMap:
    """A page with a map. A notebook shows it by itself; `html` is the page, `save` writes it to a file.

    Examples
    --------
    >>> delivery = pipeline.open_delivery("delivery/delta/latest")
    >>> pipeline.explore(delivery.sections).save("sections.html").suffix
    '.html'
    """

    html: str
    title: str
    height: int

    def __repr__(self) -> str:
        return f"<InteractiveMap {self.title}: {len(self.html) / 1e6:.1f} MB>"

    def _repr_html_(self) -> str:
        page, title = html.escape(self.html), html.escape(self.title)
        style = f"width:100%;height:{self.height}px;border:1px solid #d5dcd8"
        return f'<iframe srcdoc="{page}" title="{title}" style="{style}"></iframe>'

    def save(self, path: Path | str) -> Path:
        """The page as a file, which opens offline; its path."""
        target = Path(path)
        target.write_text(self.html, encoding="utf-8")
        return target


def explore(
    *layers: MapLayer,
    column: str | None = None,
    language: Language = "zh",
    title: str = "",
    height: int = 520,
) -> InteractiveMap:
    """A map of layers and maps that can be moved, searched and asked, for a notebook or a file.

    Tables (`delivery.parcels`, `.sections`, `.patches`, `.findings`, or any of your own that names its CRS)
    lie over maps (`delivery.maps["fvc"]`, by period or of one); the first is the lowest. A table is coloured
    by `column` where it has it, else by what its kind is coloured by in reports; text by its values, numbers
    by a ramp. Rows with a `period` are shown by period. A card tells all columns of a feature. Simulated
    data are stamped. Nothing is fetched; a page takes about 1 MB and its data.

    InputError for a table without a CRS, without rows or of more than 20,000, for shapes of several kinds,
    for a column that no table has, and for what is no map.

    Examples
    --------
    >>> delivery = pipeline.open_delivery("delivery/delta/latest")
    >>> pipeline.explore(delivery.maps["land_cover"], delivery.sections, title="Delta")
    <InteractiveMap Delta: ... MB>
    """
    tables = [
        _check_table(one, number) for number, one in enumerate(layers) if isinstance(one, gpd.GeoDataFrame)
    ]
    maps = [one for one in layers if isinstance(one, xr.DataArray)]
    if not layers or len(tables) + len(maps) != len(layers):
        found = ", ".join(type(one).__name__ for one in layers) or "nothing"
        raise InputError(
            "Nothing to explore", [Problem("layers", found, "GeoDataFrames and maps (DataArray)")]
        )
    if column is not None and not any(column in table.columns for table in tables):
        held = sorted({str(name) for table in tables for name in table.columns})
        raise InputError("No table has the column", [Problem("column", repr(column), f"one of {held}")])
    config = _build_config(tables, maps, column, language)
    return InteractiveMap(
        _write_page(config, language, title or _name_all(config)), title or _name_all(config), height
    )


def _check_table(table: gpd.GeoDataFrame, number: int) -> gpd.GeoDataFrame:
    """A table in EPSG:4490 whose shapes are of one kind."""
    shapes = to_degrees(table)
    kinds = {_KINDS.get(str(kind).removeprefix("Multi")) for kind in table.geometry.geom_type.dropna()}
    found = f"{len(table):,} rows of {', '.join(sorted(map(str, kinds))) or 'no geometry'}"
    if len(kinds) != 1 or None in kinds or len(table) > MOST_FEATURES:
        todo = "Choose rows, or take one kind of shape"
        expected = f"1 to {MOST_FEATURES:,} points, lines or polygons"
        raise InputError(
            "A table that the map cannot show", [Problem(f"layer {number + 1}", found, expected, todo)]
        )
    return table.set_geometry(gpd.GeoSeries(shapes, index=table.index, crs=CGCS2000))


def _build_config(
    tables: Sequence[gpd.GeoDataFrame], maps: Sequence[xr.DataArray], column: str | None, language: Language
) -> dict[str, Any]:
    grounds = [_build_ground(one, language) for one in maps]
    own = [_build_layer(table, number, column, language) for number, table in enumerate(tables)]
    periods = _list_periods(tables, maps)
    boxes = [shapely.box(*table.total_bounds) for table in tables]
    boxes += [shapely.box(*image["bounds"]) for ground in grounds for image in ground["images"].values()]
    labelled = [bool(one.attrs.get("simulated")) for one in maps]
    labelled += [DATA_LABEL in table.columns and bool(table[DATA_LABEL].notna().any()) for table in tables]
    return {
        "language": "zh-CN" if language == "zh" else "en",
        "words": find_texts("webmap", language),
        "stamp": find_text("simulated.label", language) if any(labelled) else "",
        "page": True,
        "bounds": [round(float(side), 6) for side in shapely.total_bounds(boxes)],
        "periods": [{"key": label, "title": label} for label in periods],
        "outline": {"geojson": {"type": "FeatureCollection", "features": []}},
        "grounds": grounds,
        "ground": grounds[0]["id"] if grounds else "",
        "layers": own,
    }


def _list_periods(tables: Sequence[gpd.GeoDataFrame], maps: Sequence[xr.DataArray]) -> list[str]:
    labels = {str(label) for one in maps if "period" in one.dims for label in one["period"].values}
    labels |= {str(label) for one in tables if "period" in one.columns for label in one["period"].dropna()}
    return sorted(labels)


def _name_all(config: dict[str, Any]) -> str:
    return ", ".join(str(one["title"]) for one in (*config["grounds"], *config["layers"]))


def _write_page(config: dict[str, Any], language: Language, title: str) -> str:
    scripts = (read_maplibre(), join_script(), _START)
    return _PAGE.format(
        lang=language,
        title=html.escape(title),
        policy=build_policy(*scripts, worker=True),
        styles=join_styles(),
        own=_OWN_STYLES if config["periods"] else f"{_OWN_STYLES} {_WITHOUT_PERIODS}",
        data=pack_config(config),
        scripts="".join(f"<script>{script}</script>" for script in scripts),
    )


def _build_layer(
    table: gpd.GeoDataFrame, number: int, column: str | None, language: Language
) -> dict[str, Any]:
    """A table as a layer, with a card of all its columns."""
    rows = table.reset_index(drop=True)
    kind = _KINDS[str(rows.geometry.geom_type.dropna().iloc[0]).removeprefix("Multi")]
    plain = pd.DataFrame(rows.drop(columns=[rows.geometry.name, DATA_LABEL], errors="ignore"))
    columns = plain.apply(lambda cells: _name_cells(str(cells.name), cells, language))
    id_column = next((name for name in _IDS if name in columns), None)
    ids = columns[id_column].astype(str) if id_column else pd.Series(table.index.astype(str))
    repeated = ids.duplicated(keep=False)
    keys = ids.where(~repeated, ids + " #" + pd.Series(range(len(ids))).astype(str))
    chosen = column if column in columns else next((name for name in _COLORED if name in columns), None)
    return {
        "id": f"layer{number}",
        "title": _title_layer(id_column, number, language),
        "geometry": kind,
        "numbered": id_column is None or bool(repeated.any()),
        "source": {"table": pack_table(rows, keys, columns, _SHAPES[kind])},
        "look": {"fill": 0.6, "width": 2 if kind == "line" else 0.8},
        "themes": [_build_theme(chosen, plain, columns, language)],
        **({"period": "period"} if "period" in columns else {}),
        "search": [str(name) for name in columns.select_dtypes(exclude="number")],
        "title_column": id_column or "",
        "card": [
            {
                "kind": "rows",
                "title": "",
                "fields": build_fields([Field(str(one)) for one in columns], language),
            }
        ],
    }


def _title_layer(id_column: str | None, number: int, language: Language) -> str:
    """What a layer is called: by the delivery where it is one of it, else by its number."""
    layers = {"product_id": "inventory", "parcel_id": "parcels", "section_id": "sections"}
    layers |= {"patch_id": "change_patches", "finding_id": "findings"}
    if id_column:
        return find_layer_title(layers[id_column], language)
    return f"{'图层' if language == 'zh' else 'Layer'} {number + 1}"


def _name_cells(column: str, cells: pd.Series, language: Language) -> pd.Series:
    """Codes in words, times and other things as text, numbers as they are."""
    numeric = pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells)
    if list_values(column):
        whole = numeric and bool((cells.dropna() % 1 == 0).all())
        return name_values(column, cells.astype("Int64") if whole else cells, language)
    if numeric:
        return cells
    return cells.astype("string")


def _build_theme(
    column: str | None, plain: pd.DataFrame, columns: pd.DataFrame, language: Language
) -> dict[str, Any]:
    """What a layer is coloured by: coded values, a ramp, other values, or nothing."""
    if column is None:
        return {"key": "plain", "title": "", "property": "", "color": _PLAIN, "legend": {}}
    if list_values(column) and any(one.color for one in list_values(column)):
        return build_theme(column, columns, language)
    known = describe_column(column)
    told = {"key": column, "title": known.name(language), "property": column}
    if pd.api.types.is_numeric_dtype(columns[column]):
        stops = fit_stops(plain[column].dropna().to_numpy(dtype=np.float64))
        return {**told, "legend": key_stops(stops, name_unit(known.unit, language), language)}
    values = columns[column].dropna().astype(str).value_counts().index[: len(_PALETTE)]
    classes = [
        {"value": value, "name": value, "color": color}
        for value, color in zip(values, cycle(_PALETTE), strict=False)
    ]
    other = {"name": find_text("webmap.other", language), "color": "#ffffff"}
    return {**told, "legend": {"classes": classes, "other": other}}


def _build_ground(layer: xr.DataArray, language: Language) -> dict[str, Any]:
    """A map, of one or of all its periods, as pictures beneath the layers."""
    parts = {"": layer}
    if "period" in layer.dims:
        parts = {str(one): layer.sel(period=one) for one in layer["period"].values}
    thin = {key: thin_map(check_map(part)) for key, part in parts.items()}
    classes = list_map_classes(layer, language)
    stops = () if classes else _join_stops(list(thin.values()))
    images = {
        key: pack_picture(_color(part, layer, stops), find_grid(part, layer)) for key, part in thin.items()
    }
    kept = set(np.unique(np.concatenate([part.values.ravel() for part in thin.values()])).tolist())
    legend: dict[str, Any] = {
        "classes": [
            {"value": one.code, "name": one.name, "color": one.color} for one in classes if one.code in kept
        ]
    }
    if stops:
        unit = str(layer.attrs.get("units", "1"))
        legend = key_stops(
            stops, "" if unit == "1" else name_unit(unit, language), language, unknown=UNCOLORED
        )
    name = name_map(layer.drop_vars([dim for dim in ("period",) if dim in layer.dims]), language)
    return {"id": f"map-{layer.name}", "title": name, "legend": legend, "images": images}


def _join_stops(parts: Sequence[xr.DataArray]) -> Stops:
    """One ramp for all periods of a map."""
    return choose_stops(xr.concat(parts, "part", coords="minimal", compat="override"))


def find_grid(part: xr.DataArray, layer: xr.DataArray) -> Grid:
    """Where the pixels of a map lie; InputError for a map without a CRS."""
    crs = layer.rio.crs
    if crs is None:
        todo = "Name it: layer.rio.write_crs('EPSG:32651')"
        raise InputError(
            "A map without a CRS", [Problem(str(layer.name), "no CRS", "a map that has one", todo)]
        )
    x, y = part["x"].values, part["y"].values
    step = abs(float(x[1] - x[0]) if len(x) > 1 else float(layer.rio.resolution()[0]))
    return Grid(crs.to_string(), float(x[0]) - step / 2, float(y[0]) + step / 2, step, *part.shape)


def _color(part: xr.DataArray, layer: xr.DataArray, stops: Stops) -> NDArray[np.uint8]:
    """Red, green, blue and alpha (band, y, x) of the pixels of a map; what is not known is transparent."""
    values = part.values
    known = np.isfinite(values)
    colors = np.zeros((4, *values.shape), dtype=np.uint8)
    for one in list_map_classes(layer, "zh"):
        colors[:3, values == one.code] = _to_rgb(one.color)[:, None]
    if stops:
        levels = [value for value, _ in stops]
        ramp = np.array([_to_rgb(color) for _, color in stops])
        for band in range(3):
            colors[band] = np.interp(np.where(known, values, 0), levels, ramp[:, band]).astype(np.uint8)
    colors[3] = np.where(known, 255, 0)
    return colors


def _to_rgb(color: str) -> NDArray[np.uint8]:
    return np.frombuffer(bytes.fromhex(color.removeprefix("#")), dtype=np.uint8)
