"""Statistics that indices of the simulated world are made from, in workbooks as messy as those of offices."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import xlsxwriter

from pipeline.geodesy import measure_area_m2
from pipeline.ingest.simulate.climate import list_years
from pipeline.ingest.simulate.ecological_truth import (
    measure_growing_ndvi,
    write_quality_truth,
    write_status_truth,
)
from pipeline.ingest.simulate.world import World
from pipeline.ingest.simulate.yearbook import SOURCE, Kept, Printed, draw_figure, spell_number

_M2_IN_KM2 = 1e6
_CREATED = datetime(2024, 1, 1)  # noqa: DTZ001  Excel has no zones
_WATERS = (
    Kept("river_length", None, "河流长度", "公里", 1.0, 0.52, 2),
    Kept("lake_area", None, "湖库面积", "公顷", 1.0, 4.6, 1),
    Kept("water_resources", None, "水资源总量", "万立方米", 1e4, 60.0, 2),
    Kept("water_resources_mean", None, "多年平均水资源量", "万立方米", 1e4, 43.0, 2),
)
"""In some years water is more than 1.4 times the mean, in others less."""
_GROUND = (
    Kept("erosion_severe_area", None, "重度侵蚀面积", "亩", 1 / 15, 6.2, 1),
    Kept("erosion_moderate_area", None, "中度侵蚀面积", "平方公里", 100.0, 0.014, 4),
    Kept("other_stress_area", None, "其他土地胁迫面积", "公顷", 1.0, 0.9, 2),
    Kept("solid_waste_dumped", None, "一般工业固体废物倾倒丢弃量", "吨", 1.0, 0.6, 2),
)
_RAIN = Kept("rain", None, "年降水量", "毫米", 1.0, 1130.0, 1)
_NDVI = Kept("growing_ndvi", None, "5-9月NDVI月最大值均值", "无量纲", 1.0, 0.0, 4)
_QUALITY = (
    Kept("eqi.pattern", None, "生态格局指数", "无量纲", 1.0, 61.0, 2),
    Kept("eqi.function", None, "生态功能指数", "无量纲", 1.0, 66.0, 2),
    Kept("eqi.biodiversity", None, "生物多样性指数", "无量纲", 1.0, 52.0, 2),
    Kept("eqi.stress", None, "生态胁迫指数", "无量纲", 1.0, 31.0, 2),
)


def list_status_figures(world: World) -> list[Printed]:
    """What statistics tell for EI beside discharge and emission, which the yearbook has."""
    area_km2 = measure_area_m2(world.aoi.geometry) / _M2_IN_KM2
    years = list_years(world)
    by_area = [
        draw_figure(world, world.aoi.id, year, kept, area_km2)
        for kept in (*_WATERS, *_GROUND)
        for year in years
    ]
    rain = [draw_figure(world, world.aoi.id, year, _RAIN, 1.0) for year in years]
    ndvi = [Printed(world.aoi.id, year, _NDVI, round(measure_growing_ndvi(world, year), 4)) for year in years]
    return [*by_area, *rain, *ndvi]


def list_quality_figures(world: World) -> list[Printed]:
    """The four indices of the first level of EQI by year."""
    return [
        draw_figure(world, world.aoi.id, year, kept, 1.0) for kept in _QUALITY for year in list_years(world)
    ]


def write_status(world: World, base: Path, folder: Path) -> None:
    """A workbook of statistics for EI, and truth.json: what EI by registered land and told NDVI comes to."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = list_status_figures(world)
    _write_workbook(world, figures, folder / f"{world.aoi.id}_生态环境状况资料.xlsx")
    write_status_truth(world, figures, base / "register.gpkg", folder)


def write_quality(world: World, _base: Path, folder: Path) -> None:
    """A workbook with the indices of EQI, and truth.json: what EQI comes to."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = list_quality_figures(world)
    _write_workbook(world, figures, folder / f"{world.aoi.id}_生态质量资料.xlsx")
    write_quality_truth(world, figures, folder)


def _write_workbook(world: World, figures: Sequence[Printed], path: Path) -> None:
    """One sheet, years as columns: a title merged above, the area merged beside, numbers as texts."""
    years = list_years(world)
    entries = list(dict.fromkeys(figure.kept for figure in figures))
    printed = {(figure.kept, figure.year): figure.printed for figure in figures}
    rng = world.random("spelling", path.stem)
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"title": SOURCE, "created": _CREATED})
        sheet = book.add_worksheet("评价资料")
        sheet.merge_range(0, 0, 0, len(years) + 3, f"{world.aoi.name_zh}生态评价资料 {SOURCE}")
        sheet.write_row(2, 0, ["地区", "指标", "计量单位", *(f"{year}年" for year in years), "数据来源"])
        sheet.merge_range(3, 0, len(entries) + 2, 0, world.aoi.name_zh)
        for row, kept in enumerate(entries, start=3):
            sheet.write_row(row, 1, _write_row(rng, kept, [printed[kept, year] for year in years]))


def _write_row(rng: np.random.Generator, kept: Kept, values: Sequence[float]) -> list[Any]:
    return [kept.name, kept.unit, *(spell_number(rng, value) for value in values), SOURCE]
