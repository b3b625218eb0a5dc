"""What a delivery shows of the land cover, however it is mapped."""

from collections.abc import Callable, Iterable, Iterator

from pipeline.contracts import Raster
from pipeline.engine.study import Study
from pipeline.indices import indicators, land_cover
from pipeline.legends import LAND_COVER
from pipeline.maps.step import Maps, Row, Show, View, build_raster
from pipeline.periods import When
from pipeline.zonal.measures import NEVER_SEEN

NO_MAP = "此时段未给地表覆盖图 / no map of land cover is given for the period"
_NO_CLASS = (
    "此时段没有地表覆盖图，或图上此处无类别 / no map of land cover in the period, or no class on it here"
)


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
    return explain_missing_map(maps.study, when) or _explain_bands(maps)


def explain_no_class(maps: Maps) -> str:
    """Why ground of any period has no class."""
    mapped = maps.study.settings.land_cover.method == "map"
    return _NO_CLASS if mapped else _explain_bands(maps) or NEVER_SEEN


def _explain_bands(maps: Maps) -> str:
    return "" if maps.study.settings.land_cover.method == "map" else maps.lacking(land_cover.BANDS)


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
