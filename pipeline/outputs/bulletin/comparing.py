"""Indicators of a period beside those of the period before and of the same period a year ago."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from pipeline.outputs.columns import Language, list_values
from pipeline.outputs.figures import Course, KnownFigure, find_better, judge_course, measure_setback
from pipeline.outputs.published import (
    Cell,
    Moment,
    PeriodTriple,
    Published,
    Row,
    choose_delivery,
    find_moments,
)

_TABLE = "indicators"
_METHODS = (
    *("indices", "vegetation", "land_cover", "change", "water", "greenness", "alerts", "rsei", "sections"),
)
"""Blocks of a config that say how figures are made."""
_COMPOSITES = ("missions", "composite", "clear", "harmonise", "resolution_m", "max_cloud_percent")


@dataclass(frozen=True)
class Known:
    """An indicator of one period: its cell, the interval around it (NaN for none), its delivery."""

    cell: Cell
    low: float
    high: float
    delivery: Published

    @property
    def figure(self) -> KnownFigure:
        """The figure without where it stands."""
        return KnownFigure(self.cell.value, self.cell.unit, self.low, self.high)


@dataclass(frozen=True)
class Compared:
    """An indicator of an area; what is not known is None, `reason` says why for the period itself.

    `better` is `higher`, `lower`, or empty where nobody calls it good or bad.
    """

    indicator: str
    better: str
    now: Known | None
    before: Known | None
    year_ago: Known | None
    reason: str

    def name(self, language: Language) -> str:
        """What the indicator is called."""
        return name_indicator(self.indicator, language)

    @property
    def course(self) -> Course:
        """How it went since the period before, or since a year ago where there is none before."""
        return judge_course(*self._pair, self.better)

    @property
    def setback(self) -> float:
        """By how much it got worse since the period before: of shares in shares, else of what it was."""
        return measure_setback(*self._pair, self.better)

    @property
    def _pair(self) -> tuple[KnownFigure | None, KnownFigure | None]:
        then = self.before or self.year_ago
        return self.now.figure if self.now else None, then.figure if then else None


@dataclass(frozen=True)
class AreaFigures:
    """What an area is told with: its delivery, the periods, and its indicators."""

    delivery: Published
    moments: PeriodTriple
    compared: tuple[Compared, ...]

    @property
    def others(self) -> tuple[Published, ...]:
        """Other deliveries that figures of earlier periods are taken from, of indicators that are shown."""
        shown = [one for one in self.compared if one.better]
        earlier = [known.delivery for one in shown for known in (one.before, one.year_ago) if known]
        return tuple({one.id: one for one in earlier if one.id != self.delivery.id}.values())


def compare_area(found: Sequence[Published], label: str) -> AreaFigures | None:
    """The indicators of one area in a period; None where no delivery of it has the period.

    Figures of earlier periods are those of the same delivery; what it does not tell is taken from the one
    that tells of that period first of all.
    """
    delivery = choose_delivery(found, label)
    if delivery is None:
        return None
    moments = find_moments(delivery, label)
    others = [one for one in found if one is not delivery and one.kind == delivery.kind]
    known = _index_figures([delivery], moments.now)
    before, year_ago = (
        _index_figures([*_list_holders(others, moment), delivery], moment)
        for moment in (moments.before, moments.year_ago)
    )
    compared = [
        Compared(
            indicator := row.text("indicator"),
            find_better(indicator),
            known.get(indicator),
            before.get(indicator),
            year_ago.get(indicator),
            row.text("reason"),
        )
        for row in _list_rows(delivery, moments.now)
    ]
    return AreaFigures(delivery, moments, tuple(compared))


def find_other_methods(one: Published, other: Published) -> list[str]:
    """What two deliveries were made with that is not the same: parts of the config, and steps."""
    mine, theirs = _list_methods(one), _list_methods(other)
    return [key for key in {**mine, **theirs} if mine.get(key) != theirs.get(key)]


def _list_methods(delivery: Published) -> dict[str, Any]:
    config = delivery.manifest["config"]
    return {
        **{f"scenes.{key}": config["scenes"].get(key) for key in _COMPOSITES},
        **{key: config.get(key) for key in _METHODS},
        **delivery.manifest.get("steps", {}),
    }


def _list_holders(others: Sequence[Published], moment: Moment) -> list[Published]:
    holder = choose_delivery(others, moment.label)
    return [holder] if holder else []


def _index_figures(deliveries: Sequence[Published], moment: Moment) -> dict[str, Known | None]:
    """The indicators of a period that deliveries tell, a later one before those that stand ahead of it."""
    return {
        row.text("indicator"): _read_figure(row, delivery)
        for delivery in deliveries
        for row in _list_rows(delivery, moment)
    }


def _list_rows(delivery: Published, moment: Moment) -> list[Row]:
    """Rows of the area itself, the last of each indicator; of a change those from one period to the next."""
    rows = delivery.list_rows(_TABLE, aoi=[delivery.aoi], period=[moment.label, moment.pair])
    return list({row.text("indicator"): row for row in rows}.values())


def _read_figure(row: Row, delivery: Published) -> Known | None:
    cell = row.cell("value", row.text("unit"))
    return Known(cell, float(row.find("low")), float(row.find("high")), delivery) if cell else None


def name_indicator(code: str, language: Language) -> str:
    """What an indicator is called; its code where nobody named it."""
    return _name_indicators(language).get(code, code)


@cache
def _name_indicators(language: Language) -> Mapping[str, str]:
    return MappingProxyType({entry.code: entry.name(language) for entry in list_values("indicator")})
