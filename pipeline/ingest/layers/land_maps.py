"""Existing maps of land cover as layers of class codes."""

from dataclasses import dataclass, replace

import numpy as np

from pipeline.errors import Problem
from pipeline.ingest.layers.files import describe_file
from pipeline.ingest.layers.layer import Layer, OpenLayer, Statement, build_layer_error, find_flaws
from pipeline.settings.layers import LayerFile
from pipeline.settings.maps import LandMap

LAND_MAP = Layer("land_map", "A map of land cover", unit="", resampling="mode")


@dataclass(frozen=True)
class MapFile:
    """A map as a layer of codes; `nodata` is the number that stands in its file for nothing."""

    layer: OpenLayer
    nodata: int


def open_map(given: LandMap) -> MapFile:
    """A map by the header of its file; InputError with everything that keeps it from being one.

    Where no nodata is declared, the greatest number without a class stands for it.
    """
    file = LayerFile(path=given.path, crs=given.crs)
    raster, said = describe_file(LAND_MAP, file, given.path, given.band)
    if problems := list(find_flaws(LAND_MAP, file, said)):
        raise build_layer_error(LAND_MAP, *problems)
    nodata = _choose_nodata(given, said)
    return MapFile(OpenLayer(LAND_MAP, "mode", (replace(raster, nodata=nodata),)), nodata)


def _choose_nodata(given: LandMap, said: Statement) -> int:
    kinds, limits, stated = given.kinds_by_code, np.iinfo(said.dtype), said.nodata
    if stated is not None and float(stated).is_integer() and limits.min <= stated <= limits.max:
        if int(stated) in kinds:
            found = f"nodata {int(stated)}, which is the code of {kinds[int(stated)]!r}"
            problem = Problem(said.name, found, "a nodata that is no class", "Declare another one")
            raise build_layer_error(LAND_MAP, problem)
        return int(stated)
    return next(number for number in range(limits.max, limits.min, -1) if number not in kinds)
