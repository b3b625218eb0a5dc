"""Rivers, basins and areas from their sections: by mean or by share, and the change between two periods."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from pipeline import standards
from pipeline.indices.sections.grades import NO_GRADED, join_items
from pipeline.indices.sections.items import judge_means
from pipeline.indices.sections.limits import GOOD_CLASS, WORSE_THAN_V
from pipeline.indices.sections.means import (
    POLLUTANT_RULE,
    list_main_pollutants,
    melt_means,
    name_classes,
    pool_means,
)
from pipeline.indices.sections.tiers import find_words

BY_MEAN, BY_SHARE = "均值法", "断面比例法"
FEWEST_FOR_SHARES = 5
"""Sections from which a river is judged by shares; the rule says 5, a secondary text "more than 5"."""

UNCONFIRMED_CHANGE = "变化分级未核实 (grades of change from knowledge, unconfirmed)"
NOT_IN_BOTH = "两个时段未都有可评价断面 (no graded sections in one of the periods)"

_KEYS = ["scope", "name", "water_body", "period"]
_COLUMNS = [
    *_KEYS, "sections_graded", "good_sections", "worst_sections", "good_percent", "worst_percent",
    "evaluated_by", "water_class", "class_word", "main_pollutants", "target_met_sections",
    "target_sections", "items", "indicative", "reason",
]  # fmt: skip
_CHANGE_COLUMNS = [
    "scope", "name", "water_body", "from_period", "to_period", "good_change_pp", "worst_change_pp",
    "difference_pp", "change_word", "indicative", "reason",
]  # fmt: skip
_RATE_COLUMNS = [
    *_KEYS, "parameter", "sections_measured", "sections_beyond", "sections_graded", "beyond_percent",
]  # fmt: skip
_NAMED = 3


def expand_scopes(status: pd.DataFrame, rivers: Mapping[str, str], name: str) -> pd.DataFrame:
    """Rows of a SECTION_STATUS once for each scope they belong to, with `scope` and `name`.

    `area`, called `name`, holds all sections, its rivers and its lakes apart by `water_body`; `basin` and
    `river` hold the river sections whose basin, or whose river by `rivers` (section id to name), is known.
    """
    flowing = status[status["water_body"] == "river"]
    by_river = flowing.assign(scope="river", name=flowing["section_id"].map(rivers))
    parts = [
        status.assign(scope="area", name=name),
        flowing.assign(scope="basin", name=flowing["basin"]),
        by_river,
    ]
    return pd.concat(parts, ignore_index=True).dropna(subset="name")


def evaluate_scopes(scoped: pd.DataFrame, limits: pd.DataFrame) -> pd.DataFrame:
    """Evaluation of each scope, kind of water and period of `expand_scopes`, with both parts of each share.

    Rivers and lakes have limits of their own and are judged apart. Under 5 graded sections the concentrations
    are averaged over the sections and the mean is graded by the worst single factor (`evaluated_by` 均值法,
    `water_class`); from 5 the shares of class I-III and worse than V decide (断面比例法). Main pollutants are
    beyond class III, whatever the targets: by multiple with the first method, with the second by the share of
    sections in percent.
    """
    graded = scoped[scoped["water_class"].notna()]
    counts = _count_sections(scoped)
    by_mean = _evaluate_by_mean(graded, limits).reindex(counts.index)
    graded_number = counts["sections_graded"]
    shares = graded_number >= FEWEST_FOR_SHARES
    word = name_classes(by_mean["class"].astype("Int64")).mask(shares, name_shares(counts))
    polluted = ~word.isin([None, "优", "良好"])
    pollutants = by_mean["main"].mask(shares, _list_by_rate(graded, limits).reindex(counts.index))
    nothing = graded_number == 0
    return (
        counts.assign(
            good_percent=100 * counts["good_sections"] / graded_number.where(~nothing),
            worst_percent=100 * counts["worst_sections"] / graded_number.where(~nothing),
            evaluated_by=pd.Series(np.where(shares, BY_SHARE, BY_MEAN), counts.index, dtype=object).mask(
                nothing, None
            ),
            water_class=by_mean["class"].astype("Int64").mask(shares),
            class_word=word.mask(nothing, None),
            main_pollutants=pollutants.where(polluted & ~nothing, None),
            items=graded.groupby(_KEYS)["items"].agg(join_items).reindex(counts.index),
            reason=pd.Series(NO_GRADED, counts.index, dtype=object).where(nothing, None),
        )
        .assign(indicative=lambda rows: _note_where(rows["main_pollutants"].notna(), POLLUTANT_RULE))
        .reset_index()[_COLUMNS]
    )


def _count_sections(scoped: pd.DataFrame) -> pd.DataFrame:
    """Sections of each scope and period: graded, good, worse than V, with a target, that meet it."""
    numbers = scoped[_KEYS].assign(
        sections_graded=scoped["water_class"].notna(),
        good_sections=scoped["water_class"].le(GOOD_CLASS).fillna(value=False),
        worst_sections=scoped["water_class"].eq(WORSE_THAN_V).fillna(value=False),
        target_sections=scoped["target_met"].notna(),
        target_met_sections=scoped["target_met"].fillna(value=False),
    )
    return numbers.groupby(_KEYS, sort=False).sum().astype(int)


def name_shares(counts: pd.DataFrame) -> pd.Series:
    """优 to 重度污染 by `good_sections`, `worst_sections` of `sections_graded`, compared as whole numbers."""
    table = standards.table("river_words")
    cuts = table[["good_percent_from", "worst_percent_from"]].astype(int).to_numpy()
    good, worst = 100 * counts["good_sections"], 100 * counts["worst_sections"]
    number = counts["sections_graded"]
    choices = [(good >= good_cut * number) & (worst >= worst_cut * number) for good_cut, worst_cut in cuts]
    words = np.select(choices, table["word_zh"].tolist(), default="")
    return pd.Series(words, index=counts.index, dtype=object)


def _evaluate_by_mean(graded: pd.DataFrame, limits: pd.DataFrame) -> pd.DataFrame:
    """Class and main pollutants of the mean over the sections of each scope."""
    pooled = pool_means(graded, _KEYS)
    place = pd.MultiIndex.from_frame(pooled[_KEYS])
    items = judge_means(pooled.assign(place=place.to_flat_index()), limits)
    found = pd.DataFrame(
        {"class": items.groupby("place")["class"].max(), "main": list_main_pollutants(items)}
    )
    found.index = pd.MultiIndex.from_tuples(found.index, names=_KEYS)
    return found


def _list_by_rate(graded: pd.DataFrame, limits: pd.DataFrame) -> pd.Series:
    """The three items that most sections exceed class III in, as `code(percent%)`."""
    rates = compute_exceedance_rates(graded, limits)
    beyond = rates[rates["sections_beyond"] > 0].sort_values(
        ["beyond_percent", "order"], ascending=[False, True], kind="stable"
    )
    top = beyond.groupby(_KEYS, sort=False).head(_NAMED)
    texts = [
        f"{code}({rate:.1f}%)" for code, rate in zip(top["parameter"], top["beyond_percent"], strict=True)
    ]
    return top.assign(text=texts).groupby(_KEYS, sort=False)["text"].agg(";".join)


def compute_exceedance_rates(graded: pd.DataFrame, limits: pd.DataFrame) -> pd.DataFrame:
    """Section exceedance rate (断面超标率) of each item in each scope and period.

    Columns scope, name, water_body, period, parameter, sections_measured, sections_beyond (class III),
    sections_graded, `beyond_percent` of these, `order` of the item in the standard.
    """
    items = judge_means(melt_means(graded.assign(place=graded.index), ["place"]), limits)
    items = items.join(graded[["scope", "name", "period"]], on="place").assign(
        beyond=items["class"] > GOOD_CLASS
    )
    found = items.groupby([*_KEYS, "parameter"], sort=False).agg(
        sections_measured=("beyond", "size"), sections_beyond=("beyond", "sum"), order=("order", "first")
    )
    number = graded.groupby(_KEYS).size().rename("sections_graded")
    found = found.reset_index().join(number, on=_KEYS)
    found["beyond_percent"] = (
        100 * found["sections_beyond"].astype(float) / found["sections_graded"].astype(float)
    )
    return found


def build_exceedance_table(scoped: pd.DataFrame, limits: pd.DataFrame) -> pd.DataFrame:
    """`compute_exceedance_rates` of `expand_scopes`, with the graded sections they are shares of."""
    rates = compute_exceedance_rates(scoped[scoped["water_class"].notna()], limits)
    return rates.sort_values([*_KEYS, "order"], kind="stable", ignore_index=True)[_RATE_COLUMNS]


def compare_scopes(rivers: pd.DataFrame, order: Sequence[str]) -> pd.DataFrame:
    """Change of each scope between neighbouring periods of `order`, from the rows of `evaluate_scopes`.

    dG and dD are the changes of the percentages of class I-III and of worse than V; `change_word` is the word
    for dG - dD: up to 10 points 无明显变化, up to 20 有所, above 明显 (from knowledge, unconfirmed).
    """
    parts = [_compare_two(rivers, before, after) for before, after in pairwise(order)]
    if not parts:
        return pd.DataFrame(columns=_CHANGE_COLUMNS)
    return pd.concat(parts, ignore_index=True)[_CHANGE_COLUMNS]


def _compare_two(rivers: pd.DataFrame, before: str, after: str) -> pd.DataFrame:
    percents = {
        period: rivers[rivers["period"] == period].set_index(["scope", "name", "water_body"])[
            ["good_percent", "worst_percent"]
        ]
        for period in (before, after)
    }
    moved = percents[after] - percents[before]
    good, worst = moved["good_percent"], moved["worst_percent"]
    difference = good - worst
    rows = pd.DataFrame({"good_change_pp": good, "worst_change_pp": worst, "difference_pp": difference})
    return rows.assign(
        from_period=before,
        to_period=after,
        change_word=find_words(difference, "change_words"),
        indicative=_note_where(difference.notna(), UNCONFIRMED_CHANGE),
        reason=_note_where(difference.isna(), NOT_IN_BOTH),
    ).reset_index()


def _note_where(holds: pd.Series, note: str) -> pd.Series:
    return pd.Series(note, index=holds.index, dtype=object).where(holds, None)
