"""The classifier of a study: trained on labelled samples under its maps, or the one that the config gives."""

import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from pipeline import indices
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.errors import Problem
from pipeline.geodesy import measure_areas_m2, project_all
from pipeline.grid import Block
from pipeline.ingest.labels import label_error, read_labels
from pipeline.maps.land_cover.features import Features, find_features
from pipeline.maps.land_cover.model import ABOUT, FILE, LIBRARY, checksum_forest, load_from_config
from pipeline.maps.step import Maps
from pipeline.periods import Period, When
from pipeline.settings.crs import list_grids
from pipeline.storage.cause import checksums_of
from pipeline.storage.tables import save_json
from pipeline.zonal import overlay

_WHOLE = 0.999


@dataclass(frozen=True)
class PixelsTask:
    """Labelled pixels of one block: their places in the grid, and the stores of the periods they hold in."""

    block: Block
    rows: NDArray[np.int64]
    cols: NDArray[np.int64]
    features: Features
    periods: tuple[tuple[Path, Path], ...]


def read_pixel_features(task: PixelsTask) -> NDArray[np.float32]:
    """Features (period, pixel, feature) of the pixels of a block."""
    row, col = task.rows - task.block.row_from, task.cols - task.block.col_from
    return np.stack([task.features.read(*stores, task.block)[:, row, col].T for stores in task.periods])


def list_label_periods(study: Study) -> list[Period]:
    """The periods in which the labels hold; none where a model is given."""
    samples = study.settings.land_cover.samples
    return [period for period in study.periods if samples and samples.period in (None, period.label)]


def describe_model(maps: Maps, _when: When) -> Mapping[str, object]:
    """What the classifier comes from: labels and how they train it, or the files that the config gives."""
    rules, features = maps.study.settings.land_cover, list(find_features(maps).names)
    if rules.model:
        files = sorted(checksums_of([Path(rules.model.path)]).values())
        return {"model": rules.model.sha256, "files": files, "features": features}
    assert rules.samples is not None, "a classifier has samples where it has no model"
    return {
        "labels": sorted(checksums_of([Path(rules.samples.path), *list_grids(rules.samples.crs)]).values()),
        "samples": rules.samples.model_dump(exclude={"path"}),
        "features": features,
        "forest": rules.forest.model_dump(),
        "library": version(LIBRARY),
    }


def provide_model(run: Run, maps: Maps, _when: When, folder: Path) -> None:
    """Train the classifier, or take the one that the config gives, if its checksum and features fit."""
    given = maps.study.settings.land_cover.model
    if given:
        model = load_from_config(given, find_features(maps).names)
        for name in (FILE, ABOUT):
            shutil.copyfile(model.folder / name, folder / name)
    else:
        _train(run, maps, folder)


def refuse_few_samples(study: Study) -> None:
    """InputError where the samples of a study are too few to train on, were every pixel seen clear."""
    rules = study.settings.land_cover
    assert rules.samples is not None, "only samples can be too few"
    pixels, _ = _find_pixels(study, read_labels(rules.samples, study.aoi))
    every = pd.concat([pixels] * len(list_label_periods(study)), ignore_index=True)
    labelled = _label(study, every, np.empty((len(every), 0), dtype=np.float32))
    folds = indices.classifier.count_folds(rules.forest.test_share)
    indices.classifier.refuse_few(labelled, folds=folds, least=rules.forest.least)


def _train(run: Run, maps: Maps, folder: Path) -> None:
    study, rules = maps.study, maps.study.settings.land_cover
    assert rules.samples is not None, "a classifier has samples where it has no model"
    rows = read_labels(rules.samples, study.aoi)
    pixels, counts = _find_pixels(study, rows)
    labelled = _label(study, *_read_pixels(run, maps, pixels))
    settings = rules.forest.model_dump(include={"trees", "seed", "test_share", "least"})
    trained = indices.classifier.train(labelled, **settings)
    (folder / FILE).write_bytes(indices.classifier.dump_forest(trained.forest))
    about = _describe(study, find_features(maps).names, trained, labelled, counts)
    save_json(folder / ABOUT, {**about, "sha256": checksum_forest(folder)})


def _label(
    study: Study, pixels: pd.DataFrame, features: NDArray[np.float32]
) -> "indices.classifier.LabelledPixels":
    """Pixels with their features, kinds and the blocks of ground that their samples stand on."""
    centres = study.grid.transform * (pixels["centre_col"].to_numpy(), pixels["centre_row"].to_numpy())
    size_m = study.settings.land_cover.forest.block_m
    blocks = indices.classifier.number_blocks(*centres, size_m=size_m)
    return indices.classifier.LabelledPixels(features, pixels["kind"].to_numpy(dtype=str), blocks)


def _find_pixels(study: Study, rows: gpd.GeoDataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Pixels that samples label: `kind`, `row`, `col`, and the place of the sample's own centre.

    A point labels the pixel that it lies in, a polygon those that it covers wholly. A pixel labelled twice
    counts once, one that is given two kinds not at all.
    """
    shapes = project_all(rows.geometry.to_numpy(), study.grid.crs)
    parts, owner = shapely.get_parts(shapes, return_index=True)
    is_point = shapely.get_type_id(parts) == shapely.GeometryType.POINT
    places = [
        _find_under_points(study, parts[is_point], owner[is_point]),
        _find_under_polygons(study, rows, shapes),
    ]
    found = pd.concat(places, ignore_index=True)
    height, width = study.grid.shape
    found = found[found["row"].between(0, height - 1) & found["col"].between(0, width - 1)]
    centres = shapely.centroid(shapes)
    back = ~study.grid.transform * (shapely.get_x(centres), shapely.get_y(centres))
    found = found.assign(
        kind=rows["kind"].to_numpy(dtype=object)[found["sample"]],
        centre_col=back[0][found["sample"]],
        centre_row=back[1][found["sample"]],
    )
    kinds = found.groupby(["row", "col"])["kind"].transform("nunique")
    distinct = found[kinds == 1].drop_duplicates(["row", "col"]).sort_values(["row", "col"])
    counts = {
        "samples": len(rows),
        "samples_outside": int(rows.attrs["outside"]),
        "samples_without_pixel": len(rows) - found["sample"].nunique(),
        "pixels_contradicting": int((found[kinds > 1].drop_duplicates(["row", "col"])).shape[0]),
    }
    return distinct.reset_index(drop=True), counts


def _find_under_points(study: Study, points: NDArray[np.object_], owner: NDArray[np.int64]) -> pd.DataFrame:
    col, row = ~study.grid.transform * (shapely.get_x(points), shapely.get_y(points))
    places = {"sample": owner, "row": np.floor(row).astype(np.int64), "col": np.floor(col).astype(np.int64)}
    return pd.DataFrame(places)


def _find_under_polygons(study: Study, rows: gpd.GeoDataFrame, shapes: NDArray[np.object_]) -> pd.DataFrame:
    polygonal = np.flatnonzero(shapely.get_dimensions(shapes) == 2)  # noqa: PLR2004  a surface
    inside = shapely.intersection(rows.geometry.to_numpy()[polygonal], study.aoi.geometry)
    parcels = gpd.GeoDataFrame({"area_m2": measure_areas_m2(inside)}, geometry=inside, crs=rows.crs)
    parcels = parcels[parcels["area_m2"] > 0]
    found = [pd.DataFrame({"sample": [], "row": [], "col": []}, dtype=np.int64)]
    for covered in overlay.lay_parcels(parcels, study.grid):
        block, pixels = covered.block, covered.pixels
        row, col = np.divmod(pixels.cell.astype(np.int64), block.shape[1])
        whole = pixels.weight_m2 >= _WHOLE * study.grid.pixel_area_m2(block)[row, col]
        owner = polygonal[parcels.index.to_numpy()][covered.owner]
        places = {"sample": owner, "row": row + block.row_from, "col": col + block.col_from}
        found.append(pd.DataFrame(places)[whole])
    return pd.concat(found, ignore_index=True)


def _read_pixels(run: Run, maps: Maps, pixels: pd.DataFrame) -> tuple[pd.DataFrame, NDArray[np.float32]]:
    """The pixels once a period with their features, without those never seen."""
    study, periods, features = maps.study, list_label_periods(maps.study), find_features(maps)
    stores = tuple((maps.path("composite", period), maps.path("spectral", period)) for period in periods)
    row, col = pixels["row"].to_numpy(), pixels["col"].to_numpy()
    tasks, order = [], []
    for block in study.blocks(maps.layout.edge_px):
        own = np.flatnonzero(
            (row >= block.row_from) & (row < block.row_to) & (col >= block.col_from) & (col < block.col_to)
        )
        if len(own):
            tasks.append(PixelsTask(block, row[own], col[own], features, stores))
            order.append(own)
    if not tasks:
        raise label_error(
            Problem("land_cover.samples", "no pixel inside the area", "points, or polygons that hold a pixel")
        )
    values = np.concatenate(run.each(study.title("训练 classifier"), read_pixel_features, tasks), axis=1)
    repeated = pd.concat([pixels.iloc[np.concatenate(order)]] * len(periods), ignore_index=True)
    flat = values.reshape(-1, values.shape[-1])
    seen = np.isfinite(flat).all(axis=1)
    if not seen.any():
        raise label_error(
            Problem("land_cover.samples", "no labelled pixel was seen clear", "samples under clear looks")
        )
    return repeated[seen].reset_index(drop=True), flat[seen]


def _describe(
    study: Study,
    features: Sequence[str],
    trained: "indices.classifier.TrainedForest",
    labelled: "indices.classifier.LabelledPixels",
    counts: Mapping[str, int],
) -> dict[str, Any]:
    """What stands of a trained model beside its file."""
    sides = {"train": trained.trains, "test": ~trained.trains}
    samples = study.settings.land_cover.samples
    return {
        "features": list(features),
        "kinds": list(trained.kinds),
        "pixels": {
            side: indices.classifier.count_by_kind(labelled.kinds[mask]) for side, mask in sides.items()
        },
        "blocks": {side: len(np.unique(labelled.blocks[mask])) for side, mask in sides.items()},
        **counts,
        "samples_hold_in": samples.period if samples and samples.period else "every period",
        "forest": study.settings.land_cover.forest.model_dump(),
        "accuracy_overall": trained.accuracy,
        "confusion_predicted_by_labelled": trained.confusion.tolist(),
        "aoi": study.aoi.id,
        "versions": {name: version(name) for name in (LIBRARY, "skops", "numpy")}
        | {"python": platform.python_version()},
    }
