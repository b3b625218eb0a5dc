"""Land cover from existing maps: their codes on the grid, what they mean, and what is unknown in them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from shapely.geometry.base import BaseGeometry

from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.grid import Block, Grid
from pipeline.indices.crosswalk import translate_codes
from pipeline.ingest.layers.gridding import read_layer
from pipeline.ingest.layers.land_maps import MapFile, open_map
from pipeline.ingest.layers.layer import NO_CODE
from pipeline.legends import LAND_KINDS
from pipeline.maps.encoding import CLASSES, RATIO, LayerEncoding
from pipeline.maps.land_cover.showing import NO_MAP, show_land_cover
from pipeline.maps.step import BlockInputs, Layers, Maps, Step, keep_layers, need_same
from pipeline.periods import When
from pipeline.settings.crs import list_grids
from pipeline.settings.maps import LandMap
from pipeline.storage.blocks import Layer, read_block
from pipeline.storage.cause import checksums_of
from pipeline.storage.tables import load_json, save_json

_CODE = "map_code"
_LAYERS = {
    "land_cover": CLASSES,
    "ecosystem": CLASSES,
    "confidence": RATIO,
    "ecosystem_confidence": RATIO,
    _CODE: LayerEncoding("classes", Layer("int32", NO_CODE, {"units": "class"})),
}
_NAMED = 10


@dataclass(frozen=True)
class CodesTask:
    """The codes of one block of a finished store."""

    block: Block
    grid: Grid
    outline: BaseGeometry
    store: Path


def map_block(inputs: BlockInputs, *, file: MapFile | None, kinds: Mapping[int, str]) -> Layers:
    """Class, type and code where the outline touches a pixel; all unknown without a file.

    An existing map tells no confidence.
    """
    layers: Layers = {
        name: np.full(inputs.block.shape, encoding.stored.fill, dtype=encoding.stored.dtype)
        for name, encoding in _LAYERS.items()
    }
    if file is None:
        return layers
    inside = inputs.grid.mask_geometry(inputs.outline, inputs.block)
    codes = np.where(inside, read_layer(file.layer, inputs.grid, inputs.block), np.int32(NO_CODE))
    return {**layers, **translate_codes(codes, kinds), _CODE: codes}


def count_codes(task: CodesTask) -> Counter[int]:
    """How many pixels inside the outline each code has."""
    codes = read_block(task.store, task.block, [_CODE])[_CODE]
    inside = task.grid.mask_geometry(task.outline, task.block)
    found, count = np.unique(codes[inside], return_counts=True)
    return Counter(dict(zip(found.tolist(), count.tolist(), strict=True)))


def _find_map(study: Study, when: When) -> LandMap | None:
    return study.settings.land_cover.maps.get(when.label)


def _list_times(study: Study) -> Sequence[When]:
    return study.periods if study.settings.land_cover.method == "map" else ()


def _list_times_with_map(study: Study) -> Sequence[When]:
    return [period for period in study.periods if _find_map(study, period)]


def _list_settings(maps: Maps, when: When) -> Mapping[str, object]:
    """The file is known by its checksum, each class by the kind that it means, and what that is here."""
    given = _find_map(maps.study, when)
    if given is None:
        return {"map": None}
    meant = {
        str(code): [kind, LAND_KINDS[kind].cover, LAND_KINDS[kind].ecosystem]
        for code, kind in given.kinds_by_code.items()
    }
    file = open_map(given)
    placed = {"crs": str(given.crs), "grids": checksums_of(list_grids(given.crs))} if given.crs else {}
    band = {} if given.band is None else {"band": given.band}
    return {
        "map": file.layer.checksum(),
        "crosswalk": meant,
        "nodata": file.nodata,
        **placed,
        **band,
    }


def _list_parameters(maps: Maps, when: When) -> Mapping[str, object]:
    given = _find_map(maps.study, when)
    return {
        "file": open_map(given) if given else None,
        "kinds": dict(given.kinds_by_code) if given else {},
    }


def _build_counts(run: Run, maps: Maps, when: When, folder: Path) -> None:
    study = maps.study
    tasks = [
        CodesTask(block, study.grid, study.outline_over(block), maps.path("land_cover", when))
        for block in study.blocks(maps.layout.edge_px)
    ]
    title = study.title(when.label, "codes of the map")
    counts = sum(run.each(title, count_codes, tasks), Counter[int]())
    save_json(folder / "codes.json", {str(code): counts[code] for code in sorted(counts)})


def _list_warnings(maps: Maps) -> Iterator[str]:
    """What is unknown in the land cover of each period, in words."""
    for period in maps.study.periods:
        given = _find_map(maps.study, period)
        if given is None:
            yield f"land_cover {period.label}: {NO_MAP}"
        else:
            stored = load_json(maps.path("map_codes", period) / "codes.json")
            counts = {int(code): count for code, count in stored.items()}
            if words := _describe_gaps(given, counts):
                yield f"land_cover {period.label}: {given.title}: {words}"


def _describe_gaps(given: LandMap, counts: Mapping[int, int]) -> str:
    """Pixels without data, and those of codes without a class; empty where there are none."""
    total, empty = sum(counts.values()), counts.get(NO_CODE, 0)
    strange = {code: n for code, n in counts.items() if code not in {NO_CODE, *given.kinds_by_code}}
    words = [f"{empty} of {total} pixels without data"] if empty else []
    if strange:
        often = sorted(strange, key=lambda code: (-strange[code], code))[:_NAMED]
        named = ", ".join(f"{code} ({strange[code]})" for code in often)
        more = f" and {len(strange) - _NAMED} more" if len(strange) > _NAMED else ""
        number = sum(strange.values())
        words.append(f"{number} of {total} pixels of codes without a class: {named}{more}")
    return "; ".join(words)


EXISTING_MAP = Step(
    name="land_cover",
    version=2,
    title="land cover",
    times=_list_times,
    settings=_list_settings,
    parameters=_list_parameters,
    layers=keep_layers(_LAYERS),
    kernel=map_block,
    config=("land_cover",),
    show=show_land_cover(warnings=_list_warnings),
)
MAP_CODES = Step(
    name="map_codes",
    version=1,
    title="codes of the map",
    times=_list_times_with_map,
    needs=need_same("land_cover"),
    build=_build_counts,
)
