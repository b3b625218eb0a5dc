"""Trend of a parameter at a section over periods: Spearman's rank correlation against critical values."""

import numpy as np
import pandas as pd

from pipeline import standards
from pipeline.indices.sections.means import melt_means

RISING, FALLING, STEADY = "上升", "下降", "无显著趋势"
TOO_FEW = "有数据的时段少于{least}个 (fewer than {least} periods with data)"

_COLUMNS = [
    "section_id", "section", "parameter", "periods", "first_period", "last_period",
    "rs", "critical", "trend", "indicative", "reason",
]  # fmt: skip
UNCONFIRMED = "秩相关临界值未核实 (critical values from knowledge, unconfirmed)"


def compute_trends(status: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    """Trend of every mean at every section over the periods `order`, the labels from first to last.

    rs = 1 - 6 sum d^2 / (N^3 - N), d being the difference of the ranks of time and of value (mean ranks for
    ties). `trend` is 上升 or 下降 of the value where |rs| reaches the critical value, else 无显著趋势; for
    N between two tabled numbers, or above them, the value of the next smaller one, which is stricter. Null
    with the reason where fewer periods have data than the table begins with.
    """
    rows = melt_means(status, ["section_id", "section", "period"])
    keys = ["section_id", "section", "parameter"]
    rows = rows.assign(time=rows["period"].map({label: number for number, label in enumerate(order)}))
    rows = rows.dropna(subset="time").sort_values([*keys, "time"], kind="stable")
    groups = rows.groupby(keys, sort=False)
    rows["squares"] = (groups["time"].rank() - groups["mean"].rank()) ** 2
    found = rows.groupby(keys, sort=False).agg(
        periods=("time", "size"),
        first_period=("period", "first"),
        last_period=("period", "last"),
        squares=("squares", "sum"),
    )
    return _judge(found.reset_index())


def _judge(found: pd.DataFrame) -> pd.DataFrame:
    number = found["periods"].astype(float)
    critical = _list_critical(number)
    enough = critical.notna()
    rs = (1 - 6 * found["squares"].astype(float) / (number**3 - number).where(enough)).where(enough)
    direction = pd.Series(np.where(rs > 0, RISING, FALLING), index=found.index, dtype=object)
    least = standards.table("spearman_critical")["periods"].iloc[0]
    return found.assign(
        rs=rs,
        critical=critical,
        trend=direction.where(rs.abs() >= critical, STEADY).where(enough, None),
        indicative=pd.Series(UNCONFIRMED, index=found.index, dtype=object).where(enough, None),
        reason=pd.Series(TOO_FEW.format(least=least), index=found.index, dtype=object).mask(enough, None),
    )[_COLUMNS]


def _list_critical(periods: pd.Series) -> pd.Series:
    table = standards.table("spearman_critical")
    place = np.searchsorted(table["periods"].astype(int), periods, side="right")
    values = np.append(np.nan, table["critical"].astype(float))
    return pd.Series(values[place], index=periods.index)
