"""What a delivery shows of the land cover, however it is mapped."""

from collections.abc import Callable, Iterable, Iterator

from pipeline.contracts import Raster
from pipeline.engine.study import Study
from pipeline.indices import indicators, land_cover
from pipeline.legends import LAND_COVER
from pipeline.maps.step import Maps, Row, Show, View, build_raster
from pipeline.periods import When

NO_MAP = "此时段未给地表覆盖图 / no map of land cover is given for the period"


def warn_lacking(maps: Maps) -> Iterator[str]:
    """Why it is unknown where no scene has the bands."""
    if reason := maps.lacking(land_cover.BANDS):
        yield f"land_cover: {reason}"


def show_land_cover(*, warnings: Callable[[Maps], Iterable[str]] = warn_lacking) -> Show:
    """Its raster, the area of each class, and warnings of what in it is unknown."""
    return Show(rasters=_list_rasters, rows=_list_rows, warnings=warnings, first=True)


def explain_missing_map(study: Study, when: When) -> str:
    """Why nothing is mapped at a time: an existing map of one of its periods is missing; else empty."""
    rules = study.settings.land_cover
    missing = rules.method == "map" and any(period.label not in rules.maps for period in when.periods)
    return NO_MAP if missing else ""


def explain_gap(maps: Maps, when: When) -> str:
    """Why the land cover of a time is not known; empty where it is."""
    bands = () if maps.study.settings.land_cover.method == "map" else land_cover.BANDS
    return explain_missing_map(maps.study, when) or maps.lacking(bands)


def _list_rasters(maps: Maps, when: When) -> Iterator[Raster]:
    yield build_raster(maps, "land_cover", when, "land_cover", legend=LAND_COVER)


def _list_rows(view: View, when: When) -> Iterator[Row]:
    """Share of each class, and of what is unknown."""
    yield from indicators.build_class_indicators(
        view.measures,
        when.label,
        area_m2=view.study.aoi.area_m2,
        source=view.source(when),
        reason=explain_gap(view.maps, when),
    )
