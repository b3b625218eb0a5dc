"""Files about rivers and lakes in the simulated world, as offices keep them, with the truth beside them."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from pipeline import standards
from pipeline.ingest.simulate.health_estate import (
    LAKE,
    NAMES,
    OWN,
    SHARED,
    Sampled,
    build_bodies,
    list_flows,
    list_measure_statements,
    list_samples,
)
from pipeline.ingest.simulate.health_truth import write_health_truth
from pipeline.ingest.simulate.polygons import write_polygons
from pipeline.ingest.simulate.world import World

TITLE = "模拟数据：河湖健康评价指标（不是真实观测）"
_CREATED = datetime(2024, 1, 1)  # noqa: DTZ001  Excel has no zones
_REMARK = "模拟数据"
_SCORES = {"score:tidiness": "水体整洁程度", "score:connectivity": "湖泊连通指数"}
_HEADINGS = {
    "DO": "溶解氧（mg/L）", "CODMn": "高锰酸盐指数（mg/L）", "NH3N": "氨氮（mg/L）",
    "TP": "总磷（mg/L）", "TN": "总氮（mg/L）", "Chla": "叶绿素a（mg/L）", "SD": "透明度（m）",
    "pH": "pH（无量纲）", "WT": "水温（℃）",
}  # fmt: skip
_ZONE_TARGET = "Ⅲ"


def write_health(world: World, base: Path, folder: Path) -> None:
    """Bodies, tables of measures and flows, zones, the neighbour's register and samples, truth.json.

    `base` holds the register of the area's own sections.
    """
    folder.mkdir(parents=True, exist_ok=True)
    province = str(pd.read_csv(base / "sections.csv", dtype=str)["province"].iloc[0])
    sampled = [entry if entry.province else _fill(entry, province) for entry in list_samples(world)]
    write_polygons(build_bodies(world), folder / "河湖名录.gpkg", "河湖")
    _write_measures(world, folder / "评价指标.xlsx")
    _write_flows(world, folder / "逐月流量.csv")
    _write_zones(sampled, folder / "水功能区.xlsx")
    _write_neighbour(world, [entry for entry in sampled if entry.is_neighbours], folder)
    write_health_truth(world, sampled, folder / "truth.json")


def _fill(entry: Sampled, province: str) -> Sampled:
    return Sampled(entry.section, entry.table, entry.body, province, entry.is_neighbours)


def _write_measures(world: World, path: Path) -> None:
    """A long table with its title, one figure twice, two that contradict each other, a body of no list."""
    names = {row["measure"]: row["name_zh"] for row in standards.read_rows("health_measures")} | _SCORES
    rows = [
        [
            NAMES[one.body],
            f"{one.year}年" if one.year else None,
            names[one.measure],
            one.text,
            one.unit,
            _REMARK,
        ]
        for one in list_measure_statements(world)
    ]
    year = world.periods[0].first.year
    strange = [
        rows[2],
        [NAMES[LAKE], f"{year}年", names["plankton_density"], "60", "万个/L", _REMARK],
        [NAMES[LAKE], f"{year}年", names["plankton_density"], "90", "万个/L", _REMARK],
        ["无名河", f"{year}年", names["fish_index"], "80", "%", _REMARK],
        [NAMES[OWN], f"{year}年", names["benthos_index"], "0.7", None, _REMARK],
    ]
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"title": TITLE, "created": _CREATED})
        sheet = book.add_worksheet("评价指标")
        sheet.merge_range(0, 0, 0, 5, TITLE)
        for number, row in enumerate(
            [["河湖名称", "年度", "指标名称", "数值", "单位", "数据来源"], *rows, *strange], start=1
        ):
            sheet.write_row(number, 0, row)


def _write_flows(world: World, path: Path) -> None:
    table = pd.DataFrame(
        [[NAMES[body], f"{day:%Y年%-m月}", flow, _REMARK] for body, day, flow in list_flows(world)],
        columns=["河流名称", "月份", "最小日均流量（m3/s）", "备注"],
    )
    _write_csv(table, path, "gbk")


def list_zones(sampled: Sequence[Sampled]) -> list[tuple[str, str, str, list[str], str | None]]:
    """Id, name, body, sections and target of each zone; one without target, one of an unknown section."""
    own = [entry for entry in sampled if not entry.is_neighbours]
    others = [entry for entry in sampled if entry.is_neighbours and entry.body == SHARED]
    lake = [entry for entry in sampled if entry.body == LAKE]
    return [
        ("SIM-Z1", "模拟一河保留区", SHARED, [own[0].section.name], _ZONE_TARGET),
        ("SIM-Z2", "模拟河网缓冲区", own[1].body, [entry.section.name for entry in own[1:3]], _ZONE_TARGET),
        ("SIM-Z3", "模拟省界缓冲区", SHARED, [entry.section.name for entry in others], _ZONE_TARGET),
        ("SIM-Z4", "模拟湖保护区", LAKE, [lake[0].section.name], "II类"),
        ("SIM-Z5", "模拟未定区", LAKE, [lake[1].section.name], None),
        ("SIM-Z6", "模拟待查区", OWN, ["查无此断面"], _ZONE_TARGET),
    ]


def _write_zones(sampled: Sequence[Sampled], path: Path) -> None:
    """A table with a row a section, the zone's own cells merged over them."""
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"title": TITLE, "created": _CREATED})
        sheet = book.add_worksheet("水功能区")
        sheet.write_row(0, 0, ["水功能区编码", "水功能区名称", "所在水体", "监测断面", "水质目标", "备注"])
        row = 1
        for zone, name, body, sections, target in list_zones(sampled):
            for number, section in enumerate(sections):
                sheet.write_row(row + number, 3, [section, target, _REMARK])
            for column, text in enumerate((zone, name, NAMES[body])):
                _write_merges(sheet, (row, column), len(sections), text)
            row += len(sections)


def _write_merges(sheet: Any, place: tuple[int, int], rows: int, text: str) -> None:
    row, column = place
    if rows > 1:
        sheet.merge_range(row, column, row + rows - 1, column, text)
    else:
        sheet.write(row, column, text)


def _write_neighbour(world: World, sampled: Sequence[Sampled], folder: Path) -> None:
    """The other office's register, its samples in the rivers, and those in the lake."""
    register = pd.DataFrame(
        {
            "断面编码": [entry.section.section_id for entry in sampled],
            "省份": [entry.province for entry in sampled],
            "流域": "长江流域",
            "断面名称": [entry.section.name for entry in sampled],
            "河流": [entry.section.river for entry in sampled],
            "水体类型": ["湖库" if entry.body == LAKE else "河流" for entry in sampled],
            "水质目标": "Ⅲ类",
            "经度": [entry.section.lon for entry in sampled],
            "纬度": [entry.section.lat for entry in sampled],
            "aoi": [world.aoi.id if entry.body == LAKE else None for entry in sampled],
            "upstream_unit": [entry.section.upstream_unit for entry in sampled],
            "downstream_unit": [entry.section.downstream_unit for entry in sampled],
        }
    )
    _write_csv(register, folder / "邻省名录.csv", "utf-8-sig")
    for name, of_lake in (("邻省断面", False), ("模拟湖", True)):
        own = [entry for entry in sampled if (entry.body == LAKE) == of_lake]
        _write_csv(pd.concat([_build_samples(entry) for entry in own]), folder / f"{name}.csv", "gbk")


def _build_samples(entry: Sampled) -> pd.DataFrame:
    """Wide rows with values below detection as `<limit`."""
    codes = [code for code in _HEADINGS if code in entry.table and entry.table[code].notna().any()]
    rows = [
        [entry.section.name, f"{record['day']:%Y/%m/%d}", *(_spell(record, code) for code in codes), _REMARK]
        for record in entry.table.to_dict("records")
    ]
    return pd.DataFrame(
        rows, columns=["断面名称", "采样日期", *(_HEADINGS[code] for code in codes), "备注"], dtype=object
    )


def _spell(record: dict[Any, Any], code: str) -> str | None:
    value = record[code]
    if pd.isna(value):
        return None
    return f"{'<' * (code in record['below'].split(';'))}{value:g}"


def _write_csv(table: pd.DataFrame, path: Path, encoding: str) -> None:
    path.write_bytes(table.to_csv(index=False, lineterminator="\r\n").encode(encoding))
