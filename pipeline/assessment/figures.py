"""Figures of a run that something is held against: one for each indicator, place and period."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipeline.periods import Period

_NOTHING = "本运行没有这项指标 / this run does not make this indicator here"
_OF_OTHER_TIMES = "本运行没有该时段的这项指标 / this run has this indicator of other periods only"
_TWO_FIGURES = "本运行有两个不同的数 / this run has two figures that differ"
_OTHER_UNIT = "指标以 {found} 计，不是 {unit} / the indicator is in {found}, not {unit}"

Key = tuple[str, str, str]


@dataclass(frozen=True)
class HeldFigure:
    """A figure, null where it is not known, with the reason; what it was made from."""

    value: float | None
    numerator: float | None = None
    denominator: float | None = None
    source: str | None = None
    reason: str | None = None
    indicative: bool = False


@dataclass(frozen=True)
class Figures:
    """INDICATORS by indicator, place and label of a period of the run; `units` are those they should be in.

    A figure between two periods (2023/2024) is that of the later one, if the earlier is the one before it, or
    the first of the run where there is no such figure.
    """

    known: Mapping[Key, HeldFigure]
    made: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, indicators: pd.DataFrame, periods: Sequence[Period], units: Mapping[str, str]) -> "Figures":
        """From the indicators of a run."""
        labels = [period.label for period in periods]
        rows = indicators.to_dict("records")
        found: dict[Key, HeldFigure] = {}
        for rank in range(_RANKS):
            ranked: dict[Key, list[HeldFigure]] = defaultdict(list)
            for row in rows:
                if label := _list_labels(str(row["period"]), labels)[rank]:
                    key = (str(row["indicator"]), str(row["aoi"]), label)
                    ranked[key].append(_build_figure(row, units))
            found = {key: _settle_figures(figures) for key, figures in ranked.items()} | found
        return cls(found, frozenset((str(row["indicator"]), str(row["aoi"])) for row in rows))

    def find(self, indicator: str, place: str, label: str | None) -> HeldFigure:
        """The figure, or one that is null and says why."""
        missing = _OF_OTHER_TIMES if (indicator, place) in self.made else _NOTHING
        return self.known.get((indicator, place, label or ""), HeldFigure(None, reason=missing))


_RANKS = 3


def _list_labels(label: str, labels: Sequence[str]) -> tuple[str, str, str]:
    """The period that a label is of, by itself, as a change from the one before, as one from the first."""
    before, _, after = label.partition("/")
    place = labels.index(after) if after in labels else 0
    is_step = place > 0 and labels[place - 1] == before
    is_long = place > 0 and labels[0] == before
    return label if label in labels else "", after if is_step else "", after if is_long else ""


def _build_figure(row: Mapping[Any, Any], units: Mapping[str, str]) -> HeldFigure:
    unit, found = units.get(str(row["indicator"]), ""), str(row["unit"])
    if unit and found != unit:
        return HeldFigure(None, source=row["source"], reason=_OTHER_UNIT.format(found=found, unit=unit))
    value, numerator, denominator = (_read(row[name]) for name in ("value", "numerator", "denominator"))
    reason = None if value is not None else row["reason"] or None
    indicative = row.get("indicative")
    is_indicative = bool(pd.notna(indicative) and indicative)
    return HeldFigure(value, numerator, denominator, row["source"], reason, is_indicative)


def _settle_figures(figures: Sequence[HeldFigure]) -> HeldFigure:
    """The one figure of several that agree; one that is null, and says so, where they do not."""
    values = {figure.value for figure in figures}
    return figures[0] if len(values) == 1 else HeldFigure(None, reason=_TWO_FIGURES)


def _read(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
