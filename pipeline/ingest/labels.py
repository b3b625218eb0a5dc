"""Labelled samples of land cover: points or polygons of any vector file with a column of classes."""

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from pipeline.aoi import Aoi
from pipeline.datum import DatumShift, is_undefined, to_lon_lat
from pipeline.errors import InputError, Problem
from pipeline.geodesy import CGCS2000, unproject_all
from pipeline.ingest.parcels.geoparquet import FLAWS
from pipeline.ingest.parcels.placement import explain_no_crs, find_middle
from pipeline.legends import LAND_KINDS
from pipeline.operating_system import is_of_system
from pipeline.settings.maps import LabelledSamples
from pipeline.settings.placing import parse_crs, settle_shift
from pipeline.vector_files import choose_layer, find_named_crs, name_dataset, refuse_driver, refuse_pointer

_PARQUET = {".parquet", ".geoparquet"}
_KINDS_OF_SHAPE = {"Point", "MultiPoint", "Polygon", "MultiPolygon"}
_NAMED = 5
_WHOLE = re.compile(r"(-?\d+)\.0+")


def read_labels(
    given: LabelledSamples, aoi: Aoi, *, keep: Sequence[str] = (), blank: bool = False
) -> gpd.GeoDataFrame:
    """Labelled samples that reach into an area: `kind` (key of LAND_KINDS), geometry in EPSG:4490.

    The index is the row in the file, from 1; `attrs["outside"]` counts the rows that lie elsewhere, and
    `attrs["shift"]` tells how they came to CGCS2000, None where their coordinates were of it. Columns
    to `keep` are taken along where they are there. Rows without a label are left out if `blank`. Raises
    InputError with everything that is wrong: the file, its CRS, the column, each class that is not known,
    rows without a point or a polygon, nothing inside the area.
    """
    rows = _read_rows(Path(given.path), given, keep)
    if blank:
        rows = rows[rows[given.column].map(_spell) != ""]
    kinds, problems = _find_kinds(rows, given)
    problems += _find_flaws(rows, given)
    if problems:
        raise label_error(*problems)
    inside = shapely.intersects(rows.geometry.to_numpy(), aoi.geometry)
    if not inside.any():
        found = f"{len(rows)} samples, none inside {aoi.id}: {np.round(rows.total_bounds, 4).tolist()}"
        expected = f"samples inside {np.round(aoi.geometry.bounds, 4).tolist()}"
        raise label_error(Problem(given.path, found, expected))
    kept = {name: rows[name] for name in keep if name in rows}
    labelled = gpd.GeoDataFrame({"kind": kinds, **kept}, geometry=rows.geometry, crs=CGCS2000)[inside]
    labelled.attrs = {"outside": int((~inside).sum()), "shift": rows.attrs["shift"]}
    return labelled


def find_shift(given: LabelledSamples) -> DatumShift | None:
    """How the coordinates of samples come to CGCS2000, None where they are of it; as `read_labels`."""
    shift: DatumShift | None = _read_rows(Path(given.path), given, ()).attrs["shift"]
    return shift


def label_error(*problems: Problem) -> InputError:
    """The error of samples that cannot be used."""
    return InputError("The labelled samples cannot be used", problems)


def _read_rows(path: Path, given: LabelledSamples, keep: Sequence[str]) -> gpd.GeoDataFrame:
    """All rows in EPSG:4490, numbered from 1."""
    rows = _read(path, given)
    if given.column not in rows:
        found = f"the columns {[name for name in rows.columns if name != rows.geometry.name]}"
        raise label_error(Problem(str(path), found, f"a column {given.column!r}", "Name it: column"))
    if rows.empty:
        raise label_error(Problem(str(path), "no row", "samples, a row each"))
    shapes = shapely.force_2d(rows.geometry.to_numpy())
    shapes, shift = _place(path, given.crs or find_named_crs(path) or rows.crs, shapes)
    index = pd.RangeIndex(1, len(rows) + 1)
    placed = gpd.GeoDataFrame(
        {name: rows[name].to_numpy() for name in (given.column, *keep) if name in rows},
        geometry=shapes,
        index=index,
        crs=CGCS2000,
    )
    placed.attrs["shift"] = shift
    return placed


def _read(path: Path, given: LabelledSamples) -> gpd.GeoDataFrame:
    expected = "a vector file with a geometry column"
    if not path.exists():
        raise label_error(Problem(str(path), "no such file", expected))
    try:
        if path.suffix.lower() in _PARQUET and given.layer is not None:
            raise label_error(Problem(f"{path}, layer {given.layer}", "a file without layers", "no layer"))
        if path.suffix.lower() in _PARQUET:
            return gpd.read_parquet(path)
        refuse_pointer(path)
        source = name_dataset(path)
        layer = _find_layer(path, source, given)
        refuse_driver(path, pyogrio.read_info(source, layer=layer)["driver"])
        rows = pyogrio.read_dataframe(source, layer=layer, on_invalid="ignore")
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, *FLAWS) as error:
        if is_of_system(error):
            raise
        raise label_error(Problem(str(path), str(error).strip(), expected)) from error
    return rows


def _find_layer(path: Path, source: str, given: LabelledSamples) -> str:
    """The layer of the samples; InputError where several have the column of classes and none is named."""
    kinds = {str(name): str(kind) for name, kind in pyogrio.list_layers(source)}
    chosen = choose_layer(
        path,
        kinds,
        [name for name, kind in kinds.items() if kind != "None"],
        lambda name: given.column in pyogrio.read_info(source, layer=name)["fields"],
        wanted=given.layer,
        expected=f"samples with a column {given.column!r}",
    )
    if isinstance(chosen, Problem):
        raise label_error(chosen)
    return chosen


def _place(
    path: Path, stated: Any, shapes: NDArray[np.object_]
) -> tuple[NDArray[np.object_], DatumShift | None]:
    """Shapes in EPSG:4490, and how they came to it, None where they were of it."""
    crs = None if stated is None else parse_crs(str(path), stated)
    if isinstance(crs, Problem):
        raise label_error(crs)
    if crs is None or is_undefined(crs):
        raise label_error(explain_no_crs(str(path), find_middle(shapely.bounds(shapes).reshape(-1, 4).T)))
    if crs.equals(CRS(CGCS2000), ignore_axis_order=True):
        return shapes, None
    centre = find_middle(shapely.bounds(shapes).reshape(-1, 4).T)
    near = to_lon_lat(crs, *centre) if centre else None
    shift = settle_shift(str(path), crs, stated, near)
    if isinstance(shift, Problem):
        raise label_error(shift)
    return unproject_all(shapes, crs.to_wkt(), near), shift


def _find_kinds(rows: gpd.GeoDataFrame, given: LabelledSamples) -> tuple["pd.Series[Any]", list[Problem]]:
    """Kind of every row, and a problem for every class that is not known."""
    by_name = {kind.name_zh: key for key, kind in LAND_KINDS.items()}
    named = {**{key: key for key in LAND_KINDS}, **by_name, **given.classes}
    known = {_spell(theirs): ours for theirs, ours in named.items()}
    said = rows[given.column].map(_spell)
    kinds = said.map(known)
    expected = f"one of {sorted(LAND_KINDS)}"
    strange = [
        Problem(f"land_cover.samples.classes.{theirs}", repr(ours), expected)
        for theirs, ours in given.classes.items()
        if ours not in LAND_KINDS
    ]
    unknown = said[kinds.isna()]
    strange += [
        Problem(f"{given.path}, {_name_rows(group.index)}", repr(value), expected, "Or map it: classes")
        for value, group in unknown.groupby(unknown, sort=True)
    ]
    return kinds, strange


def _spell(value: Any) -> str:
    """A class as text of plain width: whole numbers without a fraction, nothing as an empty text."""
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    text = unicodedata.normalize("NFKC", str(value)).strip()
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


def _find_flaws(rows: gpd.GeoDataFrame, given: LabelledSamples) -> list[Problem]:
    """A problem for every sort of shape that cannot be a sample."""
    shapes = rows.geometry
    sort = shapes.geom_type.where(shapes.notna() & ~shapes.is_empty, "no geometry")
    sort = sort.mask(sort.isin(_KINDS_OF_SHAPE) & ~shapes.is_valid, "a polygon that is not valid")
    wrong = sort[~sort.isin(_KINDS_OF_SHAPE)]
    return [
        Problem(f"{given.path}, {_name_rows(group.index)}", str(value), "a point or a valid polygon")
        for value, group in wrong.groupby(wrong, sort=True)
    ]


def _name_rows(rows: "pd.Index[Any]") -> str:
    """Numbers of some rows in words."""
    numbers: Sequence[int] = rows.tolist()
    named = f"row {', '.join(str(number) for number in numbers[:_NAMED])}"
    return f"{named} and {len(numbers) - _NAMED} more" if len(numbers) > _NAMED else named
