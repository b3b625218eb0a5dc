"""Variables of NetCDF files and Zarr stores as layers: axes, CRS, and the times that fall in a period."""

import hashlib
import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError
from rasterio.windows import Window

from pipeline.datum import is_undefined
from pipeline.errors import InputError, Problem
from pipeline.ingest.layers.layer import (
    Layer,
    Masked,
    OpenLayer,
    OverTime,
    Statement,
    build_layer_error,
    choose_resampling,
    find_flaws,
    join,
    list_layer_assumptions,
    mask_numbers,
    settle_crs,
)
from pipeline.ingest.layers.times import as_datetimes, choose_times
from pipeline.ingest.reading.headers import Profile
from pipeline.periods import Period
from pipeline.settings.layers import LayerVariable
from pipeline.storage.cause import files_of, sha256_of_file

_CLASSIC = b"CDF"
_EXPECTED = "a NetCDF file or a Zarr store"
_AXES = {
    "x": {"x", "lon", "longitude", "easting", "projection_x_coordinate"},
    "y": {"y", "lat", "latitude", "northing", "projection_y_coordinate"},
}
_DEFAULT_FILLS = {
    "i2": -32767.0,
    "u2": 65535.0,
    "i4": -2147483647.0,
    "u4": 4294967295.0,
    "f4": 9.969209968386869e36,
    "f8": 9.969209968386869e36,
}
"""By type (NC_FILL_... of the NetCDF library); of bytes every number may be one."""
_WGS_84 = CRS(4326)
_SINGLE = 1e-6
"""Of a number: how near to a fill a float32 may be kept."""
_EVEN = 0.01
"""By how much of a step a coordinate may lie beside its place; many files keep them as float32."""


@dataclass(frozen=True)
class RasterVariable:
    """A variable by the positions, by axis, that count: all of two of them, the ones chosen of any other.

    `axes` are those down and across; `time` is that of time, of whose chosen positions the mean or sum is
    taken, or empty. `fill` stands for nothing in numbers as they are stored.
    """

    name: str
    variable: str
    place: Profile
    axes: tuple[str, ...]
    chosen: tuple[tuple[str, tuple[int, ...]], ...] = ()
    over_time: OverTime | None = None
    nodata: float | None = None
    fill: float | None = None

    def read(self, window: Window) -> Masked:
        """Numbers of a window inside it; a sum is unknown where one time is, a mean where all are.

        Raises InputError where it cannot be read.
        """
        return read_variables([self], window)[0]

    def take(self, dataset: xr.Dataset, window: Window) -> Masked:
        """What `read` gives, of its file that is open."""
        rows, cols = window.toslices()
        steps = {axis: list(numbers) for axis, numbers in self.chosen}
        variable = dataset[self.variable].isel({self.axes[0]: rows, self.axes[1]: cols, **steps})
        ordered = variable.transpose(*steps, *self.axes)
        numbers = mask_numbers(_mask_fill(ordered, self.fill), self.nodata)
        times = numbers.reshape(-1, *numbers.shape[-2:])
        if len(times) == 1:
            return np.ma.MaskedArray(times.data[0], np.ma.getmaskarray(times)[0])
        known = ~np.ma.getmaskarray(times)
        total = times.data.sum(axis=0, where=known, dtype=np.float64)
        if self.over_time == "sum":
            return np.ma.MaskedArray(total, ~known.all(axis=0))
        return np.ma.MaskedArray(total / np.maximum(1, known.sum(axis=0)), ~known.any(axis=0))

    def pick_times(self, positions: Sequence[int]) -> "RasterVariable":
        """The same of some of its chosen times alone, by their positions among these."""
        (time, numbers), *others = self.chosen
        return replace(self, chosen=((time, tuple(numbers[place] for place in positions)), *others))

    def checksum(self) -> str:
        """That of its bytes; of a store, of all its files and where they lie in it."""
        path = Path(self.name)
        if path.is_file():
            return sha256_of_file(path)
        digest = hashlib.sha256()
        for file in files_of(path):
            digest.update(f"{file.relative_to(path).as_posix()} {sha256_of_file(file)}\n".encode())
        return digest.hexdigest()


def read_variables(variables: Sequence[RasterVariable], window: Window) -> list[Masked]:
    """Numbers of each of some variables of one file over a window, which is opened once."""
    with closing(_open(variables[0].name)) as dataset:
        return [variable.take(dataset, window) for variable in variables]


def open_variable(layer: Layer, given: LayerVariable, period: Period | None = None) -> OpenLayer:
    """A variable as a layer, of the times that fall in a period where the layer changes with time.

    Raises InputError with everything that keeps it from being one: no such variable, axes that are uneven or
    too many, no CRS, another unit, no time in the period, times missing from a sum.
    """
    with closing(_look(layer, given.path)) as dataset:
        if given.variable not in dataset.data_vars:
            found = f"the variables {join(sorted(map(str, dataset.data_vars)))}"
            raise build_layer_error(layer, Problem(given.path, found, f"the variable {given.variable!r}"))
        return _describe(layer, given, dataset, dataset[given.variable], period)


def _describe(
    layer: Layer, given: LayerVariable, dataset: xr.Dataset, variable: xr.DataArray, period: Period | None
) -> OpenLayer:
    name = f"{given.path}, {given.variable}"
    axes = down, across = tuple(_find_axis(layer, name, variable, which) for which in ("y", "x"))
    transform = _find_transform(layer, name, variable[down], variable[across])
    crs, datum = settle_crs(layer, given, name, _find_crs(layer, name, dataset, variable))
    place = Profile(crs, transform, variable.sizes[down], variable.sizes[across])
    fill = _find_default_fill(given.path, variable)
    said = _collect_statement(name, place, variable, datum, has_fill=fill is not None)
    time, others = _split_axes(variable, axes)
    moments = variable[time].values if time else np.array([], dtype="datetime64[ns]")
    times = choose_times(layer, name, moments, period)
    problems = [*find_flaws(layer, given, said), *_find_surplus(name, variable, others), *times.problems]
    if problems:
        raise build_layer_error(layer, *problems)
    chosen = (*([(time, times.chosen)] if time else []), *((axis, (0,)) for axis in others))
    return OpenLayer(
        layer,
        choose_resampling(layer, given),
        (
            RasterVariable(
                given.path, given.variable, place, axes, chosen, layer.over_time, given.nodata, fill
            ),
        ),
        as_datetimes(moments[list(times.chosen)]),
        given.vertical_datum or said.vertical_datum,
        (*list_layer_assumptions(layer, given, said), *times.assumed),
        said.unscaled,
    )


def _collect_statement(
    name: str, place: Profile, variable: xr.DataArray, vertical_datum: str, *, has_fill: bool
) -> Statement:
    keys = variable.encoding
    return Statement(
        name=name,
        crs=place.crs,
        transform=place.transform,
        dtype=str(_find_dtype(variable)),
        unit=str(variable.attrs.get("units", "")),
        vertical_datum=vertical_datum,
        packed="scale_factor" in keys or "add_offset" in keys,
        fill=has_fill or _states_fill(variable),
        height=place.height,
        width=place.width,
    )


def _find_dtype(variable: xr.DataArray) -> np.dtype[Any]:
    stored: np.dtype[Any] = np.dtype(variable.encoding.get("dtype", variable.dtype))
    return stored


def _states_fill(variable: xr.DataArray) -> bool:
    return any(variable.encoding.get(key) is not None for key in ("_FillValue", "missing_value"))


def _find_default_fill(path: str, variable: xr.DataArray) -> float | None:
    """What a NetCDF file holds wherever nothing was written to a variable that states no fill of its own."""
    if _states_fill(variable) or not Path(path).is_file():
        return None
    return _DEFAULT_FILLS.get(_find_dtype(variable).str[1:])


def _look(layer: Layer, path: str) -> xr.Dataset:
    if not Path(path).exists():
        raise build_layer_error(layer, Problem(path, "no such file", _EXPECTED))
    return _open(path)


def _open(path: str) -> xr.Dataset:
    """A dataset of which nothing is read yet; InputError where it is none."""
    options: dict[str, Any] = {"engine": "zarr", "consolidated": False}
    try:
        if Path(path).is_file():
            with Path(path).open("rb") as file:
                options = {"engine": "scipy" if file.read(len(_CLASSIC)) == _CLASSIC else "h5netcdf"}
        return xr.open_dataset(path, **options, decode_timedelta=False, cache=False)
    except (OSError, ValueError, KeyError, TypeError) as error:
        problem = Problem(path, " ".join(str(error).split()), _EXPECTED)
        raise InputError("A raster cannot be read", [problem]) from error


def _find_axis(layer: Layer, name: str, variable: xr.DataArray, which: str) -> str:
    """The axis of a direction, by what its coordinates say of themselves, else by its name."""
    for axis in map(str, variable.dims):
        said = variable[axis].attrs if axis in variable.coords else {}
        words = {axis.lower(), str(said.get("standard_name", "")).lower()}
        if str(said.get("axis", "")).lower() == which or words & _AXES[which]:
            if axis not in variable.coords:
                raise build_layer_error(
                    layer, Problem(name, f"no coordinates along {axis}", "where its pixels lie")
                )
            return axis
    found = f"the axes {join([str(axis) for axis in variable.dims])}"
    raise build_layer_error(layer, Problem(name, found, f"one along {which}, with coordinates"))


def _find_transform(layer: Layer, name: str, down: xr.DataArray, across: xr.DataArray) -> Affine:
    """From (column, row) to (x, y), of coordinates of pixel centres; InputError where they are uneven."""
    starts, steps, problems = [], [], []
    for axis in (across, down):
        centres = axis.values.astype(np.float64)
        if not len(centres):
            raise build_layer_error(layer, Problem(name, f"nothing along {axis.name}", "pixels"))
        step = (centres[-1] - centres[0]) / max(1, len(centres) - 1)
        even = centres[0] + np.arange(len(centres)) * step
        if step == 0 or not (np.abs(centres - even) <= _EVEN * abs(step)).all():
            found = f"uneven coordinates along {axis.name}" if step else f"one coordinate along {axis.name}"
            problems.append(Problem(name, found, "two or more pixels of one size along each axis"))
        starts.append(centres[0] - step / 2)
        steps.append(step)
    if problems:
        raise build_layer_error(layer, *problems)
    return Affine(steps[0], 0.0, starts[0], 0.0, steps[1], starts[1])


def _find_crs(layer: Layer, name: str, dataset: xr.Dataset, variable: xr.DataArray) -> str:
    """The CRS as WKT of the grid mapping that a variable names; empty where it names none.

    Longitude and latitude on the ellipsoid of WGS 84, of a datum without a name, are those of WGS 84.
    """
    named = str(variable.attrs.get("grid_mapping") or variable.encoding.get("grid_mapping") or "")
    mapping = re.split(r"[: ]", named)[0]
    if mapping not in dataset.variables:
        return ""
    try:
        crs = CRS.from_cf(dataset[mapping].attrs)
    except (CRSError, KeyError) as error:
        raise build_layer_error(
            layer, Problem(name, f"the grid mapping {mapping!r}: {error}", "a CRS")
        ) from error
    unnamed = crs.is_geographic and is_undefined(crs)
    return (_WGS_84 if unnamed and _is_on_wgs_84(crs) else crs).to_wkt()


def _is_on_wgs_84(crs: CRS) -> bool:
    """Whether the ellipsoid of a CRS is that of WGS 84."""
    shape, figure = crs.ellipsoid, _WGS_84.ellipsoid
    return bool(
        shape
        and figure
        and shape.semi_major_metre == figure.semi_major_metre
        and shape.inverse_flattening == figure.inverse_flattening
    )


def _split_axes(variable: xr.DataArray, plane: tuple[str, ...]) -> tuple[str, list[str]]:
    """The axis of time, empty if there is none, and those that are neither that nor of the plane."""
    rest = [str(axis) for axis in variable.dims if axis not in plane]
    timely = [axis for axis in rest if axis in variable.coords and variable[axis].dtype.kind == "M"]
    time = timely[0] if timely else ""
    return time, [axis for axis in rest if axis != time]


def _find_surplus(name: str, variable: xr.DataArray, others: list[str]) -> list[Problem]:
    long = [f"{axis} ({variable.sizes[axis]})" for axis in others if variable.sizes[axis] > 1]
    expected = "two axes of a plane and one of time"
    return (
        [Problem(name, f"the axes {join(long)} besides", expected, "Write the part that is meant to a file")]
        if long
        else []
    )


def _mask_fill(values: xr.DataArray, fill: float | None) -> Masked:
    """Numbers, masked where they are a fill as it is stored, and outside the range that is said to be valid.

    That range is in stored numbers too, unless these are whole ones and its ends are not, as CF has it.
    """
    said, keys = values.attrs, values.encoding
    scale, offset = float(keys.get("scale_factor", 1.0)), float(keys.get("add_offset", 0.0))
    slack = abs(scale) / 2 if "scale_factor" in keys else 0.0
    numbers = _take(values)
    stated = [np.asarray(said[key]) for key in ("valid_range", "valid_min", "valid_max") if key in said]
    given = said.get("valid_range", (said.get("valid_min", -np.inf), said.get("valid_max", np.inf)))
    ends = np.asarray(given, dtype=np.float64)
    real = _find_dtype(values).kind in "iu" and any(end.dtype.kind == "f" for end in stated)
    low, high = sorted(ends.tolist() if real else (ends * scale + offset).tolist())
    beside = (numbers < low - slack) | (numbers > high + slack)
    if fill is not None:
        beside |= np.abs(numbers - (fill * scale + offset)) <= max(slack, abs(fill) * _SINGLE)
    return np.ma.MaskedArray(numbers, beside)


def _take(values: xr.DataArray) -> NDArray[Any]:
    """The numbers of a part of a variable; InputError where its bytes cannot be read."""
    try:
        return np.asarray(values.values)
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        problem = Problem(str(values.name), " ".join(str(error).split()), "numbers that can be read")
        raise InputError("A raster cannot be read", [problem]) from error
