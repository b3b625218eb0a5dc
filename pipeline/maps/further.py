"""Maps that only some configs ask for, by theme: each has its stores, its rasters and its indicators."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import geopandas as gpd
import pandas as pd

from pipeline.contracts import Raster
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.maps import alerts, assessed, ecology, ecosystems, greenness, inundation
from pipeline.maps.rasters import Footprint, Maps, footprints_of
from pipeline.storage.cause import Artifact
from pipeline.zonal.ground import Ground

Rows = Iterator[dict[str, object]]


@dataclass(frozen=True)
class Theme:
    """How the stores of a theme are made (none where the config does not ask), and what is shown of them.

    `bands` are those that it reads of every scene once more, after the masks; none where it reads no scene.
    `table` is a table of its own, under the name of the theme, where it is not empty.
    `rows` are those of INDICATORS without their area, given what each period's scenes are called.
    """

    bands: Callable[[Study], tuple[str, ...]]
    stores: Callable[[Run, Study, Sequence[Footprint], Maps], tuple[Artifact, ...]]
    rasters: Callable[[Study, Sequence[Artifact]], Iterator[Raster]]
    rows: Callable[[Study, Maps, Ground, Mapping[str, str]], Rows]
    table: Callable[[Study, Sequence[Artifact]], pd.DataFrame] | None = None


def _none(_study: Study) -> tuple[str, ...]:
    return ()


THEMES: Mapping[str, Theme] = MappingProxyType(
    {
        inundation.STEP: Theme(inundation.bands, inundation.stores, inundation.rasters, inundation.rows),
        greenness.ANOMALY: Theme(
            _none, greenness.anomaly_stores, greenness.anomaly_rasters, greenness.anomaly_rows
        ),
        greenness.TREND: Theme(_none, greenness.trend_stores, greenness.trend_rasters, greenness.trend_rows),
        ecosystems.STEP: Theme(_none, ecosystems.stores, ecosystems.rasters, ecosystems.rows),
        alerts.STEP: Theme(alerts.bands, alerts.stores, alerts.rasters, alerts.rows),
        assessed.STEP: Theme(_none, assessed.stores, assessed.rasters, assessed.rows),
        ecology.STEP: Theme(ecology.bands, ecology.stores, ecology.rasters, ecology.rows, ecology.table),
    }
)


def read_again(study: Study) -> list[tuple[str, ...]]:
    """The bands of every reading that follows those of the composites, for what the config asks for."""
    return [bands for theme in THEMES.values() if (bands := theme.bands(study))]


def with_further(run: Run, study: Study, table: gpd.GeoDataFrame, maps: Maps) -> Maps:
    """The maps of an area with those of every theme that its config asks for."""
    found = footprints_of(study, table)
    for name, theme in THEMES.items():
        maps = replace(maps, further={**maps.further, name: theme.stores(run, study, found, maps)})
    return maps


def further_rasters(study: Study, maps: Maps) -> Iterator[Raster]:
    """Everything that the themes show on maps."""
    for name, theme in THEMES.items():
        yield from theme.rasters(study, maps.further[name])


def further_tables(study: Study, maps: Maps) -> dict[str, pd.DataFrame]:
    """The tables of every theme that has one to show."""
    made = {name: theme.table(study, maps.further[name]) for name, theme in THEMES.items() if theme.table}
    return {name: table for name, table in made.items() if len(table)}


def further_rows(study: Study, maps: Maps, over_aoi: Ground, sources: Mapping[str, str]) -> Rows:
    """The indicators of every theme."""
    for theme in THEMES.values():
        yield from theme.rows(study, maps, over_aoi, sources)
