"""What of the statistics is not used: where it stands, what was found, what was expected, what to do."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pandas as pd

from pipeline import contracts
from pipeline.errors import Problem


@dataclass(frozen=True)
class Advice:
    """What should have stood in a place, and what to do about it."""

    expected: str
    todo: str


NO_HEADINGS = Advice(
    "一行表头：指标、地区、年份等 / a row of headings: item, region, year and the like",
    "写上表头，或在配置 statistics 的 columns 中指明 / write headings, or name them in columns of the config",
)
HIDDEN = Advice("未隐藏的工作表 / a sheet that is not hidden", "取消隐藏后再读 / unhide it")
SAID = Advice("按所存内容读取 / read as it is stored", "核对后无需处理 / nothing, once you have looked at it")
UNREADABLE = Advice("可读的表格文件 / a file of tables that can be read", "另存为 .xlsx 或 .csv / save it so")
DOUBLED = Advice(
    "每种列只有一列 / one column of a kind",
    "改名或删去其余的列，或拆成两张表 / rename the others, or make two tables",
)
UNKNOWN_COLUMN = Advice(
    "全年数值的指标、年份或区域作表头 / a heading that names an item, a year or a region, of a whole year",
    "如需使用，在 columns 中指明 / name it in columns, if it is to be used",
)
UNKNOWN_ITEM = Advice(
    "已知指标或其代码 / a known item or its code (standards/statistic_items.csv)",
    "改用已知名称，或写代码，如 visits；产品写 output.agriculture_managed 并给出产品名 / use such a name or "
    "code, of products output.agriculture_managed and the name of the product",
)
NO_REGION = Advice(
    "区域名称或标识 / the name or id of a region",
    "加“地区”列，或在配置中写 region / add a column of regions, or set region in the config",
)
ELSEWHERE = Advice(
    "本区或其镇村 / this area or one of its regions",
    "别处的数不用；若属本区，在配置中写 names / not used; if it is of here, say so by names in the config",
)
A_TOTAL = Advice(
    "各区域的数；合计只作核对 / figures of regions; a total is only held against their sum",
    "若合计即全区，请写全区的名称或标识 / where it is that of the area, write the area's name or id",
)
NO_YEAR = Advice(
    "完整年份，1950 至 2099 / a whole year from 1950 to 2099",
    "加“年份”列，或在配置中写 year / add a column of years, or set year in the config",
)
TWO_THINGS = Advice(
    "行与列表头说的一致 / rows and headings that say the same",
    "改正其中之一 / mend one of them",
)
NOT_A_FIGURE = Advice("一个数 / a number", "改成数字，或留空 / write a number, or nothing")
MERGED = Advice(
    "每格一个数，未合并 / a figure of its own in every cell",
    "取消合并，分别填写 / unmerge the cells and fill each of them",
)
NO_UNIT = Advice(
    "单位 / a unit",
    "写在表头括号内、“单位”列或“单位：”行 / in brackets in the heading, in a column or a line 单位",
)
WRONG_UNIT = Advice(
    "可换算为 {units} 的单位 / a unit that can be brought to {units} (standards/statistic_units.csv)",
    "改正单位，或换算后填写 / mend the unit, or convert the figure",
)
TWO_UNITS = Advice("一个单位 / one unit", "改正其中之一 / mend one of them")
NEGATIVE = Advice("不小于 0 的数 / a number not below 0", "改正 / mend it")
TOO_MUCH = Advice(
    "不大于 {most} {unit} / at most {most} {unit}", "改正数或单位 / mend the figure or its unit"
)
REPEATED = Advice("一处即可 / one place", "与 {place} 相同，只用一次 / equal to {place}: used once")
CONTRADICTED = Advice(
    "同一数只有一个值 / one value of one thing",
    "与 {place} 不同，都不使用；改正或删去其一 / differs from {place}: neither is used; mend or delete one",
)
TOTAL_DIFFERS = Advice(
    "各区域之和 {sum} / the sum of the regions, {sum}",
    "这些数都不使用；改正错误的数或补上缺少的行 / none is used: mend the wrong one, or add what lacks",
)
SUM_OF_PRODUCTS = Advice(
    "产品，不是其合计 / products, not their sum",
    "其中各项已另外给出，合计不再计入 / its parts are given as well, and count",
)
WRONG_PRICE_UNIT = Advice(
    "按产量单位计的价格 {units} / a price by the unit of the output, {units}",
    "改正价格或产量的单位 / mend the unit of one of them",
)
BY_REGIONS = Advice(
    "各镇村之和 {sum} / the sum of the regions, {sum}",
    "相差在末位舍入之内，按各镇村之和计 / they differ by the last place: the sum of the regions counts",
)
AREA_DIFFERS = Advice(
    "全区不小于各镇村之和 {sum} / an area of no less than its regions, {sum}; all of them are it",
    "全区与各镇村的数都不使用；改正错误的数 / neither is used: mend the wrong figure",
)


@dataclass(frozen=True)
class Reject:
    """One thing that is not used; `row` is 0 for a whole sheet or file."""

    file: str
    sheet: str
    row: int
    column: str
    found: str
    advice: Advice

    def fill(self, **facts: object) -> "Reject":
        """The same with facts in the words of its advice."""
        words = Advice(self.advice.expected.format(**facts), self.advice.todo.format(**facts))
        return Reject(self.file, self.sheet, self.row, self.column, self.found, words)


def tabulate_rejects(rejects: Iterable[Reject]) -> pd.DataFrame:
    """The table of rejects (STATISTICS_REJECTED), in the order of files, sheets and rows."""
    known = list(dict.fromkeys(rejects))
    rows = [{**asdict(one), **asdict(one.advice)} for one in known]
    table = pd.DataFrame(rows, columns=list(contracts.STATISTICS_REJECTED.columns))
    ordered = table.sort_values(["file", "sheet", "row"], kind="stable").reset_index(drop=True)
    checked: pd.DataFrame = contracts.check_table(ordered, contracts.STATISTICS_REJECTED)
    return checked


def explain_rejects(rejects: pd.DataFrame) -> list[Problem]:
    """Rejects as problems of the user's data."""
    return [
        Problem(
            ", ".join(part for part in (file, sheet, f"row {row}" if row else "", column) if part),
            found, expected, todo,
        )
        for file, sheet, row, column, found, expected, todo in rejects.itertuples(index=False)
    ]  # fmt: skip
