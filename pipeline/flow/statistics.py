"""What the maps come to: measures of parcels, indicators, tables, patches of change, the balance of areas."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.contracts import CHANGE_PATCHES, check_table
from pipeline.engine.run import Run
from pipeline.flow.measures import load_shapes, measure_aoi, measure_parcels, plan_measures
from pipeline.geodesy import CGCS2000, measure_areas_m2
from pipeline.indices import change, indicators
from pipeline.maps.encoding import from_ratio
from pipeline.maps.evidence import CONFIDENCE
from pipeline.maps.showing import collect_tables, describe_judges, list_rows
from pipeline.maps.step import Maps, View
from pipeline.periods import When
from pipeline.rights_registry import area_balance
from pipeline.settings.products import load_products
from pipeline.storage.cause import Artifact
from pipeline.storage.scratch import ScratchFile
from pipeline.storage.tables import load_table, save_json, save_parts, save_tables
from pipeline.zonal.ground import lay_ground

_VERSION = 12


def make_statistics(run: Run, maps: Maps, parcels: Artifact, sources: Mapping[When, str]) -> Artifact:
    """Artifact with measures of parcels, balance of areas, indicators, patches of change, tables of steps.

    `tables.json` names the tables of the steps, in the order in which they are shown.
    """
    study = maps.study
    cause = study.cause(
        "statistics",
        _VERSION,
        [*(key for keys in maps.keys.values() for key in keys), parcels.key],
        measures=plan_measures(maps).names,
        cuts_percent=load_products().grades.cuts_percent,
        trend_test=study.settings.greenness.test,
        sources={when.label: words for when, words in sources.items()},
        shown=describe_judges(study, maps.steps),
    )

    def build(folder: Path) -> None:
        ground = lay_ground(run.cluster, study)
        measures = measure_aoi(ground, maps)
        with ScratchFile(folder) as scratch:
            shapes = load_shapes(parcels, scratch)
            found = measure_parcels(run, maps, shapes, scratch)
            save_parts(folder / "parcel_measures.parquet", found)
            balance = area_balance.build_area_balance(shapes, study.aoi, measures)
        registered = load_table(parcels.path, "parcels", ["land_class", "area_m2"])
        view = View(maps, ground, measures, registered, sources)
        tables = collect_tables(view)
        save_json(folder / "tables.json", list(tables))
        save_tables(
            folder,
            {
                "area_balance": balance,
                "indicators": indicators.build_indicator_table(list(list_rows(view)), study.aoi.id),
                "change_patches": _outline_patches(maps),
                **tables,
            },
        )

    return run.artifact(study.title("statistics"), cause, build)


def _outline_patches(maps: Maps) -> gpd.GeoDataFrame:
    """Connected changed pixels, cut to the outline, the largest first."""
    parts = [_outline_between(maps, when) for when in maps.of("change")]
    patches = pd.concat(parts, ignore_index=True) if parts else _build_empty(CHANGE_PATCHES)
    return check_table(gpd.GeoDataFrame(patches, geometry="geometry", crs=CGCS2000), CHANGE_PATCHES)


def _outline_between(maps: Maps, when: When) -> gpd.GeoDataFrame:
    study, layers = maps.study, maps.open("change", when)
    codes, sure = (layers[name].to_numpy() for name in ("change", "confidence"))
    patch = change.number_patches(codes)
    found = study.grid.trace_polygons(patch, patch > 0)
    outlines = np.array([outline for _, outline in found], dtype=object)
    shapes = shapely.intersection(outlines, study.aoi.geometry)
    numbers = np.array([number for number, _ in found], dtype=np.int64)
    place = change.find_first_pixels(patch)[numbers - 1]
    before, after = when.periods
    patches = gpd.GeoDataFrame(
        {
            "from_class": codes.flat[place] // 10,
            "to_class": codes.flat[place] % 10,
            "from_period": before.label,
            "to_period": after.label,
            "area_m2": measure_areas_m2(shapes),
            "confidence": from_ratio(sure.flat[place]),
            "confidence_basis": CONFIDENCE[study.settings.land_cover.method],
        },
        geometry=shapes,
        crs=CGCS2000,
    )
    patches = patches[patches["area_m2"] > 0].sort_values("area_m2", ascending=False, kind="stable")
    name = f"{study.aoi.id}-{before.label}-{after.label}"
    return patches.assign(patch_id=[f"{name}-{number:05d}" for number in range(1, len(patches) + 1)])


def _build_empty(schema: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns=[*schema.columns, "geometry"], geometry="geometry", crs=CGCS2000)
