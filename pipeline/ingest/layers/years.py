"""Layers of a calendar year: of its months where the raster has them, else of the year, or of any time."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from pipeline.errors import InputError, Problem
from pipeline.grid import Grid
from pipeline.ingest.layers.conventions import Convention, ConvertedRaster, convert, expect, find_convention
from pipeline.ingest.layers.door import open_layer
from pipeline.ingest.layers.gridding import find_window_under
from pipeline.ingest.layers.heights import settle_datum
from pipeline.ingest.layers.layer import Layer, Masked, OpenLayer, SourceRaster, as_numbers, build_layer_error
from pipeline.ingest.layers.times import UNTOLD
from pipeline.ingest.layers.variables import RasterVariable, read_variables
from pipeline.ingest.reading.headers import Profile
from pipeline.ingest.reading.reader import Reader
from pipeline.periods import Period, list_periods
from pipeline.settings.account_layers import AccountCollection, AccountFile, AccountSource, AccountVariable

_MONTHS, _DAILY = 12, 365
"""Times from which on a raster is of months, and of days."""
_HELD_PX = 2**18
"""Pixels of a raster over a grid up to which they are read once, not block by block."""

Combine = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""From numbers of the parts of a year (part, y, x), NaN where unknown, to those of the year (y, x)."""


@dataclass(frozen=True)
class CombinedRaster:
    """What the parts of a year, which lie on the same pixels, come to together."""

    parts: tuple[SourceRaster, ...]
    combine: Combine

    @property
    def name(self) -> str:
        """That of the first part."""
        return self.parts[0].name

    @property
    def place(self) -> Profile:
        """That of all parts."""
        return self.parts[0].place

    def read(self, window: Window) -> Masked:
        """Numbers of a window inside it."""
        stack = np.array([as_numbers(numbers) for numbers in _read_parts(self.parts, window)])
        return np.ma.masked_invalid(self.combine(stack))

    def checksum(self) -> str:
        """Those of the parts."""
        return ",".join(part.checksum() for part in self.parts)


def _read_parts(parts: Sequence[SourceRaster], window: Window) -> list[Masked]:
    """Numbers of each part; a file that holds all of them is opened once."""
    inner = [part.raster if isinstance(part, ConvertedRaster) else part for part in parts]
    variables = [one for one in inner if isinstance(one, RasterVariable)]
    if len(variables) < len(parts) or len({one.name for one in variables}) > 1:
        return [part.read(window) for part in parts]
    numbers = read_variables(variables, window)
    return [
        part.convert(one) if isinstance(part, ConvertedRaster) else one
        for part, one in zip(parts, numbers, strict=True)
    ]


@dataclass(frozen=True)
class HeldRaster:
    """A part of a raster that was read: few large pixels."""

    name: str
    place: Profile
    numbers: NDArray[np.float64]

    def read(self, window: Window) -> Masked:
        """Numbers of a window inside it."""
        return np.ma.masked_invalid(self.numbers[window.toslices()])

    def checksum(self) -> str:
        """None: what it was read from has one."""
        raise AssertionError(f"{self.name}: a part of a raster is known by the raster")


@dataclass(frozen=True)
class YearLayer:
    """A layer of a year, as it is open: its months, its days, or one part, of the year or of any time."""

    layer: Layer
    parts: tuple[OpenLayer, ...]
    days: tuple[int, ...]

    @property
    def monthly(self) -> bool:
        """Whether its months are known."""
        return len(self.parts) == _MONTHS

    @property
    def assumed(self) -> tuple[str, ...]:
        """What is assumed of all its parts, then of some, in words."""
        notes = list(dict.fromkeys(note for part in self.parts for note in part.assumed))
        return tuple(
            note
            if all(note in part.assumed for part in self.parts)
            else f"{note} (not of all parts 部分月份)"
            for note in notes
        )

    def checksum(self) -> str:
        """What its numbers are known by, each file once."""
        seen: dict[str, str] = {}
        for part in self.parts:
            for raster in part.rasters:
                seen.setdefault(raster.name, raster.checksum())
        return ",".join(seen.values())

    def total(self) -> OpenLayer:
        """The sum of its parts; unknown where one is."""
        return self.combine(sum_parts)

    def combine(self, how: Combine) -> OpenLayer:
        """What its parts come to together, pixel by pixel of the raster.

        Raises InputError where they do not lie on the same pixels.
        """
        first = self.parts[0]
        if len(self.parts) == 1 and how in {sum_parts, average_parts}:
            return first
        stacks = [part.rasters for part in self.parts]
        places = {tuple(raster.place for raster in rasters) for rasters in stacks}
        if len(places) > 1:
            found = f"{len(places)} lattices of pixels in a year"
            problem = Problem(first.rasters[0].name, found, "months that lie on the same pixels")
            raise build_layer_error(self.layer, problem)
        together = zip(*stacks, strict=True)
        return replace(first, rasters=tuple(CombinedRaster(rasters, how) for rasters in together))


def sum_parts(stack: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum of the parts of a year; NaN where one is."""
    return np.asarray(stack.sum(axis=0))


def average_parts(stack: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of the parts of a year; NaN where one is."""
    return np.asarray(stack.mean(axis=0))


def open_year(
    layer: Layer, given: AccountSource, grid: Grid, year: Period, reader: Reader | None = None
) -> YearLayer:
    """What a config names as a layer of the accounts, over a grid, in a year, in the unit of the layer.

    Files and collections are of years unless `{month}` or their convention says months; a variable is of
    what its times are. Raises InputError with all that keeps it from being the layer, every missing month
    among it; else as `open_layer`.
    """
    convention = find_convention(layer, given)
    months = list_periods(year.first, year.last, "month")
    if layer.over_time is None:
        return _open_spans(layer, given, grid, [year], convention, reader)
    if "{month}" in _path_of(given):
        return _open_spans(layer, given, grid, months, convention, reader)
    if isinstance(given, AccountVariable):
        return _open_by_times(layer, given, grid, year, months, convention)
    if convention.span == "month":
        _refuse_one_month(layer, given)
        return _open_spans(layer, given, grid, months, convention, reader)
    return _open_spans(layer, given, grid, [year], convention, reader)


def hold(opened: OpenLayer, grid: Grid) -> OpenLayer:
    """What is open, its numbers over a grid read already where they are few; as it is where they are many."""
    return replace(opened, rasters=tuple(_hold(raster, grid) for raster in opened.rasters))


def _hold(raster: SourceRaster, grid: Grid) -> SourceRaster:
    window = find_window_under(raster.place, grid)
    if window is None or window.height * window.width > _HELD_PX:
        return raster
    shift = raster.place.transform.translation(window.col_off, window.row_off)
    place = Profile(raster.place.crs, raster.place.transform * shift, window.height, window.width)
    return HeldRaster(raster.name, place, as_numbers(raster.read(window)))


def _open_by_times(
    layer: Layer,
    given: AccountVariable,
    grid: Grid,
    year: Period,
    months: Sequence[Period],
    convention: Convention,
) -> YearLayer:
    """A variable of months or of a year, by how many times of the year it has."""
    try:
        whole = _open_span(layer, given, grid, year, convention, None)
    except InputError as error:
        raise _name_missing_months(layer, given, grid, months, convention, error) from error
    if convention.span == "year" or (convention.span is None and len(whole.times) < _MONTHS):
        return _convert_all(layer, [whole], [year], convention)
    daily = layer.over_time == "mean" and len(whole.times) >= _DAILY
    spans = [*_list_days(year)] if daily else months
    return _convert_all(layer, _split_times(layer, whole, spans), spans, convention)


def _split_times(layer: Layer, opened: OpenLayer, spans: Sequence[Period]) -> list[OpenLayer]:
    """A variable by spans of time; InputError with each of which it has no time."""
    (variable,) = opened.rasters
    assert isinstance(variable, RasterVariable)
    parts, problems = [], []
    for span in spans:
        places = [place for place, moment in enumerate(opened.times) if span.holds(moment)]
        if not places:
            problems.append(Problem(variable.name, f"no time in {span.label}", "one at least"))
        times = tuple(opened.times[place] for place in places)
        parts.append(replace(opened, rasters=(variable.pick_times(places),), times=times))
    if problems:
        raise build_layer_error(layer, *problems)
    return parts


def _name_missing_months(
    layer: Layer,
    given: AccountVariable,
    grid: Grid,
    months: Sequence[Period],
    convention: Convention,
    error: InputError,
) -> InputError:
    """The error of the months that cannot be opened where others can; else that of the year."""
    missing: list[Problem] = []
    for month in months:
        try:
            _open_span(layer, given, grid, month, convention, None)
        except InputError as lack:
            missing += lack.problems
    return build_layer_error(layer, *missing) if 0 < len(missing) < len(months) else error


def _open_spans(
    layer: Layer,
    given: AccountSource,
    grid: Grid,
    spans: Sequence[Period],
    convention: Convention,
    reader: Reader | None,
) -> YearLayer:
    parts: list[OpenLayer] = []
    problems: list[Problem] = []
    for span in spans:
        try:
            parts.append(_open_span(layer, given, grid, span, convention, reader))
        except InputError as error:
            problems += error.problems
    if problems:
        raise build_layer_error(layer, *dict.fromkeys(problems))
    return _convert_all(layer, parts, spans, convention)


def _convert_all(
    layer: Layer, parts: Sequence[OpenLayer], spans: Sequence[Period], convention: Convention
) -> YearLayer:
    days = tuple(_count_days(span) for span in spans)
    converted = (convert(part, layer, convention, count) for part, count in zip(parts, days, strict=True))
    return YearLayer(layer, tuple(converted), days)


def _open_span(
    layer: Layer,
    given: AccountSource,
    grid: Grid,
    span: Period,
    convention: Convention,
    reader: Reader | None,
) -> OpenLayer:
    source = given.model_copy(update={"vertical_datum": None})
    if not isinstance(source, AccountCollection):
        source = source.model_copy(update={"path": _fill(source.path, span)})
    of_one_time = isinstance(given, AccountCollection)
    opened = open_layer(expect(layer, convention, of_one_time=of_one_time), source, grid, span, reader)
    if layer.heights:
        opened = settle_datum(opened, given.vertical_datum, convention)
    if "{year}" in _path_of(given):
        opened = replace(opened, assumed=tuple(_without(UNTOLD, opened.assumed)))
    return opened


def _refuse_one_month(layer: Layer, given: AccountSource) -> None:
    """InputError of a file that is said to be of a month, and of which there is one for all months."""
    if isinstance(given, AccountFile) and "{month}" not in given.path:
        found = f"one file for all months of {given.convention}"
        todo = "Write {year} and {month} where its name has them; without `convention` it is of a year"
        raise build_layer_error(layer, Problem(given.path, found, "a file a month", todo))


def _path_of(given: AccountSource) -> str:
    return "" if isinstance(given, AccountCollection) else given.path


def _fill(path: str, span: Period) -> str:
    return path.replace("{year}", f"{span.first:%Y}").replace("{month}", f"{span.first:%m}")


def _list_days(year: Period) -> Iterator[Period]:
    for number in range(_count_days(year)):
        day = year.first + timedelta(days=number)
        yield Period(day, day, day.isoformat())


def _count_days(span: Period) -> int:
    return (span.last - span.first).days + 1


def _without(note: str, notes: Iterable[str]) -> Iterator[str]:
    return (other for other in notes if other != note)
