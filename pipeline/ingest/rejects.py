"""What of files is not used: where it stands, what was found, what was expected, what to do."""

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


HIDDEN = Advice("未隐藏的工作表 / a sheet that is not hidden", "取消隐藏后再读 / unhide it")
UNREADABLE = Advice("可读的表格文件 / a file of tables that can be read", "另存为 .xlsx 或 .csv / save it so")
MERGED = Advice(
    "每格一个数，未合并 / a figure of its own in every cell",
    "取消合并，分别填写 / unmerge the cells and fill each of them",
)
TWO_UNITS = Advice("一个单位 / one unit", "改正其中之一 / mend one of them")
REPEATED = Advice("一处即可 / one place", "与 {place} 相同，只用一次 / equal to {place}: used once")
CONTRADICTED = Advice(
    "同一数只有一个值 / one value of one thing",
    "与 {place} 不同，都不使用；改正或删去其一 / differs from {place}: neither is used; mend or delete one",
)
DOUBLED = Advice(
    "每种列只有一列 / one column of a kind",
    "改名或删去其余的列，或拆成两张表 / rename the others, or make two tables",
)
NEGATIVE = Advice("不小于 0 的数 / a number not below 0", "改正 / mend it")
NOT_A_FIGURE = Advice("一个数 / a number", "改成数字，或留空 / write a number, or nothing")
NO_HEADINGS = Advice(
    "一行表头 / a row of headings",
    "写上表头，或在配置的 columns 中指明 / write headings, or name them in columns of the config",
)
NO_UNIT = Advice(
    "单位 / a unit",
    "写在表头括号内、“单位”列或“单位：”行 / in brackets in the heading, in a column or a line 单位",
)
NO_YEAR = Advice(
    "完整年份，1950 至 2099 / a whole year from 1950 to 2099",
    "加“年份”列，或在配置中写 year / add a column of years, or set year in the config",
)
SAID = Advice("按所存内容读取 / read as it is stored", "核对后无需处理 / nothing, once you have looked at it")
WRONG_UNIT = Advice(
    "可换算为 {units} 的单位 / a unit that can be brought to {units}",
    "改正单位，或换算后填写 / mend the unit, or convert the figure",
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
    """The table of rejects (REJECTED), in the order of files, sheets and rows."""
    known = list(dict.fromkeys(rejects))
    rows = [{**asdict(one), **asdict(one.advice)} for one in known]
    table = pd.DataFrame(rows, columns=list(contracts.REJECTED.columns))
    ordered = table.sort_values(["file", "sheet", "row"], kind="stable").reset_index(drop=True)
    checked: pd.DataFrame = contracts.check_table(ordered, contracts.REJECTED)
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
