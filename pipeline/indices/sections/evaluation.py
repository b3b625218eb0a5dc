"""What a graded section is called: class word, main pollutants, CWQI, trophic state; what is uncertain."""

import pandas as pd

from pipeline.indices.sections import trophic
from pipeline.indices.sections.grades import GradedSections
from pipeline.indices.sections.items import FEW_MONTHS, PLAIN_EVALUATION, EvaluationRules
from pipeline.indices.sections.means import POLLUTANT_RULE, list_main_pollutants, name_classes
from pipeline.indices.sections.water_index import compute_section_index

ROUNDED = "均值修约位数未核实 (decimals of rounded means unconfirmed)"
BY_SATURATION = "溶解氧按饱和率定为Ⅰ类，该规定未核实 (oxygen of class I by saturation, a rule unconfirmed)"
PART_OF_INDEX = "CWQI 不足21项 (CWQI of fewer than 21 items)"
PART_OF_TLI = "TLI 缺项，权重按比例调整 (TLI weights renormalised)"
NO_TLI = "无叶绿素a，未计算 TLI (no TLI without chlorophyll-a)"

_CWQI_ITEMS = 21
_COLUMNS = [
    "section_id", "province", "basin", "section", "water_body", "period", "samples", "months",
    "few_months_items", "items", "water_class", "class_word", "decided_by", "reference_class",
    "main_pollutants", "target_class", "target_met", "cwqi", "cwqi_items", "cwqi_rank", "tli", "tli_items",
    "tli_word", "indicative", "reason",
]  # fmt: skip


def evaluate_sections(
    graded: GradedSections, limits: pd.DataFrame, *, rules: EvaluationRules = PLAIN_EVALUATION
) -> pd.DataFrame:
    """Evaluation of every row of the status that `grade_periods` gave by the same `rules`, in its order.

    `class_word` is 优 to 重度污染, `main_pollutants` as `means.list_main_pollutants`, against the class that
    the exceedances are measured against; `cwqi` as `water_index.compute_section_index`, `tli` as
    `trophic.rate_lakes`, for lakes. `indicative` says which of them rest on an unconfirmed rule or on a part
    of the items; null where none does. What is not known is null; `reason` is that of the status, and says
    why a graded lake has no TLI.
    """
    rows = graded.status.reset_index(drop=True)
    items = _number_rows(graded.items, rows)
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
        indicative=_is_indicative(known, items, rules),
        reason=pd.Series(reasons, index=known.index, dtype=object),
    )[_COLUMNS]


def _number_rows(items: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Evaluated items with `place`, the row of the status that each belongs to."""
    keys = ["section_id", "period"]
    places = pd.Series(rows.index, index=pd.MultiIndex.from_frame(rows[keys]))
    evaluated = items.dropna(subset="class")
    return evaluated.assign(place=places.reindex(pd.MultiIndex.from_frame(evaluated[keys])).to_numpy())


def _is_indicative(known: pd.DataFrame, items: pd.DataFrame, rules: EvaluationRules) -> pd.Series:
    full_tli = ";".join(trophic.list_codes())
    graded = known["water_class"].notna()
    is_short = known["few_months_items"].notna() & (rules.few_months == "mark")
    rounded = items.loc[items["parameter"].isin(list(rules.means.decimals)), "place"]
    notes = {
        FEW_MONTHS.format(least=rules.year_months): graded & is_short,
        ROUNDED: pd.Series(known.index.isin(rounded), index=known.index),
        BY_SATURATION: pd.Series(
            known.index.isin(items.loc[items["by_saturation"], "place"]), index=known.index
        ),
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
