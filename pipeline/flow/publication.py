"""The delivery of an area: everything gathered, written beside its place, checked, published."""

import logging
import platform
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import pairwise
from typing import Any

import geopandas as gpd
import pandas as pd
import xarray as xr
from dask.system import CPU_COUNT

from pipeline.contracts import Delivery, Raster, RasterKind
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.errors import PipelineError
from pipeline.flow.inputs import Inputs
from pipeline.flow.register import Register
from pipeline.flow.sections import section_tables
from pipeline.indices import spectral
from pipeline.legends import CHANGE, LAND_COVER
from pipeline.maps.further import further_rasters, further_tables
from pipeline.maps.rasters import Maps, index_names
from pipeline.outputs import delivery as outputs
from pipeline.periods import Period
from pipeline.rights_registry.feature_ids import number_features
from pipeline.rights_registry.rules import RULES
from pipeline.storage.blocks import open_store
from pipeline.storage.workspace import Cause, load_layer, load_table, remove, save_json, sha256_of_file

_LOG = logging.getLogger("ecoledger")
_LIBRARIES = (
    "ecoledger",
    "exactextract",
    "geopandas",
    "numpy",
    "pyproj",
    "rasterio",
    "shapely",
    "xarray",
    "zarr",
)
_SCENES = ["id", "mission", "datetime", "item_sha256", "offset_source", "offset_evidence"]
_READS = ["scene_id", "band", "block", "outcome", "reason"]


@dataclass(frozen=True)
class Begun:
    """The delivery of an area that is begun beside its place: what is known once its maps are."""

    inputs: Inputs
    scenes: gpd.GeoDataFrame
    maps: Maps
    rasters: tuple[Raster, ...]
    simulated: bool
    as_of: datetime
    written: outputs.DeliveryDraft


@contextmanager
def begun(study: Study, inputs: Inputs, scenes: gpd.GeoDataFrame, maps: Maps) -> Iterator[Begun]:
    """Begin the delivery of an area with its rasters, which are written beside what follows.

    An error that a user can mend leaves nothing of it.
    """
    part = study.target.with_name(f".{study.target.name}.part")
    if part.exists():
        remove(part)
    part.mkdir(parents=True)
    rasters = (*_rasters(study, maps), *further_rasters(study, maps))
    simulated = bool(scenes["simulated"].any()) or inputs.simulated is not None
    as_of = scenes["datetime"].max().to_pydatetime()
    told = {"simulated": simulated, "as_of": as_of, "language": study.settings.language}
    try:
        with outputs.begin_delivery(part, rasters, study.grid, **told) as written:
            yield Begun(inputs, scenes, maps, rasters, simulated, as_of, written)
    except PipelineError:
        if part.exists():
            remove(part)
        if not any(part.parent.iterdir()):
            part.parent.rmdir()
        raise


def delivery_of(run: Run, study: Study, begun: Begun, register: Register) -> Delivery:
    """What an area delivers."""
    periods, scenes, maps = study.settings.scenes.periods, begun.scenes, begun.maps
    statistics, graded = register.statistics.path, register.sections.path
    reads = pd.DataFrame(run.workspace.reads([store.key for store in maps.composites]), columns=_READS)
    pairs = [f"transitions_{before.label}_{after.label}" for before, after in pairwise(periods)]
    judged = ["accuracy"] if study.settings.land_cover.accuracy else []
    types = [*judged, "ecosystems", *(f"ecosystem_{pair}" for pair in pairs if maps.typed)]
    figures = [load_table(statistics, "indicators"), load_table(graded, "indicators")]
    sections = load_layer(graded, "sections")
    parcels = load_layer(register.parcels.path, "parcels")
    return Delivery(
        aoi=study.aoi,
        grid=study.grid,
        label=study.settings.label,
        language=study.settings.language,
        simulated=begun.simulated,
        as_of=begun.as_of,
        periods=tuple(periods),
        inventory=load_layer(register.inventory.path, "inventory"),
        parcels=parcels.assign(fid=number_features(parcels["parcel_id"])),
        sections=sections,
        change_patches=load_layer(statistics, "change_patches"),
        findings=load_layer(register.inventory.path, "findings"),
        tables={
            **{
                name: load_table(statistics, name)
                for name in ("parcel_measures", "area_balance", *pairs, *types)
            },
            "indicators": pd.concat([part for part in figures if len(part)], ignore_index=True),
            "sections": pd.DataFrame(sections.drop(columns="geometry")),
            "samples_rejected": load_table(graded, "samples_rejected"),
            **section_tables(graded),
            **further_tables(study, maps),
            "reads": reads,
        },
        rasters=begun.rasters,
        rules={name: (rule.title_zh, rule.title_en) for name, rule in RULES.items()},
        scenes=pd.DataFrame(scenes.drop(columns=["geometry", "assets", "mask"])),
    )


def publish(
    run: Run,
    study: Study,
    cause: Cause,
    begun: Begun,
    delivery: Delivery,
    artifacts: Mapping[str, str | Sequence[str]],
    search: Mapping[str, Any],
) -> None:
    """Complete a delivery that is begun and publish it; what stood at its place stays until then.

    `artifacts` are the keys of everything behind it, `search` tells what became of all scenes that were
    found.
    """
    _LOG.info("begun", extra={"step": cause.step, "key": cause.key})
    part = begun.written.folder
    written = outputs.complete_delivery(delivery, begun.written, shapefile=study.settings.outputs.shapefile)
    with ThreadPoolExecutor(CPU_COUNT) as readers:
        checksums = list(readers.map(sha256_of_file, written))
    files = {
        path.relative_to(part).as_posix(): {"bytes": path.stat().st_size, "sha256": checksum}
        for path, checksum in zip(written, checksums, strict=True)
    }
    manifest = {
        **_manifest(study, delivery, search),
        "artifacts": artifacts,
        "inputs": begun.inputs.checksums,
        "files": files,
    }
    save_json(part / "manifest.json", manifest)
    run.publish(cause, part, study.target)


def _manifest(study: Study, delivery: Delivery, search: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "aoi": study.aoi.id,
        "label": delivery.label,
        "simulated": delivery.simulated,
        "outline_sha256": study.outline_key,
        "scenes": delivery.scenes[_SCENES].to_dict("records"),
        "config": study.settings.model_dump(mode="json", by_alias=True, exclude={"out", "notify"}),
        "versions": {name: version(name) for name in _LIBRARIES} | {"python": platform.python_version()},
        "as_of": delivery.as_of.isoformat(),
        "counts": {
            "scenes": len(delivery.scenes),
            "parcels": len(delivery.parcels),
            "inventory": len(delivery.inventory),
            "sections": len(delivery.sections),
            "change_patches": len(delivery.change_patches),
            "findings": len(delivery.findings),
        },
        "search": {key: value for key, value in search.items() if key != "warnings"},
        "warnings": search["warnings"],
        "times": {"published": datetime.now(UTC).isoformat(timespec="seconds")},
    }


def _rasters(study: Study, maps: Maps) -> Iterator[Raster]:
    periods = study.settings.scenes.periods
    for number, period in enumerate(periods):
        yield from _rasters_of(study, maps, number, period)
    for artifact, (before, after) in zip(maps.changes, pairwise(periods), strict=True):
        values = open_store(artifact.path)["change"]
        name = f"change_{before.label}_{after.label}"
        yield Raster(
            name, "classes", values, CHANGE.title_zh, CHANGE.title_en, before.first, after.last, CHANGE
        )


def _rasters_of(study: Study, maps: Maps, number: int, period: Period) -> Iterator[Raster]:
    layers = layers_of(maps, number)
    days = period.first, period.last
    cover, looks = layers["fvc"], layers["looks"]
    yield Raster(f"fvc_{period.label}", "ratio", cover, "植被覆盖度", "Vegetation cover", *days)
    for name in index_names(study):
        english = spectral.find_index(name).long_name
        kind: RasterKind = "ratio" if name == "ndvi" else "index"
        yield Raster(f"{name}_{period.label}", kind, layers[name], name.upper(), english, *days)
    yield Raster(
        f"land_cover_{period.label}",
        "classes",
        layers["land_cover"],
        LAND_COVER.title_zh,
        LAND_COVER.title_en,
        *days,
        LAND_COVER,
    )
    yield Raster(f"looks_{period.label}", "count", looks, "晴空观测次数", "Clear looks", *days)
    if study.settings.outputs.composite:
        yield Raster(
            f"composite_{period.label}",
            "reflectance",
            _composite(maps, number),
            "合成反射率",
            "Composite",
            *days,
        )


def layers_of(maps: Maps, number: int) -> dict[str, xr.DataArray]:
    """Lazy maps of a period by its number: ndvi, the named indices, land_cover, fvc, looks, reflectance."""
    stores = (maps.composites[number], maps.spectral[number], maps.land[number], maps.cover[number])
    return {str(name): array for store in stores for name, array in open_store(store.path).items()}


def _composite(maps: Maps, number: int) -> xr.DataArray:
    stored = open_store(maps.composites[number].path).drop_vars(["looks", "failed"])
    return stored.to_dataarray("band")
