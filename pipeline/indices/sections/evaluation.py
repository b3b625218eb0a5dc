"""What a graded section is called: class word, main pollutants, CWQI, trophic state; what is uncertain."""

from collections.abc import Sequence

import pandas as pd

from pipeline.indices.sections import trophic
from pipeline.indices.sections.grades import count_months
from pipeline.indices.sections.means import (
    POLLUTANT_RULE,
    judge_against_good,
    list_main_pollutants,
    melt_means,
    name_classes,
)
from pipeline.indices.sections.water_index import compute_section_index
from pipeline.periods import Period

YEAR_MONTHS = 8
"""Months with data that the mean of a year rests on at least; from knowledge, unconfirmed."""

FEW_MONTHS = "年均值不足{least}个月 (year on fewer than {least} months)"
PART_OF_INDEX = "CWQI 不足21项 (CWQI of fewer than 21 items)"
PART_OF_TLI = "TLI 缺项，权重按比例调整 (TLI weights renormalised)"
NO_TLI = "无叶绿素a，未计算 TLI (no TLI without chlorophyll-a)"

_YEAR = 12
_CWQI_ITEMS = 21
_COLUMNS = [
    "section_id", "province", "basin", "section", "water_body", "period", "samples", "months", "items",
    "water_class", "class_word", "decided_by", "main_pollutants", "target_class", "target_met", "cwqi",
    "cwqi_items", "cwqi_rank", "tli", "tli_items", "tli_word", "indicative", "reason",
]  # fmt: skip


def evaluate_sections(
    status: pd.DataFrame, periods: Sequence[Period], limits: pd.DataFrame, *, year_months: int = YEAR_MONTHS
) -> pd.DataFrame:
    """Evaluation of every row of a SECTION_STATUS that `grade_sections` gave, in its order.

    `class_word` is 优 to 重度污染, `main_pollutants` as `section_means.list_main_pollutants`, `cwqi` as
    `water_index.compute_section_index`, `tli` as `trophic.rate_lakes`, for lakes. `indicative` says which
    of them rest on an unconfirmed rule or on a part of the items; null where none does. What is not known is
    null; `reason` is that of the status, and says why a graded lake has no TLI.
    """
    rows = status.reset_index(drop=True)
    items = judge_against_good(melt_means(rows.assign(place=rows.index), ["place"]), limits)
    state = trophic.rate_lakes(rows)
    known = rows.assign(
        class_word=name_classes(rows["water_class"]),
        main_pollutants=list_main_pollutants(items).reindex(rows.index),
        tli=state["tli"],
        tli_items=state["items"].where(state["tli"].notna(), None),
        tli_word=state["word"],
        **compute_section_index(rows, limits),
    )
    silent = (known["water_body"] == "lake") & known["tli"].isna() & known["water_class"].notna()
    pairs = zip(known["reason"], join_notes({NO_TLI: silent}, known.index), strict=True)
    reasons = ["；".join(text for text in pair if isinstance(text, str)) or None for pair in pairs]
    return known.assign(
        indicative=_is_indicative(known, periods, year_months),
        reason=pd.Series(reasons, index=known.index, dtype=object),
    )[_COLUMNS]


def _is_indicative(known: pd.DataFrame, periods: Sequence[Period], year_months: int) -> pd.Series:
    months = known["period"].map({period.label: count_months(period) for period in periods})
    full_tli = ";".join(trophic.list_codes())
    graded = known["water_class"].notna()
    notes = {
        FEW_MONTHS.format(least=year_months): graded & (months >= _YEAR) & (known["months"] < year_months),
        POLLUTANT_RULE: known["main_pollutants"].notna(),
        PART_OF_INDEX: known["cwqi"].notna() & (known["cwqi_items"] < _CWQI_ITEMS).fillna(value=False),
        PART_OF_TLI: known["tli"].notna() & (known["tli_items"] != full_tli),
    }
    return join_notes(notes, known.index)


def join_notes(notes: dict[str, pd.Series], index: pd.Index) -> pd.Series:
    """Notes that hold for each row, joined by `；`; null where none does."""
    flags = pd.DataFrame({note: holds.astype(bool) for note, holds in notes.items()}, index=index)
    texts = ["；".join(flags.columns[row]) or None for row in flags.to_numpy()]
    return pd.Series(texts, index=index, dtype=object)
