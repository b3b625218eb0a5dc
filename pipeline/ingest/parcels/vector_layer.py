"""A vector layer that is open: what is known of it, and what is told where GDAL cannot read it."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyogrio
from numpy.typing import NDArray
from pyproj import CRS

from pipeline.datum import DatumShift, LonLat
from pipeline.errors import InputError, Problem

BATCH_ROWS = 32_768
_HARMLESS = ("Non closed ring detected", "Several features with id")
"""Warnings of GDAL that call for nothing: the ring is recorded, features are told apart by their places."""

Places = NDArray[np.int64]
Read = TypeVar("Read")


@dataclass(frozen=True)
class VectorLayer:
    """One vector layer: its attribute columns, its CRS, how its text is decoded, its features' bounds.

    `shift` tells how its coordinates come to CGCS2000, `near` where they are in degrees of their own datum.
    `name` is None for GeoParquet. `recode` is the encoding of text that was read as `encodings.LOSSLESS`.
    `key` is the column that numbers the features, empty if there is none; `driver` is that of GDAL, which
    opens `source`.
    `by_number` tells whether features are found by their number without looking through those before.
    `fids` and `corners` (rows of left, bottom, right, top) are those of all features, NaN without geometry,
    for which GDAL has either NaN or nothing but 0. `rows` are the same numbers, or places where they repeat.
    """

    path: Path
    name: str | None
    columns: tuple[str, ...]
    crs: CRS
    shift: DatumShift
    near: LonLat | None
    encoding: str | None
    recode: str | None
    by_number: bool
    fids: NDArray[np.int64]
    corners: NDArray[np.float64]
    key: str = ""
    driver: str = ""
    source: str = ""

    @property
    def place(self) -> str:
        """Where it is, as an error names it."""
        return f"{self.path}, layer {self.name}" if self.name else str(self.path)

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """A number for each feature that no other has."""
        repeated = count_distinct(self.fids) < len(self.fids)
        return np.arange(1, len(self.fids) + 1) if repeated else self.fids


def count_distinct(numbers: NDArray[np.int64]) -> int:
    """How many numbers there are, each once; by sorting: `np.unique` takes half a minute of ten million."""
    ordered = np.sort(numbers)
    return int(np.count_nonzero(ordered[1:] != ordered[:-1])) + min(len(ordered), 1)


def vector_error(*problems: Problem) -> InputError:
    """The error of a vector file that cannot be used."""
    return InputError("A vector file cannot be used", problems)


def read_with(path: Path, codec: str | None, read: Callable[[], Read]) -> Read:
    """What was read; InputError where text, geometry or the file itself cannot be."""
    try:
        with warnings.catch_warnings():
            for words in _HARMLESS:
                warnings.filterwarnings("ignore", words)
            return read()
    except UnicodeDecodeError as error:
        text = f"text that is not {codec or error.encoding}"
        raise vector_error(Problem(str(path), text, "the right `encoding`, such as UTF-8 or GBK")) from error
    except LookupError as error:
        raise vector_error(Problem(str(path), str(error), "an encoding such as UTF-8 or GBK")) from error
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise vector_error(Problem(str(path), str(error), "a vector file that GDAL reads")) from error
    except (pyogrio.errors.FeatureError, pyogrio.errors.GeometryError, pa.ArrowException) as error:
        raise vector_error(Problem(str(path), str(error), "rows that GDAL reads")) from error
