"""What changed in each parcel against the last period, and why: the columns `chg_*` of the inventory."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from pipeline.geodesy import SQUARE_METRES_PER_HECTARE
from pipeline.legends import LAND_COVER
from pipeline.periods import Period
from pipeline.rights_registry.findings import take_before

COLUMNS = (
    "chg_from",
    "chg_quality",
    *(f"chg_{entry.key}_ha" for entry in LAND_COVER.classes),
    "chg_seen_share",
    "chg_reason",
)
SHOWN_HA = 0.005
"""Net changes from here on are named in words; less is nothing at two decimals."""


def add_changes(rows: pd.DataFrame, periods: Sequence[Period]) -> pd.DataFrame:
    """Rows of `join_observations` (with `quality_grade`, `change`) with COLUMNS.

    `chg_from` is the last period, null in the first. `chg_quality` is 提高, 降低 or 不变 of the grade's value
    (for water, whose classes count up, a lower number is better). `chg_<class>_ha` is what a class gained
    less what it lost where both periods saw the ground, `chg_seen_share` the share of the parcel for which
    that is so. `chg_reason` says in words what moved, or why nothing can be said.
    """
    before = {second.label: first.label for first, second in pairwise(periods)}
    better = rows["change"].where(rows["water_class"].isna(), -rows["change"])
    words = np.select([better > 0, better < 0, better == 0], ["提高", "降低", "不变"], default="")
    words = words.astype(object)
    words[words == ""] = None
    rows = rows.assign(
        chg_from=rows["period"].map(before).astype(object).where(rows["both_seen_m2"].notna(), None),
        chg_quality=words,
        chg_seen_share=rows["both_seen_m2"] / rows["area_m2"],
        **{
            f"chg_{entry.key}_ha": (rows[f"{entry.key}_gained_m2"] - rows[f"{entry.key}_lost_m2"])
            / SQUARE_METRES_PER_HECTARE
            for entry in LAND_COVER.classes
        },
    )
    return rows.assign(chg_reason=_explain(rows, rows["period"].eq(periods[0].label)))


def _explain(rows: pd.DataFrame, earliest: pd.Series) -> pd.Series:
    """Why a row changed, in words; why it cannot be told where it cannot."""
    first = rows["chg_from"].isna()
    unseen = ~first & rows["chg_seen_share"].fillna(0).eq(0)
    text = "两期均可见 " + (100 * rows["chg_seen_share"]).map("{:.1f}%".format).astype(object)
    said = pd.Series("", index=rows.index, dtype=object)
    for entry in LAND_COVER.classes:
        net = rows[f"chg_{entry.key}_ha"].astype(float)
        net = net[net.abs().ge(SHOWN_HA)]
        said[net.index] += "、" + entry.name_zh + net.map("{:+.2f} 公顷".format).astype(object)
    moved = ("：" + said.str[1:]).where(said != "", "，地表覆盖净变化不足 0.01 公顷")
    text = (text + moved).where(~unseen, "两期没有共同可见的部分")
    grade = rows["quality_grade"].astype(object)
    last = take_before(grade, earliest)
    passed = grade.notna() & last.notna() & (grade != last)
    text[passed] += "；质量等级 " + last[passed] + "→" + grade[passed]
    told: pd.Series = text.where(~first, "首期，无上期可比")
    return told
