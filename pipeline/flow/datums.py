"""By which operations the inputs of an area came to CGCS2000, and which of them are in doubt."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pyproj import CRS

from pipeline import ingest
from pipeline.datum import LARGEST_ERROR_M, DatumShift
from pipeline.engine.study import Study
from pipeline.errors import InputError, Problem
from pipeline.flow.inputs import Inputs
from pipeline.geodesy import find_centre
from pipeline.ingest.notes import FileNote
from pipeline.ingest.samples.objects import find_point_shifts
from pipeline.settings import Settings
from pipeline.settings.placing import settle_shift


def find_shifts(study: Study, inputs: Inputs) -> dict[str, DatumShift]:
    """Operations by the key of the config that names the input: area, samples, maps; tables by their name."""
    cover, near = study.settings.land_cover, find_centre(study.aoi.geometry)
    found = {"aoi": study.aoi.shift}
    for name, given in (("samples", cover.samples), ("accuracy", cover.accuracy)):
        found[f"land_cover.{name}"] = ingest.labels.find_shift(given) if given else None
    for period, map_file in cover.maps.items():
        (raster,) = ingest.layers.land_maps.open_map(map_file).layer.rasters
        shift = settle_shift(raster.name, CRS(raster.place.crs), map_file.crs, near)
        if isinstance(shift, Problem):
            raise InputError("A map of land cover cannot be placed", [shift])
        found[f"land_cover.maps.{period}"] = shift
    for path in inputs.tables:
        for number, shift in enumerate(find_point_shifts(path)):
            found[f"{path.name}#{number}" if number else path.name] = shift
    return {key: shift for key, shift in found.items() if shift}


def note_shifts(shifts: Mapping[str, DatumShift], settings: Settings) -> Iterator[FileNote]:
    """A note on each operation that is worse than is accepted, of unknown accuracy or meant for elsewhere."""
    for key, shift in shifts.items():
        if shift.doubtful:
            metres = None if shift.accuracy_m is None else f"{shift.accuracy_m:g} m"
            elsewhere = shift.inside_area_of_use is False
            facts = {
                "file": _find_file(key, settings),
                "crs": shift.crs,
                "operation": shift.operation,
                "accuracy_zh": metres or "未知",
                "accuracy_en": metres or "nobody knows what",
                "area": shift.area_of_use or "?",
                "place_zh": "（数据不在其中）" if elsewhere else "",
                "place_en": " (the data lie elsewhere)" if elsewhere else "",
                "accepted": f"{LARGEST_ERROR_M:g} m",
            }
            yield FileNote("datum_shift", key, facts)


def _find_file(key: str, settings: Settings) -> str:
    """Name of the file that a key of the config names."""
    kind, _, which = key.partition(".")
    if kind == "restricting":
        return Path(settings.restricting[int(which)].path).name
    cover = settings.land_cover
    named = {
        "parcels": settings.parcels,
        "land_cover.samples": cover.samples,
        "land_cover.accuracy": cover.accuracy,
    }
    given = named.get(key) or cover.maps.get(which.removeprefix("maps."))
    return Path(given.path if given else str(settings.aoi[0]) if key == "aoi" else key).name
