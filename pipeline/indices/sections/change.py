"""Change of single sections between neighbouring periods: of the class, and of the state of the water."""

from collections.abc import Sequence
from itertools import pairwise

import pandas as pd

from pipeline.indices.sections.means import name_classes
from pipeline.indices.sections.tiers import find_words

UNCONFIRMED = "断面变化分级未核实 (grades of change of a section from knowledge, unconfirmed)"
NOT_IN_BOTH = "两个时段未都有类别 (not graded in one of the periods)"

_STATES = ("优", "良好", "轻度污染", "中度污染", "重度污染")
_COLUMNS = [
    "section_id", "section", "from_period", "to_period", "class_before", "class_after", "class_change",
    "change_word", "indicative", "reason",
]  # fmt: skip


def compare_sections(status: pd.DataFrame, order: Sequence[str]) -> pd.DataFrame:
    """Change of every section of a SECTION_STATUS between neighbouring periods of `order`.

    `class_change` is the class before minus the class after, so that above 0 is better. `change_word` goes
    by the steps between the states of the water, of which classes I and II share one (优): one step is 有所,
    two or more 明显 (地表水环境质量评价办法, from knowledge, unconfirmed). Null with the reason where a
    section is not graded in both periods.
    """
    parts = [_compare_two(status, before, after) for before, after in pairwise(order)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=_COLUMNS)


def _compare_two(status: pd.DataFrame, before: str, after: str) -> pd.DataFrame:
    rows = status[status["period"] == after][["section_id", "section"]]
    first, last = (_pick_classes(status, period).reindex(rows["section_id"]) for period in (before, after))
    steps = _number_states(first) - _number_states(last)
    known = steps.notna().to_numpy()
    return rows.assign(
        from_period=before,
        to_period=after,
        class_before=first.array,
        class_after=last.array,
        class_change=(first - last).array,
        change_word=find_words(steps, "water_section_change").to_numpy(),
        indicative=pd.Series(UNCONFIRMED, rows.index, dtype=object).where(known, None),
        reason=pd.Series(NOT_IN_BOTH, rows.index, dtype=object).mask(known, None),
    )[_COLUMNS]


def _pick_classes(status: pd.DataFrame, period: str) -> pd.Series:
    return status[status["period"] == period].set_index("section_id")["water_class"].astype("Int64")


def _number_states(classes: pd.Series) -> pd.Series:
    """Number of the state of the water, 0 the best; NaN without a class."""
    number = {word: place for place, word in enumerate(_STATES)}
    return name_classes(classes).map(number).astype(float)
