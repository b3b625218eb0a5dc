"""The long table of readings, and the table of what was rejected."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import union_categoricals

from pipeline.ingest.samples import cells

NAMES = ["section_id", "province", "basin", "section"]
"""What a section is called in a table of samples."""

POINT_COLUMNS = [*NAMES, "lon", "lat"]
SAMPLE_COLUMNS = [
    *NAMES, "time", "parameter", "value", "unit", "censored", "published",
    "flag", "water_body", "file", "row",
]  # fmt: skip
SAMPLE_KINDS = (
    dict.fromkeys([*NAMES, "flag"], object)
    | dict.fromkeys(["parameter", "unit", "water_body", "file"], str)
    | {"row": int}
)
"""Kinds of the columns that may hold categories while readings are collected."""

TRACES = ["sheet", "column", "text"]
_COLUMNS = (list, pd.Series, pd.Index, np.ndarray)
REJECT_COLUMNS = ["file", "sheet", "row", "column", "value", "reason", "readings"]


class Tables(NamedTuple):
    """Readings kept, readings rejected, and where the sections lie (POINT_COLUMNS) if anything tells it."""

    samples: pd.DataFrame
    rejects: pd.DataFrame
    points: pd.DataFrame | None = None


def to_categories(codes: NDArray[Any], names: list[str]) -> Any:
    """A column of categories from their positions, -1 for null."""
    return pd.Categorical.from_codes(codes, pd.Index(names, dtype=object))


def build_rejects(*values: object) -> pd.DataFrame:
    """Rows of the table of rejects from its columns, each one value or one for each row."""
    length = max((len(value) for value in values if isinstance(value, _COLUMNS)), default=1)
    full = {
        name: list(value) if isinstance(value, _COLUMNS) else [value] * length
        for name, value in zip(REJECT_COLUMNS, values, strict=True)
    }
    texts = dict.fromkeys(["file", "sheet", "column", "value", "reason"], str)
    return pd.DataFrame(full, columns=REJECT_COLUMNS).astype({**texts, "row": int, "readings": int})


def reject_readings(samples: pd.DataFrame, reason: object) -> pd.DataFrame:
    """Rows of the table of rejects for readings; a typed value is shown to 15 digits."""
    texts = samples["text"].astype(object)
    numbers = samples["value"].map("{:.15g}".format)
    places = (list(samples[name].astype(object)) for name in ("file", "sheet", "row", "column"))
    return build_rejects(*places, list(texts.where(texts.notna(), numbers)), reason, 1)


def no_rejects() -> pd.DataFrame:
    """The table of rejects without a row."""
    return build_rejects("", "", [], "", "", "", 0)


def no_points() -> pd.DataFrame:
    """The table of points without a row."""
    kinds = dict.fromkeys(NAMES, object) | dict.fromkeys(["lon", "lat"], float)
    return pd.DataFrame(columns=POINT_COLUMNS).astype(kinds)


def no_samples() -> pd.DataFrame:
    """The table of readings without a row."""
    none = pd.DataFrame({name: pd.Series(dtype=object) for name in [*SAMPLE_COLUMNS, *TRACES]})
    kinds: dict[str, Any] = {
        "value": float,
        "published": float,
        "censored": bool,
        "row": int,
        "time": f"datetime64[us, {cells.ZONE.key}]",
    }
    return none.astype(kinds)


def join_tables(parts: Sequence[Tables]) -> Tables:
    """Tables one below the other; categories stay categories where all parts have them."""
    samples = [part.samples for part in parts if len(part.samples)]
    rejects = [part.rejects for part in parts if len(part.rejects)]
    return Tables(
        _stack(samples) if samples else no_samples(),
        pd.concat(rejects, ignore_index=True) if rejects else no_rejects(),
    )


def _stack(parts: list[pd.DataFrame]) -> pd.DataFrame:
    if len(parts) == 1:
        return parts[0].reset_index(drop=True)
    columns = {name: [part[name] for part in parts] for name in parts[0].columns}
    return pd.DataFrame({name: _stack_column(series) for name, series in columns.items()})


def _stack_column(series: list[pd.Series]) -> Any:
    if all(isinstance(one.dtype, pd.CategoricalDtype) for one in series):
        return union_categoricals([one.astype(_to_object_kind(one)) for one in series])
    return pd.concat(series, ignore_index=True)


def _to_object_kind(series: pd.Series) -> pd.CategoricalDtype:
    return pd.CategoricalDtype(pd.Index(series.cat.categories, dtype=object))
