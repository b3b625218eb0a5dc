"""GDP and GEP by town of the simulated world, in a workbook as an office publishes them."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from pipeline.ingest.simulate.climate import list_years
from pipeline.ingest.simulate.towns import build_towns
from pipeline.ingest.simulate.world import SIMULATED, World
from pipeline.ingest.simulate.yearbook import SOURCE, list_figures

_BOOK = "GDP与GEP"
_YUAN_IN_WAN, _YUAN_IN_YI = 10_000, 100_000_000
_GEP_TO_GDP = (0.2, 2.4)
_SHARES = (0.5, 1.5)
_SWING = (0.92, 1.08)

Amounts = Mapping[tuple[str, int], int]
"""Yuan by town and year, whole 万元."""


def write_gdp_gep(world: World, _: Path, folder: Path) -> None:
    """`folder`/GDP与GEP.xlsx: a row a town, a column a year, GDP in 万元, GEP in 亿元; `folder`/truth.json.

    Towns share the GDP of the area that its yearbook prints. In the first year the first two have the same.
    """
    gdp = _share_out_gdp(world)
    gep = {key: _draw_gep(world, key, amount) for key, amount in gdp.items()}
    _write_book(world, gdp, gep, folder / f"{world.aoi.id}_{_BOOK}.xlsx")
    content = {"simulated": SIMULATED, "regions": _describe(world, gdp, gep)}
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / "truth.json").write_text(text, encoding="utf-8")


def _share_out_gdp(world: World) -> dict[tuple[str, int], int]:
    """GDP of each town and year in yuan: whole 万元 that sum to what the yearbook prints of the area."""
    towns = list(build_towns(world)["XZQDM"])
    printed = {
        figure.year: round(figure.value) for figure in list_figures(world) if figure.kept.item == "gdp"
    }
    sizes = world.random("gdp of towns").uniform(*_SHARES, len(towns))
    found: dict[tuple[str, int], int] = {}
    for year, whole in printed.items():
        weights = sizes * world.random("gdp of towns", year).uniform(*_SWING, len(towns))
        if year == min(printed):
            weights[1] = weights[0]
        units = [int(whole / _YUAN_IN_WAN * weight / weights.sum()) for weight in weights]
        units[-1] += whole // _YUAN_IN_WAN - sum(units)
        found |= {(town, year): unit * _YUAN_IN_WAN for town, unit in zip(towns, units, strict=True)}
    return found


def _draw_gep(world: World, key: tuple[str, int], gdp: int) -> int:
    town, year = key
    ratio = float(world.random("gep of towns", town).uniform(*_GEP_TO_GDP))
    ratio *= float(world.random("gep of towns", town, year).uniform(*_SWING))
    return max(1, round(gdp * ratio / _YUAN_IN_WAN)) * _YUAN_IN_WAN


def _write_book(world: World, gdp: Amounts, gep: Amounts, path: Path) -> None:
    towns = build_towns(world)
    names = dict(zip(towns["XZQDM"], towns["XZQMC"], strict=True))
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"title": SOURCE, "created": datetime(2024, 1, 1)})  # noqa: DTZ001  Excel has no zones
        for title, unit, amounts in (
            ("地区生产总值", ("万元", _YUAN_IN_WAN), gdp),
            ("生态产品总值", ("亿元", _YUAN_IN_YI), gep),
        ):
            _write_sheet(book.add_worksheet(title), (title, unit), names, amounts, list_years(world))


def _write_sheet(
    sheet: Any,
    of: tuple[str, tuple[str, int]],
    names: Mapping[str, str],
    amounts: Amounts,
    years: Sequence[int],
) -> None:
    """A title over all columns, headings in the third row, a total below."""
    title, (unit, size) = of
    sheet.merge_range(0, 0, 0, len(years) + 1, f"分镇{title}{SOURCE}")
    sheet.write(1, 0, f"数据来源：{SOURCE}")
    sheet.write_row(2, 0, ["乡镇", "指标", *(f"{year}年（{unit}）" for year in years)])
    for row, (town, name) in enumerate(names.items(), start=3):
        sheet.write_row(row, 0, [name, title, *(amounts[town, year] / size for year in years)])
    sums = [sum(amounts[town, year] for town in names) / size for year in years]
    sheet.write_row(len(names) + 3, 0, ["合计", title, *sums])


def _describe(world: World, gdp: Amounts, gep: Amounts) -> dict[str, Any]:
    """By town and year: both amounts, ranks, the ratio, changes since the year before."""
    towns = sorted({town for town, _ in gdp})
    years = list_years(world)
    found: dict[str, Any] = {town: {} for town in towns}
    for year in years:
        for town in towns:
            now = {"gdp_yuan": gdp[town, year], "gep_yuan": gep[town, year]}
            before = {"gdp": gdp.get((town, year - 1)), "gep": gep.get((town, year - 1))}
            found[town][str(year)] = {
                **now,
                "gdp_rank": 1 + sum(gdp[other, year] > gdp[town, year] for other in towns),
                "gep_rank": 1 + sum(gep[other, year] > gep[town, year] for other in towns),
                "ratio": gep[town, year] / gdp[town, year],
                **{
                    f"{name}_change": None if then is None else now[f"{name}_yuan"] / then - 1
                    for name, then in before.items()
                },
            }
    return found
