"""Tables as figures: series look by look, sections by class, indicators and accounts with their intervals."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from pipeline.errors import InputError, Problem
from pipeline.legends import WATER_CLASS
from pipeline.library.canvas import dress, is_simulated, open_axes
from pipeline.library.map_keys import Language
from pipeline.outputs.accounts.amounts import choose_money
from pipeline.outputs.columns import name_values
from pipeline.outputs.texts import name_unit

_LINES = ("#1f4e79", "#c2410c", "#2e7d32", "#7b1fa2", "#00838f", "#8d6e63", "#d81b60", "#5d6d1e")
_MARKERS: Mapping[str, str] = MappingProxyType({"sentinel-2": "o"})
_OTHER_MARKER = "^"
_MOST_LINES, _MOST_INDICATORS = 8, 12
_WIDTH, _ROW, _FRAME = 9.0, 0.45, 1.6
_UNKNOWN = "#dddddd"
_PALE = 0.25
_DARK = 0.45
"""Luminance under which letters on a colour are white."""
_SUMS = ("M", "R", "C", "GEP", "outside", "partial")
"""Rows of the totals that add up others, or are no service."""


def plot_series(
    series: pd.DataFrame, *, ax: Axes | None = None, language: Language = "zh", title: str | None = None
) -> Axes:
    """Series of `time_series`, one index: a line a place, a mark a look, the paler the less of it was clear.

    Where nothing was seen there is no mark, and the line goes on to the next look. With more than 8 places
    all lines are grey, as no eye tells so many apart. InputError for several indices or a table without them.

    Examples
    --------
    >>> series = pandas.DataFrame(
    ...     {
    ...         "parcel_id": ["a", "a"],
    ...         "time": pandas.to_datetime(["2024-05-01", "2024-05-11"]),
    ...         "index": "ndvi",
    ...         "value": [0.7, 0.8],
    ...     }
    ... )
    >>> pipeline.plot_series(series).get_ylabel()
    'NDVI'
    """
    _require(series, ("time", "index", "value"))
    names = series["index"].dropna().unique()
    if len(names) != 1:
        problem = Problem(
            "index", ", ".join(map(str, names)), "one index", "series[series['index'] == 'ndvi']"
        )
        raise InputError("Several indices in one plot", [problem])
    axes = open_axes(ax, _WIDTH, 4.0)
    places = str(series.columns[0])
    known = series.dropna(subset=["value", "time"])
    few = known[places].nunique() <= _MOST_LINES
    for color, (place, rows) in zip(
        cycle(_LINES if few else ("#8a9a94",)), known.groupby(places), strict=False
    ):
        _draw_line(axes, rows.sort_values("time"), color, str(place) if few else None)
    if few and len(known):
        axes.legend(frameon=False, fontsize=8, loc="best")
    axes.set(ylabel=str(names[0]).upper(), title=title or "")
    axes.grid(visible=True, color="#e8e8e8", linewidth=0.6)
    return dress(axes, language, simulated=is_simulated(series))


def plot_sections(
    sections: pd.DataFrame, *, ax: Axes | None = None, language: Language = "zh", title: str | None = None
) -> Axes:
    """Classes of sections by period, such as `delivery.sections`, in the colours of GB 3838 reports.

    One row a section, one column a period; grey with a dash where the class is not known; a cross where the
    target was not met.

    Examples
    --------
    >>> delivery = pipeline.open_delivery("delivery/delta/latest")
    >>> [label.get_text() for label in pipeline.plot_sections(delivery.sections).get_xticklabels()]
    ['2023', '2024']
    """
    _require(sections, ("section", "period", "water_class"))
    names, periods = sections["section"].unique()[::-1], sorted(sections["period"].astype(str).unique())
    axes = open_axes(ax, 2.4 + 1.1 * len(periods), _FRAME + _ROW * len(names))
    rows, columns = {name: at for at, name in enumerate(names)}, {one: at for at, one in enumerate(periods)}
    met = sections.get("target_met", pd.Series(None, index=sections.index))
    for row, reached in zip(sections.itertuples(), met, strict=True):
        _draw_cell(axes, columns[str(row.period)], rows[row.section], row.water_class, reached, language)
    axes.set(
        xlim=(0, len(periods)),
        ylim=(0, len(names)),
        title=_title(title, WATER_CLASS.title_zh, WATER_CLASS.title_en, language),
    )
    axes.set_xticks(np.arange(len(periods)) + 0.5, periods)
    axes.set_yticks(np.arange(len(names)) + 0.5, names)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return dress(axes, language, simulated=is_simulated(sections))


def plot_indicators(
    indicators: pd.DataFrame,
    names: Sequence[str] | None = None,
    *,
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
) -> Axes:
    """Figures of `delivery.indicators` by period, with their intervals (`low` to `high`) and their targets.

    `names` are those to show, the first 12 that are shares unless given; they need one unit. A figure that is
    not known has a dash at its place. InputError for names that are not there, or several units.

    Examples
    --------
    >>> delivery = pipeline.open_delivery("delivery/delta/latest")
    >>> pipeline.plot_indicators(delivery.indicators, ["vegetation_cover_share_land"]).get_xlabel()
    '%'
    """
    rows = _choose_indicators(indicators, names)
    keys, periods = list(rows["indicator"].unique()[::-1]), sorted(rows["period"].astype(str).unique())
    axes = open_axes(ax, _WIDTH, _FRAME + _ROW * len(keys) * max(1, len(periods) / 2))
    factor, unit = (100.0, "%") if rows["unit"].iloc[0] == "share" else (1.0, str(rows["unit"].iloc[0]))
    step = 0.7 / len(periods)
    for color, (place, period) in zip(cycle(_LINES), enumerate(periods), strict=False):
        own = rows[rows["period"].astype(str) == period]
        y = np.array([keys.index(key) for key in own["indicator"]]) + 0.35 - step * (place + 0.5)
        _draw_intervals(axes, own, y, factor, color, period)
    words = name_values("indicator", pd.Series(keys), language)
    axes.set_yticks(np.arange(len(keys)), [str(word) for word in words])
    axes.set(
        ylim=(-0.6, len(keys) - 0.4),
        xlabel=unit if unit == "%" else name_unit(unit, language),
        title=title or "",
    )
    axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    axes.grid(visible=True, axis="x", color="#e8e8e8", linewidth=0.6)
    return dress(axes, language, simulated=is_simulated(indicators))


def plot_accounts(
    totals: pd.DataFrame,
    methods: pd.DataFrame | None = None,
    *,
    region: str | None = None,
    basis: str = "registered",
    ax: Axes | None = None,
    language: Language = "zh",
    title: str | None = None,
) -> Axes:
    """Value of each service by period, of `delivery.accounts["totals"]`, with its interval.

    `methods` (`delivery.accounts["methods"]`) names the services; without it they have their codes.
    `region` is that of the first row unless given, `basis` says by whose land classes. Items of a service are
    added up; one whose value is not known in all of them has a dash instead of a bar. Services without a
    value in any period are named all the same. InputError where there is no such region or basis.

    Examples
    --------
    >>> totals = pandas.DataFrame(
    ...     {
    ...         "region": "delta",
    ...         "basis": "registered",
    ...         "period": ["2023", "2024"],
    ...         "service": "REG-01",
    ...         "value_yuan": [1e6, 2e6],
    ...         "value_low": [0.8e6, 1.7e6],
    ...         "value_high": [1.1e6, 2.2e6],
    ...     }
    ... )
    >>> pipeline.plot_accounts(totals).get_xlabel()
    '万元'
    """
    rows = _choose_totals(totals, region, basis)
    scale, unit = choose_money(language)
    keys, periods = list(rows["service"].unique()[::-1]), sorted(rows["period"].astype(str).unique())
    axes = open_axes(ax, _WIDTH, _FRAME + _ROW * len(keys))
    step = 0.8 / len(periods)
    for color, (place, period) in zip(cycle(_LINES), enumerate(periods), strict=False):
        own = rows[rows["period"].astype(str) == period]
        y = np.array([keys.index(key) for key in own["service"]]) + 0.4 - step * (place + 0.5)
        _draw_bars(axes, own, y, step, scale, color, period)
    named = _name_services(methods, language)
    axes.set_yticks(np.arange(len(keys)), [named.get(key, key) for key in keys])
    axes.set(
        xlabel=unit,
        ylim=(-0.6, len(keys) - 0.4),
        title=str(rows["region"].iloc[0]) if title is None else title,
    )
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    axes.grid(visible=True, axis="x", color="#e8e8e8", linewidth=0.6)
    return dress(axes, language, simulated=is_simulated(totals))


def _require(table: pd.DataFrame, columns: Sequence[str]) -> None:
    lacking = [name for name in columns if name not in table.columns]
    if lacking:
        problem = Problem("columns", ", ".join(map(str, table.columns)), f"also {', '.join(lacking)}")
        raise InputError("A table without what is to be drawn", [problem])


def _title(given: str | None, zh: str, en: str, language: Language) -> str:
    if given is not None:
        return given
    return zh if language == "zh" else en


def _draw_line(axes: Axes, rows: pd.DataFrame, color: str, label: str | None) -> None:
    axes.plot(rows["time"], rows["value"], color=color, linewidth=1, alpha=0.7, label=label)
    missions = rows.get("mission", pd.Series("", index=rows.index)).fillna("")
    clear = rows.get("clear_share", pd.Series(1.0, index=rows.index)).fillna(0.0)
    for mission in missions.unique():
        of_mission = missions == mission
        alpha = _PALE + (1 - _PALE) * clear[of_mission].to_numpy()
        marker = _MARKERS.get(str(mission), _OTHER_MARKER if mission else "o")
        axes.scatter(
            rows.loc[of_mission, "time"],
            rows.loc[of_mission, "value"],
            s=22,
            color=color,
            alpha=alpha,
            marker=marker,
        )


def _draw_cell(axes: Axes, column: int, row: int, water_class: Any, reached: Any, language: Language) -> None:
    """One section in one period."""
    entry = None if pd.isna(water_class) else WATER_CLASS.by_code()[int(str(water_class).partition(".")[0])]
    axes.add_patch(
        Rectangle((column + 0.02, row + 0.04), 0.96, 0.92, color=entry.color if entry else _UNKNOWN)
    )
    dark = entry is not None and np.dot(entry.rgb, (0.299, 0.587, 0.114)) / 255 < _DARK
    missed = " ✗" if reached is not None and not pd.isna(reached) and not reached else ""
    word = (entry.name(language) if entry else "—") + missed
    axes.text(
        column + 0.5,
        row + 0.5,
        word,
        ha="center",
        va="center",
        color="white" if dark else "#222222",
        fontsize=9,
    )


def _choose_indicators(indicators: pd.DataFrame, names: Sequence[str] | None) -> pd.DataFrame:
    _require(indicators, ("indicator", "period", "value", "unit"))
    known = set(indicators["indicator"])
    lacking = [name for name in names or () if name not in known]
    if lacking:
        problem = Problem("names", ", ".join(lacking), f"some of {sorted(known)}")
        raise InputError("No such indicator", [problem])
    shares = indicators.loc[indicators["unit"] == "share", "indicator"].unique()[:_MOST_INDICATORS]
    rows = indicators[indicators["indicator"].isin(list(shares if names is None else names))]
    units = rows["unit"].dropna().unique()
    if len(units) != 1:
        problem = Problem("unit", ", ".join(map(str, units)) or "none", "one unit", "Draw each by itself")
        raise InputError("Indicators of one unit can stand on one axis", [problem])
    return rows


def _draw_intervals(
    axes: Axes, rows: pd.DataFrame, y: NDArray[np.float64], factor: float, color: str, period: str
) -> None:
    value = factor * rows["value"].astype(float)
    axes.plot(value, y, "o", color=color, label=period)
    if {"low", "high"} <= set(rows.columns):
        axes.hlines(y, factor * rows["low"].astype(float), factor * rows["high"].astype(float), color=color)
    if "target" in rows.columns:
        axes.plot(factor * rows["target"].astype(float), y, "|", color="#222222", markersize=12)
    _dash(axes, y[value.isna()], color)


def _choose_totals(totals: pd.DataFrame, region: str | None, basis: str) -> pd.DataFrame:
    """Services of a region by period, their items added up."""
    _require(totals, ("region", "basis", "period", "service", "value_yuan"))
    chosen = str(totals["region"].iloc[0]) if region is None and len(totals) else region
    own = totals[(totals["region"].astype(str) == str(chosen)) & (totals["basis"] == basis)]
    rows = own[~own["service"].isin(_SUMS)]
    if rows.empty:
        found = f"{chosen}, {basis}"
        held = sorted(set(zip(totals["region"], totals["basis"], strict=True)))
        raise InputError("No such accounts", [Problem("region, basis", found, f"one of {held}")])
    columns = [name for name in ("value_yuan", "value_low", "value_high") if name in rows.columns]
    grouped = rows.groupby(["region", "period", "service"], sort=False)[columns]
    whole = grouped.count().eq(grouped.size(), axis=0)
    return grouped.sum().where(whole).reset_index()


def _name_services(methods: pd.DataFrame | None, language: Language) -> dict[str, str]:
    if methods is None:
        return {}
    rows = methods.drop_duplicates("service")
    pairs = zip(rows["service"].astype(str), rows[f"name_{language}"].astype(str), strict=True)
    return {code: f"{name} {code}" for code, name in pairs}


def _draw_bars(
    axes: Axes,
    rows: pd.DataFrame,
    y: NDArray[np.float64],
    height: float,
    scale: float,
    color: str,
    period: str,
) -> None:
    value = rows["value_yuan"] / scale
    axes.barh(y, value.fillna(0), height=0.9 * height, color=color, label=period)
    if {"value_low", "value_high"} <= set(rows.columns):
        axes.hlines(y, rows["value_low"] / scale, rows["value_high"] / scale, color="#222222", linewidth=1)
    _dash(axes, y[value.isna()], color)


def _dash(axes: Axes, y: NDArray[np.float64], color: str) -> None:
    """A dash at the axis for what is not known."""
    for place in y:
        axes.text(0.005, place, "—", color=color, va="center", transform=axes.get_yaxis_transform())
