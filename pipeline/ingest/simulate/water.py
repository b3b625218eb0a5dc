"""Water samples of the simulated world, as staff keep them, and the classes that they should give."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
import xlsxwriter
from numpy.typing import NDArray

from pipeline import standards
from pipeline.aoi import Part
from pipeline.geodesy import to_cgcs2000
from pipeline.ingest.simulate.landscape import WATER
from pipeline.ingest.simulate.world import World, build_surface
from pipeline.periods import Period

TITLE = "模拟数据：地表水监测结果（不是真实观测）"
"""The row above the header of the workbook."""
SHEET = "模拟监测数据"
REMARK = "模拟数据"
"""What the column 备注 of every row says."""

_CLASSES = (1, 2, 3, 4, 5, 6)
_CLASS_SHARES = (0.08, 0.34, 0.32, 0.16, 0.06, 0.04)
_DECIDERS = ("CODMn", "NH3N", "TP", "DO")
_DECIMALS = {"WT": 1, "pH": 1, "DO": 2, "CODMn": 1, "NH3N": 3, "TP": 3, "TN": 2}
_UNITS = {"WT": "℃", "pH": "无量纲"}
_DETECTION = {"NH3N": 0.025, "TP": 0.01}
_BELOW_SHARE = 0.2
_BLANK_SHARE = 0.06
_SPREAD = 0.05
_SEASONAL = 0.08
_SAMPLING_DAYS = (3, 13)
_RASTER_M = 20.0
_RIVERS = ("模拟一河", "模拟二河")
_TOWNS = ("模拟甲镇", "模拟乙镇", "模拟丙镇", "模拟丁镇", "模拟戊镇", "模拟己镇", "模拟庚镇")
_OF_REACH = 1
_PLACES = ("北闸", "东港口", "南汊", "西河口", "中心河桥", "环岛河")
_PROVINCES = {"chongming_wetlands": "上海市", "guangyang_island": "重庆市", "longyou_bay": "江苏省"}
_FULL_WIDTH = str.maketrans("0123456789.", "０１２３４５６７８９．")

Cell = str | float | None


@dataclass(frozen=True)
class Section:
    """A river section; `alias` is another name under which samples come.

    It stands at the border of two units, and `reach` names a unit of the land register, null for most.
    """

    section_id: str
    name: str
    alias: str
    target_class: int
    lon: float
    lat: float
    river: str
    reach: str | None
    upstream_unit: str
    downstream_unit: str


def write_samples(world: World, periods: Sequence[Period], folder: Path) -> None:
    """The samples under `folder`/water and the register of sections, `folder`/sections.csv.

    The workbook is wide, with a title above its Chinese headings, the section's name in a merged cell,
    values below detection in three spellings, blanks, full-width digits, stray spaces, and an alias.
    One section comes as a wide CSV in GBK, one as a long CSV in UTF-8 with BOM.
    """
    (folder / "water").mkdir(parents=True, exist_ok=True)
    sections = place_sections(world)
    tables = [draw_samples(world, section, periods) for section in sections]
    _write_workbook(world, sections[:-2], tables[:-2], folder / "water" / f"{world.aoi.id}_月报.xlsx")
    wide = _build_wide(world, sections[-2], tables[-2])
    _write_csv(wide, folder / "water" / f"{world.aoi.id}_手工台账.csv", "gbk")
    _write_csv(
        _build_long(sections[-1], tables[-1]), folder / "water" / f"{world.aoi.id}_长表.csv", "utf-8-sig"
    )
    _write_csv(_build_register(world, sections), folder / "sections.csv", "utf-8")


def place_sections(world: World) -> list[Section]:
    """Three to six sections on the waters of the first day, spread over the parts of the area."""
    rng = world.random("sections")
    sections = []
    for number, place in enumerate(_PLACES[: int(rng.integers(3, len(_PLACES) + 1))]):
        part = world.aoi.parts[number % len(world.aoi.parts)]
        point = _find_water(world, rng, part)
        sections.append(
            Section(
                section_id=f"SIM-{world.aoi.id}-{number + 1}",
                name=f"{part.name_zh}{place}（模拟）",
                alias=f"{part.name_zh}{place}断面",
                target_class=2 + number % 2,
                lon=round(point.x, 5),
                lat=round(point.y, 5),
                river=_RIVERS[number % len(_RIVERS)],
                reach=f"{part.name_zh}水流登记单元（模拟）" if number == _OF_REACH else None,
                upstream_unit=_TOWNS[number],
                downstream_unit=_TOWNS[number + 1],
            )
        )
    return sections


def draw_samples(world: World, section: Section, periods: Sequence[Period]) -> pd.DataFrame:
    """Monthly samples of a section: `day`, `period`, a column by parameter, and `below` (parameters by `;`).

    NaN is a blank; a value below detection holds the limit of detection.
    """
    return pd.concat([_draw_period(world, section, period) for period in periods], ignore_index=True)


def describe_sections(world: World, periods: Sequence[Period]) -> dict[str, Any]:
    """By section id: its name, target, and for each period the class by single factor and what decides it.

    The class follows from the means of what is written; values below detection cannot change it, since they
    stand only in parameters that do not decide.
    """
    truth: dict[str, Any] = {}
    for section in place_sections(world):
        table = draw_samples(world, section, periods)
        graded = {str(label): _grade_means(rows) for label, rows in table.groupby("period", sort=False)}
        truth[section.section_id] = {
            "section": section.name,
            "target_class": section.target_class,
            "periods": graded,
        }
    return truth


def plan_class(world: World, section: Section, period: Period) -> tuple[int, str]:
    """The class (1 to 6) planned for a section and period, and the parameter that decides it."""
    rng = world.random("water class", section.section_id, period.label)
    return int(rng.choice(_CLASSES, p=_CLASS_SHARES)), str(rng.choice(_DECIDERS))


def _find_water(world: World, rng: np.random.Generator, part: Part) -> shapely.Point:
    """The middle of a pixel of water inside a part; a point of the part where it has no water."""
    tile = world.tiles[world.aoi.parts.index(part)]
    grid = tile.coarser(_RASTER_M)
    row, col = np.nonzero(build_surface(world, grid, tile, world.periods[0].first).kind == WATER)
    x, y = grid.left + (col + 0.5) * _RASTER_M, grid.top - (row + 0.5) * _RASTER_M
    lon, lat = to_cgcs2000(grid.crs).transform(x, y)
    inside = np.flatnonzero(shapely.contains_xy(part.geometry, lon, lat))
    if not inside.size:
        return part.geometry.representative_point()
    chosen = rng.choice(inside)
    return shapely.Point(lon[chosen], lat[chosen])


def _draw_period(world: World, section: Section, period: Period) -> pd.DataFrame:
    rng = world.random("samples", section.section_id, period.label)
    water_class, decider = plan_class(world, section, period)
    days = _draw_days(rng, period)
    table = pd.DataFrame({"day": days, "period": period.label})
    season = np.cos(2 * np.pi * (pd.DatetimeIndex(days).day_of_year.to_numpy() - 25) / 365.25)
    table["WT"] = (17.5 - 11 * season + rng.normal(0, 1, len(days))).round(1)
    table["pH"] = (7.8 + rng.normal(0, 0.15, len(days))).round(1)
    for code in _DECIDERS:
        level = _draw_level(
            rng, code, water_class if code == decider else int(rng.integers(1, water_class + 1))
        )
        table[code] = _draw_course(rng, code, level, season if code == "DO" else -season)
    if section.section_id.endswith(("1", "3")):
        table["TN"] = _draw_course(rng, "TN", 1.9, season)
    return _plant_gaps(rng, table, decider)


def _draw_days(rng: np.random.Generator, period: Period) -> list[date]:
    """A sampling day in each month that the period touches."""
    months = pd.period_range(period.first, period.last, freq="M")
    days = [date(month.year, month.month, int(rng.integers(*_SAMPLING_DAYS))) for month in months]
    return [min(max(day, period.first), period.last) for day in days]


@cache
def _list_limits(code: str) -> tuple[float, ...]:
    table = standards.table("water_limits")
    row = table[(table["code"] == code) & table["water_body"].isin(["any", "river"])].iloc[0]
    return tuple(float(row[f"class_{number}"]) for number in range(1, 6))


def _draw_level(rng: np.random.Generator, code: str, water_class: int) -> float:
    """A mean inside a class, a quarter of its width away from the next one."""
    limits = _list_limits(code)
    if water_class == _CLASSES[0]:
        return limits[0] * (1.18 if code == "DO" else 0.75)
    if water_class == _CLASSES[-1]:
        return limits[-1] * (0.7 if code == "DO" else 1.4)
    better, worse = limits[water_class - 2], limits[water_class - 1]
    return better + float(rng.uniform(0.3, 0.7)) * (worse - better)


def _draw_course(
    rng: np.random.Generator, code: str, level: float, season: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Values over the months whose mean is the level."""
    factor = 1 + _SEASONAL * season + rng.normal(0, _SPREAD, season.size)
    values: NDArray[np.float64] = np.round(level * factor / factor.mean(), _DECIMALS[code])
    return values


def _plant_gaps(rng: np.random.Generator, table: pd.DataFrame, decider: str) -> pd.DataFrame:
    """Blanks and values below detection, in parameters that do not decide the class."""
    below = np.full(len(table), "", dtype=object)
    for code, limit in _DETECTION.items():
        if code != decider:
            low = rng.random(len(table)) < _BELOW_SHARE
            table.loc[low, code] = limit
            below[low] = below[low] + code + ";"
    for code in [column for column in ("CODMn", "TP", "DO", "TN") if column in table and column != decider]:
        blank = (rng.random(len(table)) < _BLANK_SHARE) & (np.arange(len(table)) > 0)
        table.loc[blank & ~np.array([code in cell for cell in below]), code] = np.nan
    table["below"] = below
    return table


def _grade_means(rows: pd.DataFrame) -> dict[str, Any]:
    classes = {code: _grade(code, float(rows[code].mean())) for code in _DECIDERS}
    worst = max(classes.values())
    return {
        "water_class": worst,
        "decided_by": [code for code, grade in classes.items() if grade == worst],
        "samples": len(rows),
    }


def _grade(code: str, mean: float) -> int:
    sign = -1 if code == "DO" else 1
    worse = [sign * mean > sign * limit for limit in _list_limits(code)]
    return 1 + sum(worse)


def _list_columns(table: pd.DataFrame) -> list[str]:
    return [code for code in _DECIMALS if code in table and table[code].notna().any()]


def _write_heading(code: str) -> str:
    names = standards.table("water_limits").drop_duplicates("code").set_index("code")["name_zh"]
    return f"{names[code]}（{_UNITS.get(code, 'mg/L')}）"


def _spell(rng: np.random.Generator, code: str, value: float, *, below: bool) -> Cell:
    """A value as staff type it."""
    if np.isnan(value):
        return None
    text = f"{value:.{_DECIMALS[code]}f}"
    if below:
        return str(rng.choice([f"<{value:g}", f"{value:g}L", "ND"]))
    match int(rng.integers(12)):
        case 0:
            return text.translate(_FULL_WIDTH)
        case 1:
            return f" {text} "
        case _:
            return float(text)


def _write_workbook(
    world: World, sections: Sequence[Section], tables: Sequence[pd.DataFrame], path: Path
) -> None:
    """The wide workbook; from the middle of its rows on the first section goes by its alias."""
    rng = world.random("spelling", "workbook")
    codes = [code for code in _DECIMALS if any(code in table for table in tables)]
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"title": TITLE, "created": datetime(2024, 1, 1)})  # noqa: DTZ001  Excel has no zones
        sheet = book.add_worksheet(SHEET)
        dates = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.merge_range(0, 0, 0, len(codes) + 2, TITLE)
        sheet.write_row(1, 0, ["断面名称", "采样日期", *map(_write_heading, codes), "备注"])
        row = 2
        for section, table in zip(sections, tables, strict=True):
            for name, rows in _split_by_name(section, table, alias=section is sections[0]):
                _write_name(sheet, row, len(rows), name)
                for record in rows.to_dict("records"):
                    sheet.write_datetime(row, 1, datetime.combine(record["day"], datetime.min.time()), dates)
                    sheet.write_row(row, 2, [*_spell_row(rng, record, codes), REMARK])
                    row += 1
        sheet.write_row(row, 0, _build_limit_row(codes))


def _split_by_name(section: Section, table: pd.DataFrame, *, alias: bool) -> list[tuple[str, pd.DataFrame]]:
    middle = (len(table) + 1) // 2
    if not alias or middle == len(table):
        return [(section.name, table)]
    return [(section.name, table.iloc[:middle]), (section.alias, table.iloc[middle:])]


def _write_name(sheet: Any, row: int, rows: int, name: str) -> None:
    if rows > 1:
        sheet.merge_range(row, 0, row + rows - 1, 0, name)
    else:
        sheet.write(row, 0, name)


def _spell_row(rng: np.random.Generator, record: Mapping[Any, Any], codes: Sequence[str]) -> list[Cell]:
    below = record["below"].split(";")
    return [_spell(rng, code, record.get(code, np.nan), below=code in below) for code in codes]


def _build_limit_row(codes: Sequence[str]) -> list[Cell]:
    """The last row of a wide table: what `ND` above it means."""
    return ["检出限", None, *(_DETECTION.get(code) for code in codes), REMARK]


def _build_wide(world: World, section: Section, table: pd.DataFrame) -> pd.DataFrame:
    rng = world.random("spelling", section.section_id)
    codes = _list_columns(table)
    rows = [
        [section.name, f"{record['day']:%Y/%m/%d}", *_spell_row(rng, record, codes), REMARK]
        for record in table.to_dict("records")
    ]
    return pd.DataFrame(
        [*rows, _build_limit_row(codes)],
        columns=["断面名称", "采样日期", *map(_write_heading, codes), "备注"],
        dtype=object,
    )


def _build_long(section: Section, table: pd.DataFrame) -> pd.DataFrame:
    """One row per section, time and parameter; values below detection as `<limit`."""
    codes = _list_columns(table)
    melted = table.melt(["day", "period", "below"], codes, "code", "value").dropna(subset="value")
    melted = melted.sort_values(["day", "code"], kind="stable")
    names = standards.table("water_limits").drop_duplicates("code").set_index("code")["name_zh"]
    low = [code in below.split(";") for code, below in zip(melted["code"], melted["below"], strict=True)]
    return pd.DataFrame(
        {
            "断面名称": section.name,
            "采样时间": [f"{day:%Y-%m-%d} 09:30" for day in melted["day"]],
            "监测项目": melted["code"].map(names),
            "监测值": [
                f"{'<' * is_low}{value:g}" for is_low, value in zip(low, melted["value"], strict=True)
            ],
            "单位": [_UNITS.get(code, "mg/L") for code in melted["code"]],
            "备注": REMARK,
        }
    )


def _build_register(world: World, sections: Sequence[Section]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "section_id": [section.section_id for section in sections],
            "province": _PROVINCES.get(world.aoi.id, "模拟省"),
            "basin": "长江流域",
            "section": [section.name for section in sections],
            "aliases": [section.alias for section in sections],
            "water_body": "river",
            "target_class": [section.target_class for section in sections],
            "lon": [section.lon for section in sections],
            "lat": [section.lat for section in sections],
            "aoi": world.aoi.id,
            **{
                name: [getattr(section, name) for section in sections]
                for name in ("river", "reach", "upstream_unit", "downstream_unit")
            },
        }
    )


def _write_csv(table: pd.DataFrame, path: Path, encoding: str) -> None:
    path.write_bytes(table.to_csv(index=False, lineterminator="\r\n").encode(encoding))
