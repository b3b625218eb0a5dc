"""Areas of interest, as a config names them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pyproj import CRS

from pipeline.aoi import Aoi, load_aoi
from pipeline.errors import InputError, PipelineError, Problem
from pipeline.geodesy import find_centre
from pipeline.settings.crs import CrsSetting
from pipeline.settings.paths import AoiName, ConfigPath
from pipeline.settings.placing import parse_crs, settle_shift
from pipeline.settings.strict import Strict


class AoiFile(Strict):
    """The outline of an aoi: a vector file, of which the layer or the CRS has to be said.

    `layer` is the one with the outline, where several have polygons; `crs` stands in for one that the file
    lacks.
    """

    path: ConfigPath
    layer: str | None = None
    crs: CrsSetting | None = None

    def __str__(self) -> str:
        """What it is called by: its path."""
        return self.path


AoiEntry = AoiName | AoiFile
"""The id of a shipped aoi, the path of one, or a file of which more is said."""


def load_entry(entry: AoiEntry) -> Aoi:
    """The aoi that an entry of a config names; errors as `load_aoi`."""
    if not isinstance(entry, AoiFile):
        return load_aoi(entry, relative_to=Path.cwd())
    crs = parse_crs(entry.path, entry.crs) if entry.crs else None
    if isinstance(crs, Problem):
        raise InputError("An area of interest cannot be placed", [crs])
    stated = crs.to_wkt() if crs else None
    aoi = load_aoi(entry.path, relative_to=Path.cwd(), layer=entry.layer, crs=stated)
    return _add_shift(aoi, entry, crs) if crs else aoi


def list_area_ids(entries: Sequence[AoiEntry]) -> dict[str, AoiEntry]:
    """Entries by the ids of their areas, those that cannot be loaded by what the config calls them."""
    return {_find_id(entry): entry for entry in entries}


def _find_id(entry: AoiEntry) -> str:
    try:
        return load_entry(entry).id
    except PipelineError:
        return str(entry)


def _add_shift(aoi: Aoi, entry: AoiFile, crs: CRS) -> Aoi:
    """An aoi with what the config says of its way to CGCS2000; InputError where that cannot be right."""
    shift = settle_shift(entry.path, crs, entry.crs, find_centre(aoi.geometry))
    if isinstance(shift, Problem):
        raise InputError("An area of interest cannot be placed", [shift])
    return replace(aoi, shift=None if shift.changes_nothing else shift)
