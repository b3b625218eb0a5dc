"""PARCEL_MEASURES: what the sums under parcels come to, one row per parcel, period and measure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.contracts import PARCEL_MEASURES, check_table
from pipeline.zonal.kernels import Numbers
from pipeline.zonal.measures import Measure, Reasons, SeriesMeasure
from pipeline.zonal.sums import MeasurePlan, ParcelSums
from pipeline.zonal.tallies import Tally

SLICE_PARCELS = 4096

_SLIP = 1e-6
"""So small a share of a parcel is a slip of its outline over the edge of a pixel, and no view of it."""


@dataclass(frozen=True)
class _Rows:
    """One measure of some parcels: value, area that it rests on, area that it lacks, reason where null."""

    period: str
    measure: str
    unit: str
    value: Numbers
    covered: Numbers
    unknown: Numbers
    reason: str | Reasons


def tabulate(
    parcel_ids: Sequence[str] | NDArray[np.object_],
    plan: MeasurePlan,
    sums: ParcelSums,
    *,
    slice_parcels: int = SLICE_PARCELS,
) -> Iterator[pd.DataFrame]:
    """PARCEL_MEASURES of so many parcels at a time, in the order of the parcels; one empty table for none.

    Under a parcel stand the measures of every period, then those of every two consecutive ones under
    `before/after`, then those of all periods under `first/last`, the courses of others last. A mean or a
    share over nothing is null, with the reason. The parts of an area and its unknown area add up to the
    parcel's area.
    """
    ids = np.asarray(parcel_ids, dtype=object)
    for start in range(0, max(len(ids), 1), slice_parcels):
        rows = slice(start, start + slice_parcels)
        part = sums.take(rows)
        yield _build_table(ids[rows], [*_list_rows(plan, part), *_list_series(plan, part)])


def _list_rows(plan: MeasurePlan, sums: ParcelSums) -> Iterator[_Rows]:
    for measure, when in plan.entries:
        tally = measure.tally(plan.rules)
        numbers = sums.by_job[tally, when]
        values = _value(measure, tally, numbers)
        covered, unknown = tally.covered(numbers), tally.unknown(numbers)
        reason = measure.unseen(plan.rules)
        names, columns = [measure.name], [values]
        if values.ndim > 1:
            names = [f"{measure.name}:{part}" for part in tally.parts]
            columns = list(values.T)
        for name, value in zip(names, columns, strict=True):
            yield _Rows(when.label, name, measure.unit, value, covered, unknown, reason)


def _value(measure: Measure[Any], tally: Tally, numbers: Numbers) -> Numbers:
    """A measure by parcel; a mean or a share is NaN where nothing but a slip of the parcel was seen."""
    values: Numbers = measure.value(tally, numbers).copy()
    if measure.unit != "m2":
        covered, unknown = tally.covered(numbers), tally.unknown(numbers)
        values[covered <= _SLIP * (covered + unknown)] = np.nan
    return values


def _list_series(plan: MeasurePlan, sums: ParcelSums) -> Iterator[_Rows]:
    for entry in plan.series:
        values, covered, unknown = _stack_series(plan, sums, entry)
        columns, reason = entry.course(values, plan.rules)
        for name, unit, value in zip(entry.names, entry.units, columns, strict=True):
            yield _Rows(plan.span.label, name, unit, value, covered.min(axis=0), unknown.max(axis=0), reason)


def _stack_series(
    plan: MeasurePlan, sums: ParcelSums, entry: SeriesMeasure
) -> tuple[Numbers, Numbers, Numbers]:
    """Value of a measure, the area that it rests on and the unknown one (period, parcel)."""
    measure = plan.find(entry.of)
    tally = measure.tally(plan.rules)
    numbers = [sums.by_job[tally, period] for period in plan.periods]
    return (
        np.stack([_value(measure, tally, of_period) for of_period in numbers]),
        np.stack([tally.covered(of_period) for of_period in numbers]),
        np.stack([tally.unknown(of_period) for of_period in numbers]),
    )


def _build_table(ids: NDArray[np.object_], measures: Sequence[_Rows]) -> pd.DataFrame:
    value = np.column_stack([entry.value for entry in measures]).ravel()
    reasons = np.empty((len(ids), len(measures)), dtype=object)
    for number, entry in enumerate(measures):
        reasons[:, number] = entry.reason
    reason = reasons.ravel()
    reason[~np.isnan(value)] = None
    parcel, entry_of = np.divmod(np.arange(len(value)), max(len(measures), 1))
    table = pd.DataFrame(
        {
            "parcel_id": _spell(ids, parcel),
            "period": _spell([entry.period for entry in measures], entry_of),
            "measure": _spell([entry.measure for entry in measures], entry_of),
            "value": value,
            "unit": _spell([entry.unit for entry in measures], entry_of),
            "covered_area_m2": np.column_stack([entry.covered for entry in measures]).ravel(),
            "unknown_area_m2": np.column_stack([entry.unknown for entry in measures]).ravel(),
            "reason": reason,
        }
    )
    valid: pd.DataFrame = check_table(table, PARCEL_MEASURES)
    return valid


def _spell(words: Sequence[str] | NDArray[np.object_], places: NDArray[np.int64]) -> pd.Series:
    """A column of the words at some places; millions of cells are no objects."""
    return pd.Series(pd.array(pa.array(words, pa.large_string()).take(pa.array(places)), dtype="str"))
