"""Surveys of the simulated world, in tables as messy as those that staff keep, and the tables beside them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from pipeline.ingest.simulate.species_plan import (
    BY_NAME,
    ONE_PERCENT,
    SPECIES,
    Living,
    Sighting,
    SurveySite,
)
from pipeline.ingest.simulate.world import World

SOURCE = "模拟调查数据（不是真实调查）"
"""What every sheet says."""

STRANGE = ("未知小鸭", "Carex sp.", "野鸭", "白头鹳")
"""Names that no species has, that name none, that two have, and that is misspelt."""

UNKNOWN_CODE = "无此宗地（模拟）"
_METHOD, _OBSERVERS = "样线法", ("模拟员甲、模拟员乙", "模拟水鸟调查一组")
_GROUPS = {"waterbird": "水鸟", "bird": "鸟类", "plant": "植物", "aquatic_plant": "水生植物", "fish": "鱼类"}
_GROUPS |= {"mammal": "兽类", "amphibian": "两栖动物"}
_BIRDS = frozenset({"bird", "waterbird"})
_DIGITS = str.maketrans("0123456789", "〇一二三四五六七八九")
_TENS = ("", "十", "二十", "三十")
_REPEATED = 2


def write_surveys(world: World, sightings: Sequence[Sighting], folder: Path) -> None:
    """`folder`/surveys: a workbook of birds, long and wide, one of plants, a CSV in GBK of fish by columns.

    Planted are merged cells of sites, Chinese dates, aliases, Latin names with authors, entries that stand
    twice, names that are none, counts that are bounds, and cells of what nobody surveyed.
    """
    (folder / "surveys").mkdir()
    name = folder / "surveys" / world.aoi.id
    birds = [one for one in sightings if one.group in _BIRDS]
    first = [period.label for period in world.periods[: max(1, len(world.periods) // 2)]]
    with _open_book(Path(f"{name}_鸟类同步调查_模拟.xlsx")) as book:
        early = [one for one in birds if one.period in first]
        _write_long(book.add_worksheet("长表"), early)
        _write_again(book.add_worksheet("补录"), early)
        for period in world.periods[len(first) :]:
            wide = [one for one in birds if one.period == period.label]
            _write_wide(book.add_worksheet(f"{period.label}期"), wide)
    with _open_book(Path(f"{name}_植物兽类_模拟.xlsx")) as book:
        _write_list(
            book.add_worksheet("样方记录"), [one for one in sightings if one.group not in {*_BIRDS, "fish"}]
        )
        _write_none(book.add_worksheet("两栖类"), [one for one in sightings if one.living is None])
    fish = _tabulate_fish([one for one in sightings if one.group == "fish"])
    Path(f"{name}_鱼类_模拟.csv").write_bytes(fish.to_csv(index=False, lineterminator="\r\n").encode("gbk"))


def write_references(sites: Sequence[SurveySite], folder: Path) -> None:
    """`folder`/names.xlsx, populations.xlsx, sites.csv and habitats.csv."""
    with _open_book(folder / "names.xlsx") as book:
        sheet = book.add_worksheet("名称表")
        sheet.merge_range(0, 0, 0, 3, f"物种名称表 {SOURCE}")
        sheet.write_row(1, 0, ["类群", "中文名", "拉丁学名", "别名"])
        for row, one in enumerate(SPECIES, start=2):
            sheet.write_row(row, 0, [_GROUPS[one.group], one.name, one.latin, one.aliases])
    with _open_book(folder / "populations.xlsx") as book:
        _write_populations(book.add_worksheet("种群数量"))
    places = [
        [one.site_id, one.name, one.alias, one.part, _write_angle(one.lon, "E"), f"{one.lat:.6f}"]
        for one in sites
    ]
    columns = ["样点编号", "样点名称", "别名", "样点群", "经度", "纬度"]
    pd.DataFrame(places, columns=columns).assign(备注=SOURCE).to_csv(folder / "sites.csv", index=False)
    habitats = [[one.alias, one.parcel] for one in sites if one.parcel] + [[sites[2].name, UNKNOWN_CODE]]
    table = pd.DataFrame(habitats, columns=["样点", "宗地编码"])
    table.assign(备注=SOURCE).to_csv(folder / "habitats.csv", index=False)


def _open_book(path: Path) -> xlsxwriter.Workbook:
    book = xlsxwriter.Workbook(path)
    book.set_properties({"title": SOURCE, "created": datetime(2024, 1, 1)})  # noqa: DTZ001  Excel has no zones
    return book


def _write_angle(degrees: float, sign: str) -> str:
    minutes = (degrees % 1) * 60
    return f"{int(degrees)}°{int(minutes):02d}′{minutes % 1 * 60:06.3f}″{sign}"


def _write_populations(sheet: Any) -> None:
    """1 % as told, the population alone of one species, an older estimate and one without a year."""
    sheet.merge_range(0, 0, 0, 6, f"水鸟种群数量 {SOURCE}")
    sheet.write_row(1, 0, ["物种", "学名", "迁飞区", "种群数量（万只）", "1%标准（只）", "估计年份", "来源"])
    rows: list[list[Any]] = [
        [name, BY_NAME[name].latin, "模拟迁飞区", "", value, "2021年", SOURCE]
        for name, value in ONE_PERCENT.items()
    ]
    for row in rows:
        if row[0] == "黑脸琵鹭":
            row[3:5] = [ONE_PERCENT["黑脸琵鹭"] / 100, ""]
    rows += [
        ["白头鹤", "", "模拟迁飞区", "", 12, "2012年", SOURCE],
        ["苍鹭", "", "模拟迁飞区", "", 1, "", SOURCE],
    ]
    for number, row in enumerate(rows, start=2):
        sheet.write_row(number, 0, row)


def _write_day(day: date, number: int) -> str | date:
    """A day as staff write it, one way after the other."""
    ways: tuple[str | date, ...] = (
        f"{day.year}年{day.month}月{day.day}日",
        _write_chinese(day),
        day,
        f"{day.year}.{day.month:02d}.{day.day:02d}",
    )
    return ways[number % len(ways)]


def _write_chinese(day: date) -> str:
    month, tens, ones = (_write_small(number) for number in (day.month, day.day // 10 * 10, day.day % 10))
    return f"{str(day.year).translate(_DIGITS)}年{month}月{tens}{ones}日"


def _write_small(number: int) -> str:
    """A number below 32 in Chinese, 0 as nothing."""
    tens, ones = divmod(number, 10)
    return _TENS[tens] + (str(ones).translate(_DIGITS) if ones else "")


def _name(living: Living, number: int) -> str:
    """A species as staff name it, one way after the other."""
    alias = living.aliases.replace(";", "、").split("、")[0]
    ways = (living.name, alias, f"{living.name} {living.latin}", living.latin, f"{number + 1}. {living.name}")
    return ways[number % len(ways)]


def _write_cells(sheet: Any, row: int, column: int, values: Sequence[object]) -> None:
    for place, value in enumerate(values, start=column):
        if isinstance(value, str) and value.isdigit():
            sheet.write_number(row, place, int(value))
        elif isinstance(value, date):
            # a number of days, as a cell without a format holds it
            sheet.write_number(row, place, (value - date(1899, 12, 30)).days)
        else:
            sheet.write(row, place, value)


def _merge(sheet: Any, corners: tuple[int, int, int, int], value: object) -> None:
    """A value over cells of the first to the last row and column."""
    top, left, bottom, right = corners
    if (top, left) != (bottom, right):
        sheet.merge_range(top, left, bottom, right, "")
    _write_cells(sheet, top, left, [value])


def _write_long(sheet: Any, sightings: Sequence[Sighting]) -> None:
    """A row by species; the cells of site and day are merged over the rows of a survey."""
    sheet.merge_range(0, 0, 0, 6, f"鸟类调查记录表 {SOURCE}")
    sheet.write_row(1, 0, ["序号", "物种", "样点", "日期", "数量（只）", "方法", "调查人"])
    row = 2
    for number, ((site, day), group) in enumerate(
        groupby(sorted(sightings, key=_name_survey), key=lambda one: (one.site.name, one.day))
    ):
        surveyed = list(group)
        for place, one in enumerate(surveyed):
            _write_cells(sheet, row + place, 0, [str(place + 1), _name(_living(one), place)])
            _write_cells(sheet, row + place, 4, [one.count.text, _METHOD, _name_observers(one.site)])
        for column, value in ((2, site), (3, _write_day(day, number))):
            _merge(sheet, (row, column, row + len(surveyed) - 1, column), value)
        row += len(surveyed)
    sheet.write_row(row, 0, ["合计", "", "", "", len(sightings)])


def _name_survey(sighting: Sighting) -> tuple[str, str, date]:
    return sighting.period, sighting.site.name, sighting.day


def _name_observers(site: SurveySite) -> str:
    return _OBSERVERS[site.letter in "乙丁"]


def _living(sighting: Sighting) -> Living:
    assert sighting.living
    return sighting.living


def _write_again(sheet: Any, sightings: Sequence[Sighting]) -> None:
    """Two entries once more, and names that are none."""
    sheet.write_row(0, 0, [f"补录 {SOURCE}"])
    sheet.write_row(1, 0, ["鸟种", "监测点", "调查时间", "个体数", "调查方法", "调查人员"])
    here = sorted((one for one in sightings if one.site.letter != "外"), key=_name_survey)
    site, day = here[0].site, here[0].day.isoformat()
    told = [(_living(one).name, one.count.text) for one in here[:_REPEATED]]
    for row, (name, count) in enumerate([*told, *((name, "3") for name in STRANGE)], start=2):
        _write_cells(sheet, row, 0, [name, site.alias, day, count, _METHOD, _name_observers(site)])


def _write_wide(sheet: Any, sightings: Sequence[Sighting]) -> None:
    """A row by species, a column by day and site; on the second day nobody went to the second site."""
    days = sorted({one.day for one in sightings})
    counts = {(_living(one).name, one.day, one.site.name): one.count.text for one in sightings}
    columns = sorted({(one.day, one.site.name) for one in sightings})
    unseen = (days[-1], min(one.site.name for one in sightings if one.site.letter == "乙"))
    columns = sorted({*columns, unseen})
    sheet.write_row(0, 0, [f"调查方法：{_METHOD}  调查人：{_OBSERVERS[1]}  备注：{SOURCE}"])
    sheet.merge_range(1, 0, 2, 0, "物种")
    for number, day in enumerate(days):
        places = [place for place, (one, _) in enumerate(columns, start=1) if one == day]
        _merge(sheet, (1, places[0], 1, places[-1]), _write_day(day, number))
    _write_cells(sheet, 2, 1, [site for _, site in columns])
    names = list(dict.fromkeys(_living(one).name for one in sightings))
    sheet.write_row(3, 0, ["雁形目 ANSERIFORMES"])
    for row, name in enumerate(names, start=4):
        texts = ["未调查" if column == unseen else counts.get((name, *column), "") for column in columns]
        genus_and_species = " ".join(BY_NAME[name].latin.split()[:2])
        _write_cells(sheet, row, 0, [f"{name}（{genus_and_species}）", *texts])


def _write_list(sheet: Any, sightings: Sequence[Sighting]) -> None:
    """Plants and mammals, that are there or not, under their families."""
    sheet.merge_range(0, 0, 0, 4, f"样方和红外相机记录 {SOURCE}")
    sheet.write_row(1, 0, ["中文名", "拉丁名", "样地编号", "调查日期", "多度", "备注"])
    marks = ("若干", "+", "有", "√")
    sheet.write_row(2, 0, ["禾本科 Poaceae"])
    named = [one for one in sightings if one.living]
    for row, one in enumerate(named, start=3):
        living, day = _living(one), _write_day(one.day, row)
        cells = [living.name, living.latin, one.site.site_id, day, marks[row % len(marks)], SOURCE]
        _write_cells(sheet, row, 0, cells)


def _write_none(sheet: Any, sightings: Sequence[Sighting]) -> None:
    """Surveys that found nothing of their group."""
    sheet.write_row(0, 0, [f"两栖类样线 {SOURCE}"])
    sheet.write_row(1, 0, ["物种", "样点", "日期", "数量"])
    for row, one in enumerate(sightings, start=2):
        _write_cells(sheet, row, 0, ["未发现", one.site.name, one.day.isoformat(), ""])


def _tabulate_fish(sightings: Sequence[Sighting]) -> pd.DataFrame:
    """A row by site and day, a column by species, and a row of a site that nobody went to."""
    return pd.DataFrame([*_list_hauls(sightings)]).fillna("")


def _list_hauls(sightings: Sequence[Sighting]) -> Iterator[Mapping[str, object]]:
    names = list(dict.fromkeys(_living(one).name for one in sightings))
    for (_, site, day), group in groupby(sorted(sightings, key=_name_survey), key=_name_survey):
        counts = {_living(one).name: one.count.text for one in group}
        day_text = f"{day.year}年{day.month}月{day.day}日"
        yield {"采样点": site, "采样日期": day_text, **{name: counts[name] for name in names}, "备注": SOURCE}
    last = max(sightings, key=_name_survey)
    other = min(one.site.name for one in sightings if one.site.letter == "乙")
    yield {
        "采样点": other,
        "采样日期": last.day.isoformat(),
        **dict.fromkeys(names, "未调查"),
        "备注": SOURCE,
    }
