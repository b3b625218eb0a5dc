"""Targets of the simulated world: a workbook as messy as those of offices, and the statuses planted in it.

What an area is like is known from the truth of the world; each target is put so far beside it that no noise
of maps can change its status.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from pipeline.ingest.simulate.target_paths import TARGET_SOURCE
from pipeline.ingest.simulate.towns import build_towns
from pipeline.ingest.simulate.world import SIMULATED, World
from pipeline.periods import Period

_BOOK = "目标任务表"
_MARGIN = 0.05
_FITTING = (0.15, 0.85)
"""A share between these is so far from 0 and 1 that targets fit on both sides of it."""
_YEARS_AHEAD = 8
_GOOD = 3
_NAMES = {
    "class_share:vegetation": "植被占比",
    "class_share:water": "水体占比",
    "class_share:bare": "裸地占比",
    "class_share:built": "建设用地占比",
}
_OFFICES = ("模拟生态环境局", "模拟林业局", "模拟农业农村局")
_QUARTERS = "一二三四"
_HEADINGS = (
    "序号", "考核指标", "区域/乡镇", "完成时限", "要求", "目标值", "单位", "权重(%)", "基期值（{base}年）",
    "允许偏差", "责任单位",
)  # fmt: skip


@dataclass(frozen=True)
class Planned:
    """A target as it is typed, and the status it has in the last period; None where it must be rejected."""

    indicator: str
    name: str
    place: str
    when: str
    direction: str
    target: str | float
    unit: str
    weight: float
    status: str | None
    period: str = ""
    baseline: float | None = None
    tolerance: str = ""
    in_percent: bool = False
    needs: str = ""

    @property
    def told(self) -> dict[str, Any]:
        """What truth.json says of it."""
        named = ("indicator", "name", "place", "period", "status", "weight", "needs")
        return {name: getattr(self, name) for name in named}


def write_targets(world: World, base: Path, folder: Path) -> None:
    """`folder`/目标任务表.xlsx of two sheets, and `folder`/truth.json with the status of every row."""
    truth = json.loads((base / "truth.json").read_text(encoding="utf-8"))
    planned = plan_targets(world, truth)
    by_year = _plan_years(world, truth)
    with xlsxwriter.Workbook(folder / f"{world.aoi.id}_{_BOOK}.xlsx") as book:
        book.set_properties({"title": TARGET_SOURCE, "created": datetime(2024, 1, 1)})  # noqa: DTZ001  Excel has no zones
        percent = book.add_format({"num_format": "0.0%"})
        _write_rows(book.add_worksheet("目标任务"), world, planned, percent)
        _write_wide(book.add_worksheet("分期目标"), world, by_year)
    content = {"simulated": SIMULATED, "targets": [one.told for one in (*planned, *by_year)]}
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / "truth.json").write_text(text, encoding="utf-8")


def plan_targets(world: World, truth: Mapping[str, Any]) -> list[Planned]:
    """Targets of the last period and of a year to come, beside what the area then is like; two are faulty."""
    last = world.periods[-1]
    shares = measure_shares(truth["periods"][last.label])
    code = max((name for name, share in shares.items() if share < _FITTING[1]), key=shares.__getitem__)
    share = shares[code]
    good = _measure_good(truth["sections"], last.label)
    town = str(build_towns(world)["XZQMC"].iloc[0])
    here, now, of_last = world.aoi.name_zh, _name_period(last), last.label
    faulty = [
        _plan("", "蓝天白云满意度", here, now, "不低于", "95%", "", 5, None, of_last),
        _plan(code, _NAMES[code], here, now, "等于", 0.5, "", 5, None, of_last),
    ]
    of_towns = _plan(
        "gdp", "地区生产总值（GDP）", town, now, "大于", "0.01", "万元", 10, "met", of_last, needs="gdp_gep"
    )
    return [
        *_plan_last(world, last, (code, share), good),
        *_plan_later(here, last, code, share),
        of_towns,
        *faulty,
    ]


def _plan_last(world: World, last: Period, held: tuple[str, float], good: float | None) -> Iterator[Planned]:
    """Targets that are due in the last period; their weights are 100 with the one of the other sheet."""
    (code, share), here, now = held, world.aoi.name_zh, _name_period(last)
    least, name = f"{100 * (share - _MARGIN):.1f}", _NAMES[held[0]]
    yield _plan(code, name, here, now, "不低于", f"{least}%", "", 40, "met", last.label)
    yield _plan(code, name, here, now, "", f"≤{least}", "%", 30, "failed", last.label)
    floor, status = (0.5, "unknown") if good is None else (math.floor(100 * good) / 100, "met")
    yield _plan(
        "good_section_share", "水质优良断面比例", here, now, "≥", floor, "比例", 20, status, last.label
    )


def _plan_later(here: str, last: Period, code: str, share: float) -> Iterator[Planned]:
    """Targets of a year to come; of the third no baseline is told."""
    later, then, passed = _look_ahead(last)
    for direction, target, weight, status in (
        ("不低于", share + _MARGIN, 40, "on_course"),
        ("不高于", share - 2 * _MARGIN, 30, "behind"),
    ):
        yield _plan(
            code, _NAMES[code], here, later, direction, target, "", weight, status, then,
            baseline=_find_baseline(target, share - _MARGIN, passed), tolerance="2个百分点", in_percent=True,
        )  # fmt: skip
    most = f"{100 * (share + 2 * _MARGIN):.1f}％"
    yield _plan(code, _NAMES[code], here, later, "高于", most, "%", 20, "unknown", then)


def measure_shares(told: Mapping[str, Any]) -> dict[str, float]:
    """Shares of the classes of a period in its area."""
    areas = told["class_area_m2"]
    return {
        f"class_share:{key}": area / sum(areas.values()) for key, area in sorted(areas.items(), reverse=True)
    }


def _plan(*facts: Any, **more: Any) -> Planned:
    indicator, name, place, when, direction, target, unit, weight, status, period = facts
    return Planned(indicator, name, place, when, direction, target, unit, weight, status, period, **more)


def _plan_years(world: World, truth: Mapping[str, Any]) -> list[Planned]:
    """Water in the first and in the last period, which is met in both."""
    code = "class_share:water"
    return [
        _plan(
            code, _NAMES[code], world.aoi.name_zh, _name_period(period), "不高于",
            round(100 * min(measure_shares(truth["periods"][period.label])[code] + _MARGIN, 1.0), 1), "%", 10,
            "met", period.label,
        )
        for period in dict.fromkeys((world.periods[0], world.periods[-1]))
    ]  # fmt: skip


def _measure_good(sections: Mapping[str, Any], label: str) -> float | None:
    """Share of sections of class III or better in a period; None where none has a class."""
    grades = [one["periods"].get(label, {}).get("water_class") for one in sections.values()]
    known = [grade for grade in grades if grade is not None]
    return sum(grade <= _GOOD for grade in known) / len(known) if known else None


def _look_ahead(last: Period) -> tuple[str, str, float]:
    """A year to come as staff write it, its last day, and how much of the time from the base year is over."""
    base, end = date(last.first.year - 1, 12, 31), date(last.last.year + _YEARS_AHEAD, 12, 31)
    return f"{end.year}年底", end.isoformat(), (last.last - base).days / (end - base).days


def _find_baseline(target: float, course: float, passed: float) -> float:
    """The baseline from which the line to a target is at `course` when so much of the time is over."""
    return (course - passed * target) / (1 - passed)


def _name_period(period: Period) -> str:
    """A period as staff write it."""
    if "Q" in period.label:
        year, _, number = period.label.partition("Q")
        return f"{year}年{_QUARTERS[int(number) - 1]}季度"
    return f"{period.label}年" if len(period.label) == len("2024") else period.label


def _write_rows(sheet: Any, world: World, planned: Sequence[Planned], percent: Any) -> None:
    """A title over all columns, headings in the second row, the office merged over rows, a total below."""
    base = world.periods[-1].first.year - 1
    headings = [heading.format(base=base) for heading in _HEADINGS]
    sheet.merge_range(0, 0, 0, len(headings) - 1, f"{world.aoi.name_zh}生态目标任务分解表（{TARGET_SOURCE}）")
    sheet.write_row(1, 0, headings)
    for row, one in enumerate(planned, start=2):
        sheet.write_row(row, 0, [row - 1, one.name, one.place, one.when, one.direction])
        sheet.write(row, 5, one.target, *((percent,) if one.in_percent else ()))
        sheet.write_row(row, 6, [one.unit, one.weight])
        if one.baseline is not None:
            sheet.write(row, 8, one.baseline, percent)
        sheet.write(row, 9, one.tolerance)
    sheet.merge_range(2, 10, len(planned), 10, _OFFICES[0])
    sheet.write(len(planned) + 1, 10, _OFFICES[1])
    sheet.write_row(len(planned) + 2, 0, ["合计", "", "", "", "", "", "", sum(one.weight for one in planned)])
    sheet.write(len(planned) + 3, 0, f"注：{TARGET_SOURCE}")


def _write_wide(sheet: Any, world: World, planned: Sequence[Planned]) -> None:
    """A column a period under a common heading."""
    sheet.write(0, 0, f"{world.aoi.name_zh}分期目标（{TARGET_SOURCE}）")
    sheet.merge_range(1, 0, 2, 0, "指标名称")
    sheet.merge_range(1, 1, 2, 1, "乡镇（街道）")
    sheet.merge_range(1, 2, 2, 2, "计量单位")
    if len(planned) > 1:
        sheet.merge_range(1, 3, 1, 2 + len(planned), "目标值")
    else:
        sheet.write(1, 3, "目标值")
    sheet.merge_range(1, 3 + len(planned), 2, 3 + len(planned), "权重")
    sheet.merge_range(1, 4 + len(planned), 2, 4 + len(planned), "牵头单位")
    sheet.merge_range(1, 5 + len(planned), 2, 5 + len(planned), "方向")
    sheet.write_row(2, 3, [one.when for one in planned])
    first = planned[0]
    figures = [one.target for one in planned]
    row = [first.name, first.place, first.unit, *figures, first.weight, _OFFICES[2], first.direction]
    sheet.write_row(3, 0, row)
