"""What access to green rests on, in words: what was used of each input, and what was not."""

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import pandas as pd

from pipeline.assessment.access.pieces import measure_overlap
from pipeline.assessment.access.straight import QUADRANT_SEGMENTS
from pipeline.assessment.access.streets import count_crossings
from pipeline.contracts import ACCESS_INPUTS, REJECTED, check_table
from pipeline.flow.assessment.access_inputs import Material
from pipeline.ingest.rejects import Advice, Reject, tabulate_rejects
from pipeline.settings.green_access import PLACE_KINDS, PlaceKind

Remark = tuple[str, str]

_NO_PARK = Advice(
    "公园旁的入口 / an entrance beside a park that counts", "核对位置，或删去 / check its place, or delete it"
)


def tabulate_inputs(material: Material) -> pd.DataFrame:
    """The table ACCESS_INPUTS: one row per input, its remarks behind one another."""
    rows = [*_list_files(material), *_list_maps(material), _describe_rule(material)]
    table: pd.DataFrame = check_table(pd.DataFrame(rows, columns=list(ACCESS_INPUTS.columns)), ACCESS_INPUTS)
    return table


def build_rejects_table(material: Material) -> pd.DataFrame:
    """The table REJECTED."""
    rejects = [reject for found in material.files.features.values() for reject in found.rejected]
    found = tabulate_rejects([*rejects, *_reject_gates(material)])
    table: pd.DataFrame = check_table(found, REJECTED)
    return table


def _build_row(key: str, file: str, read: int, used: int, remarks: list[Remark]) -> dict[str, object]:
    zh, en = ("；".join(words) for words in zip(*remarks, strict=True)) if remarks else ("", "")
    return {
        "input": f"access.{key}",
        "file": file,
        "features_read": read,
        "features_used": used,
        "remark_zh": zh,
        "remark_en": en.replace("；", "; "),
    }


def _list_files(material: Material) -> Iterator[dict[str, object]]:
    said: Mapping[str, Callable[[Material], Iterator[Remark]]] = {
        "homes.land": partial(_say_overlap, "homes.land"),
        "homes.buildings": partial(_say_overlap, "homes.buildings"),
        "green": partial(_say_places, "green"),
        "parks": partial(_say_places, "park"),
        "streets": _say_streets,
        "entrances": _say_gates,
    }
    for key, found in material.files.features.items():
        remarks = [*found.remarks, *said[key](material)]
        yield _build_row(key, found.file, found.read, len(found.rows), remarks)
    people = material.files.population
    if people:
        yield _build_row("homes.population", people.file, 1, 1, [*people.remarks])


def _say_overlap(key: str, material: Material) -> Iterator[Remark]:
    shared = measure_overlap(material.files.features[key].rows)
    if shared >= 1:
        yield (
            f"住房相互重叠 {shared:.0f} m2，重复计入",
            f"homes overlap by {shared:.0f} m2, which count twice",
        )


def _say_places(kind: PlaceKind, material: Material) -> Iterator[Remark]:
    places = next(iter(material.places[kind].values()))
    least, limit = material.rule.of(kind).least_m2.value, material.rule.of(kind).limit_m.value
    if places and places.small:
        yield (
            f"{places.small} 处小于 {least:g} m2，不计",
            f"{places.small} are below {least:g} m2 and do not count",
        )
    if places and not len(places.shapes):
        yield (
            f"范围内及其外 {limit:g} m 之内没有可计的",
            f"none that counts lies in the area or within {limit:g} m",
        )


def _say_streets(material: Material) -> Iterator[Remark]:
    assert material.network is not None
    crossings = count_crossings(material.network)
    if crossings:
        yield (
            f"{crossings} 处相交而没有公共节点，按立体交叉处理，不连通",
            f"{crossings} crossings without a common vertex are taken for bridges and do not join",
        )


def _say_gates(_material: Material) -> Iterator[Remark]:
    yield (
        "公园由入口进入；没有入口的由最近的街道进入",
        "parks are entered by them; one without by its nearest street",
    )


def _reject_gates(material: Material) -> Iterator[Reject]:
    """Entrances that belong to no park that counts."""
    found, parks = material.files.entrances, next(iter(material.places["park"].values()))
    if found is not None and parks is not None:
        _, owners = material.find_gates(parks)
        for row in found.rows.index[owners < 0]:
            yield found.reject(int(row), "", "附近没有计入的公园 / no park that counts nearby", _NO_PARK)


def _list_maps(material: Material) -> Iterator[dict[str, object]]:
    """Green of the maps: a row for each period."""
    for label, unseen in material.unseen.items():
        places = material.places["green"][label]
        used = len(places.shapes) if places else 0
        zh, en = "绿地取自地表覆盖图", "green is taken from the map of land cover"
        remarks = [
            (f"{label} {zh}，未知占 {unseen:.2%}", f"{label}: {en}, {unseen:.2%} of the area is unknown")
        ]
        read = used + (places.small if places else 0)
        yield _build_row("green", "", read, used, remarks)


def _describe_rule(material: Material) -> dict[str, object]:
    rule = material.rule
    inward = 1 - math.cos(math.pi / 4 / QUADRANT_SEGMENTS)
    most = max(rule.of(kind).limit_m.value for kind in PLACE_KINDS)
    chord = f"{most * inward * 1000:.0f} mm"
    zh = (
        f"距离在本区中央子午线的横轴墨卡托平面上量算，误差不超过 1 mm；"
        f"转角处以弦代弧，向内不超过 {chord}；"
        "距离按厘米比较，正好等于半径者已服务；边界以外的绿地公园除所给图层外未知"
    )
    en = (
        f"distances are measured in a transverse Mercator plane of the area, right to 1 mm; corners of "
        f"limits are chords, inward by {chord} at most; distances are compared in centimetres, and a home at "
        "exactly the limit is served; beyond the border no place is known but those of the layers"
    )
    return _build_row("distances", rule.name_zh, 1, 1, [(zh, en)])
