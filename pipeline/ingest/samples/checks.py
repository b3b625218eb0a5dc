"""What is wrong with readings that are well written: bounds, repetitions, contradictions, stuck sensors."""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline import standards
from pipeline.ingest.samples.tables import (
    Tables,
    join_tables,
    no_rejects,
    no_samples,
    reject_readings,
    to_categories,
)

SUSPECT = (
    "疑为单位或小数点之误，未采用：达到{name}类限值{limit} {unit}的{times}倍 "
    "(held back as a suspect of unit or decimal mark: {times} times the limit {limit} {unit} of class {name})"
)
REPEATED = "与前面的记录重复 (repeats an earlier reading)"
IMPLAUSIBLE = "超出合理范围 (not plausible: outside {low} to {high} {unit})"
STUCK = "连续{number}次读数相同，疑为仪器卡滞 (stuck sensor: {number} equal consecutive readings)"
CONTRADICTS = "contradicts"
IS_STUCK = "stuck"

PLACE = ["section_id", "province", "basin", "section", "water_body"]
_CLASS_NAMES = {"class_1": "Ⅰ", "class_5": "Ⅴ"}
_FLAGS = [CONTRADICTS, IS_STUCK, f"{CONTRADICTS};{IS_STUCK}"]
_DAY_US = 86_400_000_000

Codes = NDArray[np.int64]


class Bound(NamedTuple):
    """Values of a parameter at least so high, or at most so low but not 0, and why they are not taken."""

    figure: float
    is_upper: bool
    reason: str

    def holds(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which values lie beyond it."""
        return values >= self.figure if self.is_upper else (values > 0) & (values <= self.figure)


def find_implausible(parameters: pd.Series, values: pd.Series) -> pd.Series:
    """Reason for values that no water has, and for suspects; null for the others.

    The first by the table of plausible bounds; a suspect is 1,000 times, or a thousandth of, the limit of a
    class (`standards` suspect_values).
    """
    numbers = values.to_numpy(dtype=float)
    low = _pick_figures(parameters, _load_plausible("low"), -np.inf)
    high = _pick_figures(parameters, _load_plausible("high"), np.inf)
    reasons = pd.Series(None, index=values.index, dtype=object)
    for code in parameters.unique():
        bound = _load_suspects().get(str(code))
        if bound:
            here = (parameters == code).to_numpy() & bound.holds(numbers)
            reasons[here] = bound.reason
    outside = (numbers < low) | (numbers > high)
    reasons[outside] = parameters[outside].astype(object).map(_load_implausible())
    return reasons


@cache
def _load_plausible(name: str) -> Mapping[str, float]:
    bounds = standards.table("plausibility")
    return _to_figures(bounds.set_index("code")[name])


@cache
def _load_implausible() -> Mapping[str, str]:
    rows = standards.read_rows("plausibility")
    return {row["code"]: IMPLAUSIBLE.format(**row) for row in rows}


@cache
def _load_suspects() -> Mapping[str, Bound]:
    return {row["code"]: _build_suspect(row) for row in standards.read_rows("suspect_values")}


def _build_suspect(row: Mapping[str, str]) -> Bound:
    """The bound of suspects of a parameter; of a range (pH 6-9) and of several waters by the higher limit."""
    limits = [one for one in standards.read_rows("water_limits") if one["code"] == row["code"]]
    limit = max(float(one[row["limit_of"]].split("-")[-1]) for one in limits)
    times = float(row["times"])
    name = _CLASS_NAMES[row["limit_of"]]
    words = SUSPECT.format(times=f"{times:g}", name=name, limit=f"{limit:g}", unit=limits[0]["unit"])
    return Bound(limit * times, times > 1, words)


def _to_figures(texts: pd.Series) -> Mapping[str, float]:
    return {str(code): float(text) for code, text in texts.items()}


def _pick_figures(parameters: pd.Series, figures: Mapping[str, float], default: float) -> NDArray[np.float64]:
    codes, known = pd.factorize(parameters)
    table = np.array([*(figures.get(str(code), default) for code in known), default])
    return np.asarray(table[codes], dtype=float)


def number_rows(table: pd.DataFrame, columns: list[str]) -> Codes:
    """One number for each combination of values, from 0 in the order of appearance; null is a value."""
    combined = np.zeros(len(table), dtype=np.int64)
    for name in columns:
        codes, known = pd.factorize(table[name])
        combined = pd.factorize(combined * (len(known) + 1) + codes + 1)[0].astype(np.int64)
    return combined


def to_microseconds(times: pd.Series) -> Codes:
    """Moments as microseconds since 1970."""
    plain = times.dt.tz_convert("UTC").dt.tz_localize(None).dt.as_unit("us")
    return np.asarray(plain.to_numpy().view(np.int64))


def review(samples: pd.DataFrame) -> Tables:
    """Readings with their `record` and `flag`, and those rejected as repeated or stuck.

    A record is what was read at one section and time. Where a later row only repeats or completes it, they
    are one record, and what it repeats is rejected. Where rows contradict each other, each is a record of its
    own, flagged `contradicts`; a row that repeats another as a whole is rejected. In a long table the second
    value of a parameter belongs to a second record.
    """
    if samples.empty:
        return Tables(samples.assign(record=pd.Series(dtype=int)), no_rejects())
    place, times = number_rows(samples, PLACE), to_microseconds(samples["time"])
    parameter, known = pd.factorize(samples["parameter"])
    parameter = parameter.astype(np.int8)
    record, again, contradicts = _number_records(samples, _number_groups(place, times), parameter)
    run = _count_runs(place * len(known) + parameter, times, samples, again)
    flagged, wrong = (
        _is_stuck(samples["parameter"], run, name) for name in ("flagged_from", "rejected_from")
    )
    gone = again | wrong
    if not gone.any():
        return Tables(_add_notes(samples, record, contradicts, flagged), no_rejects())
    stuck = reject_readings(samples[wrong], [STUCK.format(number=number) for number in run[wrong]])
    repeated = reject_readings(samples[again], REPEATED)
    kept = _add_notes(samples[~gone], record[~gone], contradicts[~gone], flagged[~gone])
    none = no_samples()
    return Tables(kept, join_tables([Tables(none, repeated), Tables(none, stuck)]).rejects)


def _number_groups(place: Codes, times: Codes) -> Codes:
    moment, moments = pd.factorize(times)
    return pd.factorize(place * len(moments) + moment)[0].astype(np.int64, copy=False)


def _add_notes(
    samples: pd.DataFrame, record: Codes, contradicts: NDArray[np.bool_], flagged: NDArray[np.bool_]
) -> pd.DataFrame:
    codes = contradicts.astype(np.int8) + 2 * flagged.astype(np.int8) - 1
    return samples.assign(record=record, flag=to_categories(codes, _FLAGS)).reset_index(drop=True)


def _number_records(
    samples: pd.DataFrame, group: Codes, parameter: Codes
) -> tuple[Codes, NDArray[np.bool_], NDArray[np.bool_]]:
    """Record of each reading, whether it repeats another, whether its record contradicts another."""
    record = group
    again = np.zeros(len(group), dtype=bool)
    contradicts = np.zeros(len(group), dtype=bool)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    several = np.bitwise_or.reduceat(np.left_shift(np.int64(1), parameter)[order], starts)
    doubtful = np.bitwise_count(several) < np.bincount(group)
    if doubtful.any():
        places = np.flatnonzero(doubtful[group])
        told = samples.iloc[places]
        doubts = pd.DataFrame(
            {
                "group": group[places],
                "parameter": parameter[places],
                "value": told["value"].to_numpy(),
                "censored": told["censored"].to_numpy(),
                "source": number_rows(told, ["file", "sheet", "row"]),
            }
        )
        again[places], contradicts[places], variant = _settle(doubts)
        variants = pd.DataFrame({"group": group, "variant": _spread(places, variant, len(group))})
        record = number_rows(variants, ["group", "variant"])
    return record, again, contradicts


def _spread(places: Codes, values: Codes, length: int) -> Codes:
    whole = np.zeros(length, dtype=np.int64)
    whole[places] = values
    return whole


def _settle(doubts: pd.DataFrame) -> tuple[NDArray[np.bool_], NDArray[np.bool_], Codes]:
    """Of groups with a parameter twice: what repeats, what contradicts, and which variant it belongs to."""
    same = doubts.duplicated(["group", "parameter", "value", "censored"])
    twice = doubts[~same].duplicated(["group", "parameter"])
    contradicts = doubts["group"].isin(doubts.loc[twice[twice].index, "group"])
    rows = doubts.assign(
        cell=pd.util.hash_pandas_object(doubts[["parameter", "value", "censored"]], index=False)
    )
    size = rows.groupby("source")["cell"].transform("size")
    whole = rows.assign(sum=rows.groupby("source")["cell"].transform("sum"), size=size)
    first = whole.groupby(["group", "sum", "size"])["source"].transform("min")
    again = same.where(~contradicts, first != doubts["source"])
    is_long = size.groupby(doubts["group"]).transform("max") == 1
    nth = doubts[~again].groupby(["group", "parameter"]).cumcount().reindex(doubts.index, fill_value=0)
    variant = (doubts["source"] + 1).mask(is_long, nth).where(contradicts, 0)
    return again.to_numpy(dtype=bool), contradicts.to_numpy(dtype=bool), variant.to_numpy(dtype=np.int64)


def _count_runs(series: Codes, times: Codes, samples: pd.DataFrame, again: NDArray[np.bool_]) -> Codes:
    """How many equal readings in a row each one belongs to, at most a day apart; 0 for what repeats."""
    number = pd.factorize(series)[0]
    # numpy sorts 16 bits by radix
    number = number.astype(np.uint16 if number.max() < 2**16 else np.uint32)
    order = np.argsort(times, kind="stable")
    order = order[~again[order]] if again.any() else order
    order = order[np.argsort(number[order], kind="stable")]
    value, sure = samples["value"].to_numpy()[order], ~samples["censored"].to_numpy(dtype=bool)[order]
    same = number[order[1:]] == number[order[:-1]]
    same &= (np.diff(value) == 0) & sure[1:] & sure[:-1] & (np.diff(times[order]) <= _DAY_US)
    run = np.cumsum(np.concatenate([[True], ~same])[: len(order)]) - 1
    lengths = np.zeros(len(series), dtype=np.int64)
    lengths[order] = np.bincount(run)[run] if len(order) else 0
    return lengths


def _is_stuck(parameters: pd.Series, run: Codes, name: str) -> NDArray[np.bool_]:
    """Which readings stand in a run as long as the column `name` of the table of stuck sensors says."""
    rules = standards.table("stuck_sensors")
    figures = {code: float(text) for code, text in zip(rules["code"], rules[name], strict=True) if text}
    stuck = np.asarray(run >= min(figures.values()))
    long = np.flatnonzero(stuck)
    stuck[long] = run[long] >= _pick_figures(parameters.iloc[long], figures, np.inf)
    return stuck
