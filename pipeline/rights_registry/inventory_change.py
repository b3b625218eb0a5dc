"""What changed in each parcel against the last period, and why: the columns `chg_*` of the inventory."""

from collections.abc import Sequence
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.geodesy import SQUARE_METRES_PER_HECTARE
from pipeline.legends import LAND_COVER
from pipeline.periods import Period

COLUMNS = (
    "chg_from",
    "chg_quality",
    *(f"chg_{entry.key}_ha" for entry in LAND_COVER.classes),
    "chg_seen_share",
    "chg_reason",
)
SHOWN_HA = 0.005
"""Net changes from here on are named in words; less is nothing at two decimals."""
_GAINED, _LOST = "gained_area:", "lost_area:"


def add_changes(
    rows: gpd.GeoDataFrame, measures: pd.DataFrame, periods: Sequence[Period]
) -> gpd.GeoDataFrame:
    """Rows (one a parcel and period, with `land_class`, `quality_grade`, `change`) with COLUMNS.

    `chg_from` is the last period, null in the first. `chg_quality` is 提高, 降低 or 不变 of the grade's value
    (for water, whose classes count up, a lower number is better). `chg_<class>_ha` is what a class gained
    less what it lost where both periods saw the ground, `chg_seen_share` the share of the parcel for which
    that is so. `chg_reason` says in words what moved, or why nothing can be said.
    """
    moves = _sum_moves(measures, periods)
    rows = rows.merge(moves, on=["parcel_id", "period"], how="left", validate="many_to_one")
    rows["chg_seen_share"] = rows["chg_seen_m2"] / rows["area_m2"]
    better = np.where(rows["water_class"].notna(), -rows["change"], rows["change"])
    words = np.select([better > 0, better < 0, better == 0], ["提高", "降低", "不变"], default="")
    rows["chg_quality"] = pd.Series(words, index=rows.index, dtype=object).where(words != "", None)
    rows["chg_reason"] = _explain(rows)
    return rows


def _sum_moves(measures: pd.DataFrame, periods: Sequence[Period]) -> pd.DataFrame:
    """Net change of each class in ha, area seen in both periods, by parcel and the later period."""
    before = {f"{first.label}/{second.label}": first.label for first, second in pairwise(periods)}
    after = {f"{first.label}/{second.label}": second.label for first, second in pairwise(periods)}
    moved = measures[measures["period"].isin(list(before))]
    # pivot refuses a measure given twice, where pivot_table would average
    wide = moved.pivot(  # noqa: PD010
        index=["parcel_id", "period"], columns="measure", values="value"
    )
    names = [f"{kind}{entry.key}" for kind in (_GAINED, _LOST) for entry in LAND_COVER.classes]
    wide = wide.reindex(columns=names)
    found = pd.DataFrame(
        {
            f"chg_{entry.key}_ha": (wide[_GAINED + entry.key] - wide[_LOST + entry.key])
            / SQUARE_METRES_PER_HECTARE
            for entry in LAND_COVER.classes
        }
    )
    found["chg_seen_m2"] = moved.groupby(["parcel_id", "period"])["covered_area_m2"].first()
    table = found.reset_index()
    table = table.assign(chg_from=table["period"].map(before), period=table["period"].map(after))
    return table.astype({"parcel_id": object, "period": object, "chg_from": object})


def _explain(rows: gpd.GeoDataFrame) -> pd.Series:
    """Why a row changed, in words; why it cannot be told where it cannot."""
    first = rows["chg_from"].isna()
    unseen = ~first & rows["chg_seen_share"].fillna(0).eq(0)
    text = "两期均可见 " + (100 * rows["chg_seen_share"]).map("{:.1f}%".format).astype(object)
    said = pd.Series("", index=rows.index, dtype=object)
    for entry in LAND_COVER.classes:
        net = rows[f"chg_{entry.key}_ha"].astype(float)
        words = "、" + entry.name_zh + net.map("{:+.2f} 公顷".format).astype(object)
        said = said + words.where(net.abs().ge(SHOWN_HA), "")
    moved = ("：" + said.str[1:]).where(said != "", "，地表覆盖净变化不足 0.01 公顷")
    text = (text + moved).where(~unseen, "两期没有共同可见的部分")
    grade = rows["quality_grade"].astype(object)
    last = grade.groupby(rows["parcel_id"], sort=False).shift()
    passed = grade.notna() & last.notna() & (grade != last)
    step = "；质量等级 " + last.astype("string") + "→" + grade.astype("string")
    told: pd.Series = (text + step.astype(object).where(passed, "")).where(~first, "首期，无上期可比")
    return told
