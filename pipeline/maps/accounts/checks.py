"""Whether the numbers of rasters can be what they are said to be, and what they are, for a reader."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline import standards
from pipeline.contracts.accounts import ACCOUNT_LAYERS
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.errors import InputError, Problem
from pipeline.grid import Grid
from pipeline.ingest.layers.gridding import read_layer
from pipeline.ingest.layers.layer import OpenLayer, build_layer_error
from pipeline.ingest.layers.years import YearLayer, average_parts, sum_parts
from pipeline.ingest.reading.positions import fineness
from pipeline.maps.accounts.entries import LAYERS, describe_account_sources, find_sources, open_layers
from pipeline.maps.accounts.fields import list_variables
from pipeline.maps.step import Maps, Row, Show, Step, View
from pipeline.periods import When
from pipeline.storage.tables import load_json, save_json

_THINNED = 8
"""Of how many pixels along each side one is looked at."""


def describe_account_layer(name: str, opened: YearLayer, grid: Grid, period: str) -> Row:
    """A row of ACCOUNT_LAYERS: what a raster of a year is, and what its numbers over the grid are.

    Raises InputError where these cannot be: beyond the limits of `layer_limits`.
    """
    year = opened.combine(average_parts if opened.layer.over_time == "mean" else sum_parts)
    values = _read_sparsely(year, grid)
    known = values[np.isfinite(values)]
    if problems := list(_find_impossible(name, year, known)):
        raise build_layer_error(opened.layer, *problems)
    figures = (known.min(), known.mean(), known.max()) if known.size else (None, None, None)
    least, mean, most = (None if figure is None else float(figure) for figure in figures)
    return {
        "layer": name,
        "period": period,
        "source": Path(year.rasters[0].name).name,
        "unit": opened.layer.unit,
        "moments": len(opened.parts),
        "vertical_datum": year.vertical_datum or None,
        "pixel_m": grid.resolution_m / fineness(year.rasters[0].place, grid),
        "known_share": known.size / values.size,
        "least": least,
        "mean": mean,
        "most": most,
        "assumed": "; ".join(opened.assumed) or None,
    }


def _read_sparsely(opened: OpenLayer, grid: Grid) -> NDArray[np.float64]:
    """Numbers as they stand at every 8th pixel of a grid: a mean could hide what cannot be."""
    height, width = (math.ceil(length / _THINNED) for length in grid.shape)
    thinned = replace(grid, resolution_m=grid.resolution_m * _THINNED, height=height, width=width)
    return read_layer(replace(opened, resampling="nearest"), thinned, thinned.whole)


def _find_impossible(name: str, opened: OpenLayer, known: NDArray[np.float64]) -> Iterator[Problem]:
    """What known numbers cannot be: outside the limits of a layer, or on the average too little."""
    limits = next(row for row in standards.read_rows("layer_limits") if row["layer"] == name)
    least, most, mean = (float(limits[key]) for key in ("least", "most", "least_mean"))
    if not known.size or (known.min() >= least and known.max() <= most and known.mean() >= mean):
        return
    unit = opened.layer.unit
    found = f"{known.min():.4g} to {known.max():.4g} {unit}, {known.mean():.4g} on the average"
    expected = f"{least:g} to {most:g} {unit}, at least {mean:g} on the average"
    yield Problem(opened.rasters[0].name, found, expected, f"{limits['hint_zh']} / {limits['hint_en']}")


def _list_times(study: Study) -> Sequence[When]:
    return study.periods if find_sources(study).sources else ()


def _list_settings(maps: Maps, when: When) -> Mapping[str, object]:
    opened = open_layers(maps.study, when.periods[0], tuple(LAYERS), maps.reader)
    return {"year": when.label, "sources": describe_account_sources(maps.study, opened)}


def _build(_run: Run, maps: Maps, when: When, folder: Path) -> None:
    """Rows of ACCOUNT_LAYERS as JSON; InputError with all numbers that cannot be."""
    rows: list[Row] = []
    problems: list[Problem] = []
    opened = open_layers(maps.study, when.periods[0], tuple(LAYERS), maps.reader)
    for name, layer in opened.items():
        try:
            rows.append(describe_account_layer(name, layer, maps.study.grid, when.label))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError("Rasters of the accounts hold what cannot be", problems)
    save_json(folder / "layers.json", rows)


def _load_rows(maps: Maps) -> list[Row]:
    stores = maps.of("account_checks").values()
    return [row for store in stores for row in load_json(store.path / "layers.json")]


def _collect_tables(view: View) -> Mapping[str, pd.DataFrame]:
    """One row per raster and year."""
    table = pd.DataFrame(_load_rows(view.maps), columns=[*ACCOUNT_LAYERS.columns])
    return {"account_layers": ACCOUNT_LAYERS.validate(table)}


def _list_warnings(maps: Maps) -> Iterator[str]:
    """What of the ground the rasters do not know, and what they take for granted."""
    for row in _load_rows(maps):
        place = f"accounts.layers.{row['layer']} {row['period']}"
        if float(str(row["known_share"])) < 1:
            yield f"{place}: known on {row['known_share']:.1%} of the grid"
        if row["assumed"]:
            yield f"{place}: {row['assumed']}"
    if "erosion" in list_variables(maps.study):
        for row in _load_rows(maps):
            if row["layer"] == "rain" and row["moments"] == 1:
                yield f"erosion {row['period']}: unknown, it needs months of rain"


ACCOUNT_CHECKS = Step(
    name="account_checks",
    version=1,
    title="check of the rasters",
    times=_list_times,
    settings=_list_settings,
    build=_build,
    config=("accounts",),
    show=Show(tables=_collect_tables, warnings=_list_warnings),
)
