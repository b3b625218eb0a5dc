"""The classifier of an area: trained on labelled samples under its maps, or the one that the config gives."""

import hashlib
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.errors import InputError, Problem
from pipeline.geodesy import measure_areas_m2, project_all
from pipeline.grid import Block, BlockPlan
from pipeline.indices import classifier, land_cover, spectral
from pipeline.ingest.labels import read_labels, unusable
from pipeline.legends import LAND_KINDS
from pipeline.maps.encoding import from_ratio
from pipeline.settings.maps import LabelledSamples, ModelFile
from pipeline.storage.blocks import read_block
from pipeline.storage.workspace import Artifact, checksums_of, load_json, save_json
from pipeline.zonal import overlay

_CLASSIFIER = 1
_FILE, _ABOUT = "model.skops", "model.json"
_WHOLE = 0.999
_LIBRARY = "scikit-learn"


@dataclass(frozen=True)
class Model:
    """A classifier in its folder: checksum of its file, features in order, kinds that it tells apart."""

    folder: Path
    sha256: str
    features: tuple[str, ...]
    kinds: tuple[str, ...]

    @property
    def file(self) -> Path:
        """The forest."""
        return self.folder / _FILE

    @property
    def about(self) -> dict[str, Any]:
        """What is told of it: features, kinds, pixels by side of the split, accuracy, versions."""
        told: dict[str, Any] = load_json(self.folder / _ABOUT)
        return told


@dataclass(frozen=True)
class FeatureStores:
    """Where the features of a period lie: `names` of bands and of indices."""

    composite: Path
    spectral: Path
    bands: tuple[str, ...]
    indices: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Features in order: bands, then indices."""
        return (*self.bands, *self.indices)

    def over(self, window: Block) -> NDArray[np.float32]:
        """Features of a window (feature, y, x): reflectance and indices; NaN where unknown."""
        held = {
            **read_block(self.composite, window, self.bands),
            **read_block(self.spectral, window, self.indices),
        }
        maps = [from_ratio(held[name]) if held[name].dtype == np.int16 else held[name] for name in self.names]
        return np.stack(maps).astype(np.float32)


@dataclass(frozen=True)
class PixelsTask:
    """Labelled pixels of one block: their places in the grid, and the stores of the periods they hold in."""

    block: Block
    rows: NDArray[np.int64]
    cols: NDArray[np.int64]
    periods: tuple[FeatureStores, ...]


def index_features(names: Sequence[str], bands: Sequence[str]) -> tuple[str, ...]:
    """Indices that can be features: those of which every band is there."""
    wanted = [spectral.find_index(name) for name in (*names, *land_cover.RULE_INDICES)]
    return tuple(dict.fromkeys(index.name for index in wanted if set(index.bands) <= set(bands)))


def pixel_features(task: PixelsTask) -> NDArray[np.float32]:
    """Features (period, pixel, feature) of the pixels of a block."""
    row, col = task.rows - task.block.row_from, task.cols - task.block.col_from
    return np.stack([stores.over(task.block)[:, row, col].T for stores in task.periods])


def model_of(
    run: Run, study: Study, stores: Sequence[FeatureStores], keys: Sequence[str], layout: BlockPlan
) -> Model:
    """The classifier of an area: that of the config if its checksum and features fit, else a trained one.

    `stores` are those of all periods, `keys` the artifacts that they come from, period by period.
    """
    rules = study.settings.land_cover
    if rules.model:
        return _given(rules.model, stores[0].names)
    assert rules.samples is not None, "a classifier has samples where it has no model"
    chosen = _periods(study, rules.samples)
    trained = _trained(
        run, study, rules.samples, [stores[n] for n in chosen], [keys[n] for n in chosen], layout
    )
    return _model(trained.path)


def _periods(study: Study, samples: LabelledSamples) -> list[int]:
    """Numbers of the periods in which the labels hold."""
    labels = [period.label for period in study.settings.scenes.periods]
    return [labels.index(samples.period)] if samples.period else list(range(len(labels)))


def _trained(
    run: Run,
    study: Study,
    samples: LabelledSamples,
    stores: Sequence[FeatureStores],
    keys: Sequence[str],
    layout: BlockPlan,
) -> Artifact:
    forest = study.settings.land_cover.forest
    cause = study.cause(
        "classifier",
        _CLASSIFIER,
        [*keys, *checksums_of([Path(samples.path)]).values()],
        samples=samples.model_dump(exclude={"path"}),
        features=list(stores[0].names),
        forest=forest.model_dump(),
        library=version(_LIBRARY),
    )
    title = f"{study.aoi.name_zh} 训练 classifier"

    def build(folder: Path) -> None:
        rows = read_labels(samples, study.aoi)
        pixels, told = _pixels(study, rows)
        pixels, features = _featured(run, study, pixels, stores, layout, title)
        centres = study.grid.transform * (pixels["centre_col"].to_numpy(), pixels["centre_row"].to_numpy())
        labelled = classifier.LabelledPixels(
            features,
            pixels["kind"].to_numpy(dtype=str),
            classifier.number_blocks(*centres, size_m=forest.block_m),
        )
        settings = forest.model_dump(include={"trees", "seed", "test_share", "least"})
        trained = classifier.train(labelled, **settings)
        (folder / _FILE).write_bytes(classifier.dump_forest(trained.forest))
        about = _about(study, stores[0].names, trained, labelled, told)
        save_json(folder / _ABOUT, {**about, "sha256": _checksum(folder)})

    return run.artifact(title, cause, build)


def _pixels(study: Study, rows: gpd.GeoDataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Pixels that samples label: `kind`, `row`, `col`, and the place of the sample's own centre.

    A point labels the pixel that it lies in, a polygon those that it covers wholly. A pixel labelled twice
    counts once, one that is given two kinds not at all.
    """
    shapes = project_all(rows.geometry.to_numpy(), study.grid.crs)
    parts, owner = shapely.get_parts(shapes, return_index=True)
    is_point = shapely.get_type_id(parts) == shapely.GeometryType.POINT
    places = [_under_points(study, parts[is_point], owner[is_point]), _under_polygons(study, rows, shapes)]
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
    told = {
        "samples": len(rows),
        "samples_outside": int(rows.attrs["outside"]),
        "samples_without_pixel": len(rows) - found["sample"].nunique(),
        "pixels_contradicting": int((found[kinds > 1].drop_duplicates(["row", "col"])).shape[0]),
    }
    return distinct.reset_index(drop=True), told


def _under_points(study: Study, points: NDArray[np.object_], owner: NDArray[np.int64]) -> pd.DataFrame:
    col, row = ~study.grid.transform * (shapely.get_x(points), shapely.get_y(points))
    places = {"sample": owner, "row": np.floor(row).astype(np.int64), "col": np.floor(col).astype(np.int64)}
    return pd.DataFrame(places)


def _under_polygons(study: Study, rows: gpd.GeoDataFrame, shapes: NDArray[np.object_]) -> pd.DataFrame:
    polygonal = np.flatnonzero(shapely.get_dimensions(shapes) == 2)  # noqa: PLR2004  a surface
    inside = shapely.intersection(rows.geometry.to_numpy()[polygonal], study.aoi.geometry)
    parcels = gpd.GeoDataFrame({"area_m2": measure_areas_m2(inside)}, geometry=inside, crs=rows.crs)
    parcels = parcels[parcels["area_m2"] > 0]
    found = [pd.DataFrame({"sample": [], "row": [], "col": []}, dtype=np.int64)]
    for chunk in overlay.coverage(parcels, study.grid):
        row, col = np.divmod(chunk.cell.astype(np.int64), chunk.window.shape[1])
        whole = chunk.weight_m2 >= _WHOLE * study.grid.pixel_area_m2(chunk.window)[row, col]
        owner = polygonal[parcels.index.to_numpy()][chunk.parcel][chunk.owner]
        places = {"sample": owner, "row": row + chunk.window.row_from, "col": col + chunk.window.col_from}
        found.append(pd.DataFrame(places)[whole])
    return pd.concat(found, ignore_index=True)


def _featured(
    run: Run,
    study: Study,
    pixels: pd.DataFrame,
    stores: Sequence[FeatureStores],
    layout: BlockPlan,
    title: str,
) -> tuple[pd.DataFrame, NDArray[np.float32]]:
    """The pixels once a period with their features, without those never seen."""
    edge = layout.edge_px
    row, col = pixels["row"].to_numpy(), pixels["col"].to_numpy()
    tasks, order = [], []
    for block in study.blocks(edge):
        own = np.flatnonzero(
            (row >= block.row_from) & (row < block.row_to) & (col >= block.col_from) & (col < block.col_to)
        )
        if len(own):
            tasks.append(PixelsTask(block, row[own], col[own], tuple(stores)))
            order.append(own)
    if not tasks:
        raise unusable(
            Problem("samples", "no pixel inside the area", "points, or polygons that hold a pixel")
        )
    features = np.concatenate(run.each(title, pixel_features, tasks), axis=1)
    repeated = pd.concat([pixels.iloc[np.concatenate(order)]] * len(stores), ignore_index=True)
    flat = features.reshape(-1, features.shape[-1])
    seen = np.isfinite(flat).all(axis=1)
    if not seen.any():
        raise unusable(Problem("samples", "no labelled pixel was seen clear", "samples under clear looks"))
    return repeated[seen].reset_index(drop=True), flat[seen]


def _about(
    study: Study,
    features: Sequence[str],
    trained: classifier.TrainedForest,
    labelled: classifier.LabelledPixels,
    told: dict[str, int],
) -> dict[str, Any]:
    """What is told of a trained model beside its file."""
    sides = {"train": trained.trains, "test": ~trained.trains}
    samples = study.settings.land_cover.samples
    return {
        "features": list(features),
        "kinds": list(trained.kinds),
        "pixels": {side: classifier.count_by_kind(labelled.kinds[mask]) for side, mask in sides.items()},
        "blocks": {side: len(np.unique(labelled.blocks[mask])) for side, mask in sides.items()},
        **told,
        "samples_hold_in": samples.period if samples and samples.period else "every period",
        "forest": study.settings.land_cover.forest.model_dump(),
        "accuracy_overall": trained.accuracy,
        "confusion_predicted_by_labelled": trained.confusion.tolist(),
        "aoi": study.aoi.id,
        "versions": {name: version(name) for name in (_LIBRARY, "skops", "numpy")}
        | {"python": platform.python_version()},
    }


def _model(folder: Path) -> Model:
    about = load_json(folder / _ABOUT)
    return Model(folder, about["sha256"], tuple(about["features"]), tuple(about["kinds"]))


def _given(file: ModelFile, features: Sequence[str]) -> Model:
    """The model of a config; InputError with everything that keeps it from being used."""
    folder = Path(file.path)
    missing = [name for name in (_FILE, _ABOUT) if not (folder / name).is_file()]
    if missing:
        raise _refused(Problem(str(folder), f"no {', '.join(missing)}", "a folder that a run saved"))
    about = load_json(folder / _ABOUT)
    problems = [
        *_different(str(folder / _FILE), "checksum", _checksum(folder), file.sha256),
        *_different(str(folder / _ABOUT), "features", list(features), about.get("features")),
        *_different(
            str(folder / _ABOUT),
            f"{_LIBRARY} of the model",
            about.get("versions", {}).get(_LIBRARY),
            version(_LIBRARY),
        ),
    ]
    strange = sorted(set(about.get("kinds", [])) - set(LAND_KINDS))
    problems += (
        [Problem(str(folder / _ABOUT), f"kinds {strange}", f"of {sorted(LAND_KINDS)}")] if strange else []
    )
    if problems:
        raise _refused(*problems)
    forest = classifier.load_forest((folder / _FILE).read_bytes(), str(folder / _FILE))
    problems = _different(str(folder / _FILE), "kinds", list(map(str, forest.classes_)), about["kinds"])
    if problems:
        raise _refused(*problems)
    return _model(folder)


def _different(place: str, what: str, found: object, expected: object) -> list[Problem]:
    return [] if found == expected else [Problem(place, f"{what} {found}", str(expected))]


def _refused(*problems: Problem) -> InputError:
    return InputError("The classifier of the config cannot be used", problems)


def _checksum(folder: Path) -> str:
    return hashlib.sha256((folder / _FILE).read_bytes()).hexdigest()
