"""Statistics of the simulated world, in a workbook as messy as those that offices keep, and what they say."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xlsxwriter

from pipeline.geodesy import measure_area_m2
from pipeline.ingest.simulate.climate import list_years
from pipeline.ingest.simulate.towns import build_towns
from pipeline.ingest.simulate.world import World

SOURCE = "模拟统计数据（不是真实统计）"
"""What every sheet, and the column 数据来源 of every row, says."""

_SQUARE_METRES_PER_KM2 = 1e6
_YEAR_SWING = 0.08
_INDEX_FIRST, _INDEX_LAST = 1990, 2025
_INDEX_STEP = (0.004, 0.034)
_INDEX_BASE = 100.0


class Kept(NamedTuple):
    """How an item is kept: its code and product, name and unit as printed, what a printed one is in its unit.

    `level` is a printed value: of prices as it is, of the rest per km2 of the area; `decimals` as printed.
    """

    item: str
    product: str | None
    name: str
    unit: str
    factor: float
    level: float
    decimals: int

    @property
    def is_price(self) -> bool:
        """Whether it is one all over the area."""
        return self.item.startswith(("price.", "water_price."))


_FARMING = (
    Kept("output.agriculture_managed", "稻谷", "稻谷产量", "万吨", 1e4, 0.021, 4),
    Kept("price.agriculture_managed", "稻谷", "稻谷价格", "元/吨", 1.0, 2760.0, 0),
    Kept("output.agriculture_managed", "蔬菜", "蔬菜产量", "万吨", 1e4, 0.034, 4),
    Kept("price.agriculture_managed", "蔬菜", "蔬菜价格", "元/公斤", 1e3, 3.2, 2),
    Kept("output.agriculture_wild", "野生中药材", "野生中药材产量", "公斤", 1e-3, 41.0, 0),
    Kept("price.agriculture_wild", "野生中药材", "野生中药材价格", "元/公斤", 1e3, 86.0, 1),
    Kept("output.forestry_managed", "木材", "木材产量", "立方米", 1.0, 7.5, 1),
    Kept("price.forestry_managed", "木材", "木材价格", "元/立方米", 1.0, 910.0, 0),
    Kept("output.livestock_managed", "禽蛋", "禽蛋产量", "吨", 1.0, 3.4, 2),
    Kept("price.livestock_managed", "禽蛋", "禽蛋价格", "元/吨", 1.0, 9800.0, 0),
    Kept("output.fishery_managed", "河蟹", "河蟹产量", "吨", 1.0, 4.6, 2),
    Kept("price.fishery_managed", "河蟹", "河蟹价格", "元/公斤", 1e3, 92.0, 1),
    Kept("output.fishery_wild", "捕捞水产品", "捕捞水产品产量", "吨", 1.0, 1.7, 2),
    Kept("price.fishery_wild", "捕捞水产品", "捕捞水产品价格", "元/公斤", 1e3, 31.0, 1),
)
_WATER = (
    Kept("fresh_water.domestic", None, "生活用水量", "万立方米", 1e4, 1.9, 3),
    Kept("water_price.domestic", None, "生活用水价格", "元/立方米", 1.0, 2.35, 2),
    Kept("fresh_water.industry", None, "工业用水量", "万立方米", 1e4, 1.1, 3),
    Kept("water_price.industry", None, "工业用水价格", "元/立方米", 1.0, 3.1, 2),
    Kept("fresh_water.agriculture", None, "农业用水量", "万立方米", 1e4, 6.8, 3),
    Kept("water_price.agriculture", None, "农业用水价格", "元/立方米", 1.0, 0.18, 3),
    Kept("energy_output", None, "生态能源发电量", "万千瓦时", 1e4, 14.0, 2),
    Kept("reservoir_capacity", None, "水库总库容", "万立方米", 1e4, 2.6, 2),
    Kept("lake_storage", None, "湖泊可调蓄水量", "万立方米", 1e4, 1.4, 2),
    Kept("coast_length", None, "受防护岸线长度", "公里", 1.0, 0.11, 2),
)
_EMISSIONS = (
    Kept("emission_so2", None, "二氧化硫排放量", "吨", 1.0, 0.9, 3),
    Kept("emission_nox", None, "氮氧化物排放量", "吨", 1.0, 1.6, 3),
    Kept("emission_dust", None, "颗粒物排放量", "吨", 1.0, 1.2, 3),
    Kept("discharge_cod", None, "化学需氧量排放量", "吨", 1.0, 9.0, 3),
    Kept("discharge_nh3n", None, "氨氮排放量", "吨", 1.0, 0.7, 3),
    Kept("discharge_tp", None, "总磷排放量", "吨", 1.0, 0.2, 3),
)
_SOCIETY = (
    Kept("gdp", None, "地区生产总值", "亿元", 1e8, 0.31, 4),
    Kept("population", None, "常住人口", "万人", 1e4, 0.052, 4),
    Kept("imports_value", None, "区外输入生态产品价值", "万元", 1e4, 2.1, 2),
    Kept("noise_length", None, "降噪绿带长度", "公里", 1.0, 0.05, 2),
    Kept("pest_area", None, "病虫害自愈面积", "公顷", 1.0, 0.8, 2),
    Kept("benefiting_housing_area", None, "受益住房面积", "万平方米", 1e4, 0.07, 3),
)
_VISITS = (
    Kept("visits", None, "游客人次", "万人次", 1e4, 0.42, 3),
    Kept("visitor_spend", None, "旅游总收入", "亿元", 1e8, 0.019, 4),
    Kept("resident_visits", None, "居民游憩人次", "万人次", 1e4, 0.23, 3),
)
_BESIDE = Kept("", None, "一般公共预算收入", "亿元", 1e8, 0.02, 4)
"""What no account asks for, as yearbooks have much."""

_SHEETS: Mapping[str, Sequence[Kept]] = {
    "农林牧渔": _FARMING,
    "水资源": _WATER,
    "综合": (*_SOCIETY, _BESIDE),
}
"""Wide sheets, of the whole area: a row by item, a column by year."""


@dataclass(frozen=True)
class Printed:
    """A printed value of a region (the id of a town, or of the area) and year."""

    region: str
    year: int
    kept: Kept
    printed: float

    @property
    def value(self) -> float:
        """It in the unit of its item."""
        return self.printed * self.kept.factor


def list_figures(world: World) -> list[Printed]:
    """All that the statistics say: visits by town, the rest of the whole area."""
    return [*_list_whole(world, [*_FARMING, *_WATER, *_EMISSIONS, *_SOCIETY]), *_list_visits(world)]


def write_statistics(world: World, folder: Path) -> None:
    """`folder`/statistics: a workbook with wide sheets and one by town with a total, and a long CSV in GBK.

    Titles are merged above the headings, years are columns, numbers are texts here and there.
    """
    (folder / "statistics").mkdir(exist_ok=True)
    _write_workbook(world, folder / "statistics" / f"{world.aoi.id}_统计年鉴.xlsx")
    _write_emissions(world, folder / "statistics" / f"{world.aoi.id}_环境统计.csv")


def write_price_index(world: World, path: Path) -> None:
    """An index of prices by year, of one base."""
    table = pd.DataFrame(list_price_index(world).items(), columns=["year", "index"])
    table.assign(source=SOURCE).to_csv(path, index=False)


def list_price_index(world: World) -> dict[int, float]:
    """Index of prices by year, as printed."""
    years = range(_INDEX_FIRST, _INDEX_LAST + 1)
    steps = world.random("price index").uniform(*_INDEX_STEP, len(years))
    levels = _INDEX_BASE * np.cumprod(1 + steps)
    return {year: round(float(level), 2) for year, level in zip(years, levels, strict=True)}


def _list_whole(world: World, entries: Sequence[Kept]) -> Iterator[Printed]:
    """Figures of the whole area, so many for each km2 of it."""
    area_km2 = measure_area_m2(world.aoi.geometry) / _SQUARE_METRES_PER_KM2
    for kept in entries:
        for year in list_years(world):
            yield draw_figure(world, world.aoi.id, year, kept, area_km2)


def _list_visits(world: World) -> Iterator[Printed]:
    """Visits by town, so many for each km2 of it."""
    towns = build_towns(world)
    for town, outline in zip(towns["XZQDM"], towns.geometry, strict=True):
        area_km2 = measure_area_m2(outline.intersection(world.aoi.geometry)) / _SQUARE_METRES_PER_KM2
        for kept in _VISITS:
            for year in list_years(world):
                yield draw_figure(world, town, year, kept, area_km2)


def draw_figure(world: World, region: str, year: int, kept: Kept, area_km2: float) -> Printed:
    """A figure of a region of so many km2 as it is printed, the same each time."""
    swing = world.random("statistics", region, kept.item, kept.product, year).uniform(
        -_YEAR_SWING, _YEAR_SWING
    )
    level = kept.level if kept.is_price else kept.level * area_km2
    return Printed(region, year, kept, round(level * (1 + float(swing)), kept.decimals))


def _write_workbook(world: World, path: Path) -> None:
    told = [*list_figures(world), *_list_whole(world, [_BESIDE])]
    figures = {(entry.region, entry.kept.name, entry.year): entry.printed for entry in told}
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"title": SOURCE, "created": datetime(2024, 1, 1)})  # noqa: DTZ001  Excel has no zones
        for name, entries in _SHEETS.items():
            _write_wide(book.add_worksheet(name), world, entries, figures)
        _write_towns(book.add_worksheet("分镇旅游"), world, figures)


def _write_wide(
    sheet: Any, world: World, entries: Sequence[Kept], figures: Mapping[tuple[str, str, int], float]
) -> None:
    years = list_years(world)
    sheet.merge_range(0, 0, 0, len(years) + 3, f"{world.aoi.name_zh}{SOURCE}")
    sheet.write_row(2, 0, ["地区", "指标", "计量单位", *(f"{year}年" for year in years), "数据来源"])
    sheet.merge_range(3, 0, len(entries) + 2, 0, world.aoi.name_zh)
    rng = world.random("spelling", "statistics")
    for row, kept in enumerate(entries, start=3):
        values = [figures[world.aoi.id, kept.name, year] for year in years]
        sheet.write_row(
            row, 1, [kept.name, kept.unit, *(spell_number(rng, value) for value in values), SOURCE]
        )


def _write_towns(sheet: Any, world: World, figures: Mapping[tuple[str, str, int], float]) -> None:
    """A row by town and year, the total of each year below its towns."""
    headings = [f"{kept.name}（{kept.unit}）" for kept in _VISITS]
    sheet.merge_range(0, 0, 0, len(headings) + 2, f"{world.aoi.name_zh}分镇旅游{SOURCE}")
    sheet.write_row(1, 0, ["年份", "乡镇", *headings, "数据来源"])
    towns, row = build_towns(world), 2
    for year in list_years(world):
        values = np.array([[figures[code, kept.name, year] for kept in _VISITS] for code in towns["XZQDM"]])
        for name, line in zip(towns["XZQMC"], values, strict=True):
            sheet.write_row(row, 0, [year, name, *line, SOURCE])
            row += 1
        sheet.write_row(row, 0, [year, "合计", *values.sum(axis=0).round(4), SOURCE])
        row += 1


def _write_emissions(world: World, path: Path) -> None:
    """One row per item and year, in GBK."""
    rows = [
        [world.aoi.name_zh, entry.year, entry.kept.name, entry.printed, entry.kept.unit, SOURCE]
        for entry in list_figures(world)
        if entry.kept in _EMISSIONS
    ]
    table = pd.DataFrame(rows, columns=["地区", "年份", "指标", "数值", "单位", "数据来源"])
    path.write_bytes(table.to_csv(index=False, lineterminator="\r\n").encode("gbk"))


def spell_number(rng: np.random.Generator, value: float) -> str | float:
    """A value as staff type it: a number, or a text with thousands apart or spaces about it."""
    match int(rng.integers(6)):
        case 0:
            return f"{value:,}"
        case 1:
            return f" {value} "
        case _:
            return value
