"""Registers of other rights of the simulated world, as messy as those of offices, and what they come to."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import xlsxwriter

from pipeline.geodesy import CGCS2000
from pipeline.ingest.simulate.polygons import write_polygons, write_shapes
from pipeline.ingest.simulate.rights_paths import FILES, RED_LINE_FILE, RED_LINE_LAYER
from pipeline.ingest.simulate.rights_plan import (
    LAND_CODE,
    PERSONS,
    UNITS,
    PlannedRight,
    PlannedTrade,
    find_last_day,
    make_credit_code,
    plan_rights,
)
from pipeline.ingest.simulate.rights_truth import describe_rights
from pipeline.ingest.simulate.world import World

NOTE = "模拟数据（不是真实登记）"
"""What every file says of itself."""

_WRONG_CODE = "庚"
"""The unit whose credit code has another last character in the register of intakes."""
_WITH_COMMA = "甲"


def write_rights(world: World, base: Path, folder: Path) -> None:
    """All registers, the red line and `truth.json` in a folder; the land register lies in `base`."""
    folder.mkdir(parents=True, exist_ok=True)
    plan = plan_rights(world, base)
    region, year = world.tiles[0].landscape.region_code, find_last_day(world).year
    rights = {kind: [one for one in plan.rights if one.kind == kind] for kind in FILES}
    trades = {kind: [one for one in plan.trades if one.kind == kind] for kind in FILES}
    paths = {kind: folder / file for kind, file in FILES.items()}
    title = f"{world.aoi.name_zh}取水许可台账{NOTE}"
    _write_water(rights["water_licence"], title, region, year, paths["water_licence"])
    _write_water_trades(trades["water_trade"], paths["water_trade"])
    _write_discharge(rights["discharge_licence"], region, year, paths["discharge_licence"])
    _write_discharge_trades(trades["discharge_trade"], paths["discharge_trade"])
    _write_energy(rights["energy_quota"], region, paths["energy_quota"])
    _write_energy_trades(trades["energy_trade"], paths["energy_trade"])
    _write_carbon(rights["carbon_project"], paths["carbon_project"])
    _write_carbon_trades(trades["carbon_trade"], paths["carbon_trade"])
    _write_forest(rights["forest_right"], paths["forest_right"])
    _write_ponds(rights["aquaculture_licence"], paths["aquaculture_licence"])
    red_line = gpd.GeoDataFrame({"说明": [NOTE]}, geometry=[plan.red_line], crs=CGCS2000)
    write_polygons(red_line, folder / RED_LINE_FILE, RED_LINE_LAYER)
    truth = json.dumps(describe_rights(world, plan, region), ensure_ascii=False, indent=1)
    (folder / "truth.json").write_text(truth, encoding="utf-8")


def _name(holder: str | None) -> str | None:
    return holder if holder in PERSONS else UNITS.get(holder or "")


def _tell_code(region: str, holder: str | None) -> str | None:
    return make_credit_code(region, holder) if holder in UNITS else None


def _spell_day(day: date, form: int) -> str:
    """A day as staff write it, in one of four forms."""
    return [
        f"{day:%Y-%m-%d}",
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%Y%m%d}",
    ][form % 4]


def _write_water(rights: Sequence[PlannedRight], title: str, region: str, year: int, path: Path) -> None:
    """A workbook with a merged title, 万m3, two rows of headings, a total and a note."""
    upper = [
        "序号", "取水许可证编号", "取水权人名称", "统一社会信用代码", "取水水源", "经度", "纬度",
        "有效期", "",
        "年许可取水量（万m3）", *(f"{of}年实际取水量（万m3）" for of in (year - 1, year)),
        "证件状态", "备注",
    ]  # fmt: skip
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"title": NOTE, "created": datetime(2024, 1, 1)})  # noqa: DTZ001  Excel has no zones
        sheet = book.add_worksheet("取水许可")
        sheet.merge_range(0, 0, 0, len(upper) - 1, title)
        sheet.write_row(2, 0, upper)
        sheet.merge_range(2, 7, 2, 8, "有效期")
        sheet.write_row(3, 7, ["起", "止"])
        for number, right in enumerate(rights):
            sheet.write_row(4 + number, 0, _spell_water(right, number, region, year))
        total = sum(right.granted["water"] for right in rights) / 1e4
        sheet.write_row(4 + len(rights), 0, ["合计", *[""] * 8, total])
        sheet.write(5 + len(rights), 0, f"注：{NOTE}")


def _spell_water(right: PlannedRight, number: int, region: str, year: int) -> list[Any]:
    """A row of the register; one code is wrong, one amount is in m3, one is a text with a comma."""
    assert right.point
    code, granted = _tell_code(region, right.holder) or "", right.granted["water"]
    if right.holder == _WRONG_CODE:
        code = code[:-1] + ("0" if code[-1] != "0" else "1")
    amount: Any = round(granted / 1e4, 4)
    if right.holder in PERSONS:
        amount = f"{granted:.0f} m3"
    elif right.holder == _WITH_COMMA:
        amount = f"{granted / 1e4:,.1f}"
    used = [round(right.used["water", of] / 1e4, 4) for of in (year - 1, year)]
    days = [_spell_day(day, number) for day in (right.first, right.last)]
    spot = [round(right.point.x, 7), round(right.point.y, 7)]
    water = right.near.river if right.near else ""
    holder = _name(right.holder)
    return [number + 1, right.number, holder, code, water, *spot, *days, amount, *used, "有效", NOTE]


def _write_water_trades(trades: Sequence[PlannedTrade], path: Path) -> None:
    """A CSV in GBK under the names of an interface; amounts have their units in the cells."""
    rows = [
        {
            "uniqueCode": one.trade,
            "buyerName": _name(one.buyer),
            "salerName": _name(one.seller),
            "waterAmount": f"{one.bought / 1e4:g}万m3" if number % 2 else f"{one.bought:.0f} m3",
            "成交日期": _spell_day(one.day, number),
            "成交单价（元/m3）": one.price,
            "成交总额（万元）": None if one.total is None else one.total / 1e4,
            "备注": NOTE,
        }
        for number, one in enumerate(trades)
    ]
    path.write_bytes(pd.DataFrame(rows).to_csv(index=False, lineterminator="\r\n").encode("gbk"))


def _write_discharge(rights: Sequence[PlannedRight], region: str, year: int, path: Path) -> None:
    """Outlets as points, COD in t, ammonia in kg."""
    rows = [
        {
            "许可证编号": right.number,
            "单位名称": _name(right.holder),
            "统一社会信用代码": _tell_code(region, right.holder),
            "排放口编号": right.outlet,
            "受纳水体": right.near.river if right.near else None,
            "受纳断面": right.section.name if right.section else None,
            "有效期限": f"{_spell_day(right.first, 2)}至{_spell_day(right.last, 2)}",
            "化学需氧量许可排放量（t/a）": right.granted["cod"],
            f"{year}年化学需氧量实际排放量（t）": right.used["cod", year],
            "氨氮许可排放量（kg/a）": right.granted["nh3n"] * 1000,
            f"{year}年氨氮实际排放量（kg）": right.used["nh3n", year] * 1000,
            "备注": NOTE,
        }
        for right in rights
    ]
    table = gpd.GeoDataFrame(rows, geometry=[right.place for right in rights], crs=CGCS2000)
    write_shapes(table, path, "排放口", "Point")


def _write_discharge_trades(trades: Sequence[PlannedTrade], path: Path) -> None:
    """A workbook under the names of a trading system, one row a trade, its unit above the headings."""
    names = {"cod": "HuaXueXuYangLiang", "nh3n": "AnDan"}
    rows: dict[str, dict[str, Any]] = {}
    for one in trades:
        row = rows.setdefault(
            one.trade, {"项目编号": one.trade, "受让方": _name(one.buyer), "转让方": _name(one.seller)}
        )
        row |= {names[one.resource]: one.bought, "SHR_Date": _spell_day(one.day, 1)}
    _write_sheet(path, "交易", f"排污权交易{NOTE}，单位：吨", list(rows.values()))


def _write_energy(rights: Sequence[PlannedRight], region: str, path: Path) -> None:
    rows = [
        {
            "编号": right.number,
            "单位名称": _name(right.holder),
            "统一社会信用代码": _tell_code(region, right.holder),
            "年度": f"{right.year}年",
            "用能权指标量（万吨标准煤）": right.granted["energy"] / 1e4,
            "综合能源消费量（吨标准煤）": sum(right.used.values()),
        }
        for right in rights
    ]
    _write_sheet(path, "用能权", f"用能权指标{NOTE}", rows)


def _write_energy_trades(trades: Sequence[PlannedTrade], path: Path) -> None:
    """A CSV with a row by side."""
    sides = [
        (one, *side)
        for one in trades
        for side in (("卖出", one.seller, one.sold), ("买入", one.buyer, one.bought))
    ]
    rows = [
        {
            "交易编号": one.trade, "交易主体": _name(holder), "买卖方向": word, "交易量（吨标准煤）": amount,
            "成交日期": _spell_day(one.day, number), "备注": NOTE,
        }
        for number, (one, word, holder, amount) in enumerate(sides)
    ]  # fmt: skip
    path.write_bytes(pd.DataFrame(rows).to_csv(index=False).encode("utf-8-sig"))


def _write_carbon(rights: Sequence[PlannedRight], path: Path) -> None:
    rows = [
        {
            "项目编号": right.number, "项目名称": f"盐沼修复{number}（模拟）",
            "项目业主": _name(right.holder),
            "方法学": "SHCER01030012024I", "计入期": f"{right.first}至{right.last}", "年度": right.year,
            "签发减排量（吨二氧化碳当量）": right.granted["carbon"], "备注": NOTE,
        }
        for number, right in enumerate(rights, 1)
    ]  # fmt: skip
    table = gpd.GeoDataFrame(rows, geometry=[right.place for right in rights], crs=CGCS2000)
    write_polygons(table, path, "项目边界")


def _write_carbon_trades(trades: Sequence[PlannedTrade], path: Path) -> None:
    rows = [
        {
            "成交编号": one.trade, "买方": _name(one.buyer), "卖方": _name(one.seller),
            "成交量（tCO2e）": one.bought,
            "成交单价（元/吨二氧化碳当量）": one.price, "成交金额（元）": one.total,
            "成交日期": _spell_day(one.day, 2), "备注": NOTE,
        }
        for one in trades
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(path, index=False, encoding="utf-8")


def _write_forest(rights: Sequence[PlannedRight], path: Path) -> None:
    """A CSV with a title and the unit 亩 above its headings, under the names of a system."""
    rows = [
        {
            "linQuanZh": right.number,
            "zongDihao": (right.parcel or "")[:LAND_CODE],
            "forestOwner": "东村集体经济合作社（模拟）",
            "forestOperator": _name(right.holder),
            "woodLandArea": 12.5 + number,
            "linBan": f"{number + 1:02d}",
            "有效期起": _spell_day(right.first, number),
            "有效期止": _spell_day(right.last, number + 1),
        }
        for number, right in enumerate(rights)
    ]
    table = pd.DataFrame(rows).to_csv(index=False)
    path.write_bytes(f"林权登记台账{NOTE},单位：亩\n{table}".encode("utf-8-sig"))


def _write_ponds(rights: Sequence[PlannedRight], path: Path) -> None:
    table = gpd.GeoDataFrame(
        {
            "aquaculture_license_no": [right.number for right in rights],
            "养殖权人": [_name(right.holder) for right in rights],
            "养殖水域滩涂面积（亩）": [30.0, 45.0],
            "使用期限": [f"{_spell_day(right.first, 1)}—{_spell_day(right.last, 1)}" for right in rights],
            "备注": NOTE,
        },
        geometry=[right.place for right in rights],
        crs=CGCS2000,
    )
    write_polygons(table, path, "养殖证")


def _write_sheet(path: Path, name: str, title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """A workbook of one sheet with a merged title above its headings."""
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"title": NOTE, "created": datetime(2024, 1, 1)})  # noqa: DTZ001  Excel has no zones
        sheet = book.add_worksheet(name)
        headings = list(rows[0])
        sheet.merge_range(0, 0, 0, len(headings) - 1, title)
        sheet.write_row(1, 0, headings)
        for number, row in enumerate(rows):
            sheet.write_row(2 + number, 0, [row[heading] for heading in headings])
