"""Scenes as analysts search them: our scene table, by a query or as a delivery kept it."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias

import geopandas as gpd
import rioxarray as _accessor  # noqa: F401 gives every array its `rio`
from pydantic import ValidationError

from pipeline.aoi import Aoi
from pipeline.engine.executors import Threads
from pipeline.engine.progress import Bars
from pipeline.engine.run import Run
from pipeline.engine.sources import find_source
from pipeline.engine.study import Study
from pipeline.errors import InputError, Problem, SettingsError
from pipeline.flow.inputs import find_inputs, find_items
from pipeline.flow.scenes import (
    choose_for_study,
    decide_scene,
    give_account,
    make_scene_table,
    tabulate_scenes,
)
from pipeline.grid import build_grid
from pipeline.ingest.reading.readers import open_reader
from pipeline.ingest.scenes.providers import resolve
from pipeline.library.delivery import Delivery, open_delivery
from pipeline.library.outlines import AoiInput, find_aoi
from pipeline.periods import PeriodKind
from pipeline.settings import Settings
from pipeline.settings.paths import ConfigFolder
from pipeline.settings.sources import LocalArchive, Provider, StacApi, StaticCatalog
from pipeline.storage.tables import load_json, load_layer
from pipeline.storage.workspace import Workspace

Scenes: TypeAlias = gpd.GeoDataFrame | Mapping[str, Any]
"""A table of `search_scenes`, or what to search by (its keywords)."""

_FIRST = ("id", "datetime", "mission", "tile", "cloud_percent", "offset_source", "offset_evidence")
_OFFSET_THREADS = 8


def search_scenes(
    aoi: AoiInput,
    start: date | str,
    end: date | str,
    *,
    provider: str | Mapping[str, Any] | Provider = "earth-search",
    missions: Sequence[str] = ("sentinel-2", "landsat-8", "landsat-9"),
    max_cloud_percent: float = 100,
    period: PeriodKind = "year",
    times_without_zone: Literal["refuse", "utc"] = "refuse",
    out: Path | str | None = None,
) -> gpd.GeoDataFrame:
    """Scenes over an area from one day to another, both inside: one row a scene, its footprint in EPSG:4490.

    Each acquisition once, in its newest processing. `datetime` is UTC, `cloud_percent` is of the whole scene,
    `offset_source` and `offset_evidence` tell what the radiometric offset rests on; for Sentinel-2 it is
    decided by what is stated and by pixels, which are read for it. Scenes whose offset nothing tells are left
    out. `attrs["account"]` counts what was found, taken, superseded and rejected, and says what should be
    known in `warnings`. Rows may be dropped before the table goes to `load_scenes` or `time_series`.

    `provider` is a name of `ecoledger providers`, `{"static": "catalog.json"}`, `{"local": "folder"}`,
    `{"api": "https://..."}` or `simulated`. With `out`, a folder of deliveries, the table is kept in its
    workspace and found there by whoever asks the same, as a run does; the simulated world needs one, and
    `period` (see `scenes.period` of a config) decides its landscape.

    Raises NoScenes with the nearest misses, SettingsError for what cannot be asked, InputError for a
    catalogue that cannot be read, ProviderUnavailable.

    Examples
    --------
    >>> fields = geopandas.read_file("scenes/fields.geojson")
    >>> scenes = pipeline.search_scenes(
    ...     fields, "2024-05-01", "2024-06-30", provider={"static": "scenes/catalog.json"}
    ... )
    >>> scenes["mission"].value_counts().to_dict()
    {'sentinel-2': 4, 'landsat-8': 1}
    """
    entry = (
        provider.model_dump() if isinstance(provider, StacApi | StaticCatalog | LocalArchive) else provider
    )
    study = _build_study(
        find_aoi(aoi),
        provider=entry if isinstance(entry, str) else dict(entry),
        missions=list(missions),
        start=start,
        end=end,
        max_cloud_percent=max_cloud_percent,
        period=period,
        times_without_zone=times_without_zone,
    )
    if out is None and study.settings.simulated:
        todo = "Name a folder for it, as in out='delivery'"
        problem = Problem(
            "out", "no folder", "the folder of deliveries whose workspace keeps the world", todo
        )
        raise SettingsError("The simulated world needs a folder", [problem])
    found, account = _search(study) if out is None else _search_and_keep(study, Path(out))
    table = _put_first(found)
    table.attrs = {"provider": study.settings.scenes.model_dump()["provider"], "account": account}
    return table


def read_scene_table(delivery: Delivery | Path | str) -> gpd.GeoDataFrame:
    """The scenes that a delivery rests on, as `search_scenes` gives them, from the workspace beside it.

    `delivery` is one, or any place that `open_delivery` takes. InputError where the workspace is gone, or no
    longer holds them.

    Examples
    --------
    >>> scenes = pipeline.read_scene_table("delivery/delta/latest")
    >>> scenes["offset_source"].value_counts().to_dict()
    {'raster:bands': 4, 'product': 1}
    """
    asked = delivery if isinstance(delivery, Delivery) else open_delivery(delivery)
    key = str(asked.manifest["artifacts"].get("scenes"))
    place = asked.folder.parents[1] / "work" / "artifacts" / "scenes" / key[:24]
    if not (place / "scenes.parquet").is_file():
        todo = "Run the config again, or search the scenes by search_scenes"
        problem = Problem(str(place), "nothing", "the table of scenes that the run kept", todo)
        raise InputError("The workspace of a delivery does not hold its scenes", [problem])
    table = _put_first(load_layer(place, "scenes"))
    provider = asked.manifest["config"]["scenes"].get("provider")
    table.attrs = {"provider": provider, "account": load_json(place / "account.json")}
    return table


def find_table(scenes: Scenes) -> gpd.GeoDataFrame:
    """A table of scenes; a query is searched."""
    return scenes if isinstance(scenes, gpd.GeoDataFrame) else search_scenes(**scenes)


def _build_study(aoi: Aoi, **scenes: Any) -> Study:
    try:
        settings = Settings.model_validate(
            {"label": "library", "aoi": [aoi.id], "scenes": scenes}, context=ConfigFolder(Path.cwd())
        )
    except ValidationError as error:
        problems = [
            Problem(".".join(map(str, one["loc"][1:])), repr(one["input"]), one["msg"])
            for one in error.errors()
        ]
        raise SettingsError("Scenes cannot be searched so", problems) from error
    return Study(aoi, settings, build_grid(aoi, resolution_m=settings.scenes.resolution_m))


def _search(study: Study) -> tuple[gpd.GeoDataFrame, dict[str, Any]]:
    provider = resolve(study.settings.scenes.provider, study.settings.scenes.missions)
    choice = choose_for_study(study, provider, find_items(study, provider))
    source = replace(find_source(study.settings), cache_folder=None)
    with open_reader(source) as reader, ThreadPoolExecutor(_OFFSET_THREADS) as threads:
        scenes = list(threads.map(partial(decide_scene, reader=reader), choice.candidates))
    return tabulate_scenes(choice, scenes), give_account(choice, scenes)


def _search_and_keep(study: Study, out: Path) -> tuple[gpd.GeoDataFrame, dict[str, Any]]:
    settings = study.settings.model_copy(update={"out": str(out.resolve())})
    study = replace(study, settings=settings)
    with Workspace(out.resolve() / "work").hold() as workspace:
        run = Run(workspace, Threads(_OFFSET_THREADS), Bars(quiet=True), source=find_source(settings))
        found = make_scene_table(run, study, find_inputs(run, study))
    return found.table, found.account


def _put_first(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    others = [name for name in table.columns if name not in (*_FIRST, "geometry")]
    return table[[*_FIRST, *others, "geometry"]].copy()
