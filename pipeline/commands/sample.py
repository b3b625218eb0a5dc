"""Points to label, drawn from the land cover of a delivery: the first half of an assessment of accuracy."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from rasterio.features import geometry_mask

from pipeline.errors import InputError, Problem, SettingsError
from pipeline.geodesy import CGCS2000, project, unproject_all
from pipeline.indices.sample_design import LEAST_PER_CLASS, allocate_points, draw_points
from pipeline.legends import LAND_COVER, NODATA_CLASS
from pipeline.outputs.delivered_rasters import open_raster
from pipeline.outputs.labelling import write_points
from pipeline.outputs.published import Published, open_published


def draw_sample(
    delivery: str | Path,
    *,
    points: int = 600,
    period: str | None = None,
    least: int = LEAST_PER_CLASS,
    seed: int = 1,
) -> gpd.GeoDataFrame:
    """A stratified random sample of a delivered land cover, to be labelled; the last period unless named.

    Columns: `point_id`, `period`, `class` and `note` (both to be filled in), `stratum` (the mapped class,
    which who labels should not see); geometry: the middle of a pixel, inside the area, in EPSG:4490. Points
    are shared out by area, at least `least` a class (Olofsson et al. 2014). SettingsError for a folder that
    is no delivery, or has no such period, InputError for a manifest that is none of ours.

    Examples
    --------
    >>> drawn = pipeline.draw_sample("delivery/delta/latest", points=200, seed=7)
    >>> len(drawn), drawn.crs.to_epsg(), drawn["period"].unique().tolist()
    (200, 4490, ['2024'])
    """
    published = open_published(Path(delivery).expanduser())
    label = _choose_period(published, period)
    path = published.folder / "rasters" / f"land_cover_{label}.tif"
    outline = shapely.union_all(published.outline.geometry)
    with open_raster(path) as source:
        classes, transform, crs = source.read(1), source.transform, source.crs.to_string()
    outside = geometry_mask([project(outline, crs)], classes.shape, transform)
    classes = np.where(outside, NODATA_CLASS, classes).astype(np.uint8)
    codes = [entry.code for entry in LAND_COVER.classes]
    counts = allocate_points(
        np.array([(classes == code).sum() for code in codes], dtype=float), points, least=least
    )
    drawn = draw_points(classes, dict(zip(codes, counts.tolist(), strict=True)), seed=seed)
    if drawn.empty:
        raise InputError("Nothing to sample", [Problem(str(path), "no pixel with a class", "a land cover")])
    x, y = transform * (drawn["col"].to_numpy() + 0.5, drawn["row"].to_numpy() + 0.5)
    columns: dict[str, Any] = {
        "point_id": [f"{label}-{number:05d}" for number in range(1, len(drawn) + 1)],
        "period": label,
        "class": None,
        "note": None,
        "stratum": drawn["code"].to_numpy(dtype=np.int32),
    }
    found = gpd.GeoDataFrame(columns, geometry=unproject_all(shapely.points(x, y), crs), crs=CGCS2000)
    return found.astype({"class": "string", "note": "string"})


def write_sample(sample: gpd.GeoDataFrame, path: str | Path, *, language: str = "zh") -> None:
    """A sample as a GeoPackage that QGIS opens with a list of the classes; see `write_points`.

    Examples
    --------
    >>> drawn = pipeline.draw_sample("delivery/delta/latest", points=200, seed=7)
    >>> pipeline.write_sample(drawn, "points.gpkg")
    """
    choices = {entry.key: entry.name(language) for entry in LAND_COVER.classes}
    write_points(sample, Path(path), choices=choices)


def _choose_period(published: Published, period: str | None) -> str:
    """The label of the wanted period; SettingsError where the delivery has none such."""
    labels = list(published.periods)
    if period is not None and period not in labels:
        raise SettingsError("No such period", [Problem("--period", repr(period), f"one of {labels}")])
    return period or labels[-1]
