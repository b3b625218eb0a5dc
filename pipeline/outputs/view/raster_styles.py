"""How a delivered raster is drawn: the colours and words of the QML style that is delivered beside it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import InputError, Problem

HIDDEN = 255
"""Index of pixels that are not known, and of those of a class that the style does not draw."""
COVERED = 254
"""Index of pixels that another map covers, such as water on maps of vegetation."""
_STEPS = 254


@dataclass(frozen=True)
class RasterStyle:
    """Values in rising order with their words and colours (#RRGGBB); a ramp has those between, too."""

    values: tuple[float, ...]
    labels: tuple[str, ...]
    colors: tuple[str, ...]
    is_ramp: bool

    @cached_property
    def palette(self) -> list[int]:
        """Red, green and blue of each index."""
        rgb = np.array([list(bytes.fromhex(color.removeprefix("#"))) for color in self.colors])
        if self.is_ramp:
            stops = np.linspace(self.values[0], self.values[-1], _STEPS)
            bands = [np.interp(stops, self.values, rgb[:, band]) for band in range(3)]
            rgb = np.round(np.stack(bands, axis=1)).astype(int)
        return [int(part) for part in rgb.ravel()]

    def index(self, values: NDArray[np.generic], known: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """The index of each pixel in the palette, HIDDEN for those that are not known."""
        numbers = self._index_ramp(values) if self.is_ramp else self._index_classes(values)
        return np.where(known, numbers, HIDDEN).astype(np.uint8)

    def _index_ramp(self, values: NDArray[np.generic]) -> NDArray[np.intp]:
        low, high = self.values[0], self.values[-1]
        shares = (values.astype(float) - low) / (high - low)
        return np.rint(np.clip(np.nan_to_num(shares), 0, 1) * (_STEPS - 1)).astype(np.intp)

    def _index_classes(self, values: NDArray[np.generic]) -> NDArray[np.intp]:
        codes = np.array(self.values)
        places = np.clip(np.searchsorted(codes, values), 0, len(codes) - 1)
        return np.where(codes[places] == values, places, HIDDEN)


def read_style(qml: Path) -> RasterStyle:
    """The style of a QML file; InputError for one that draws neither classes nor a ramp."""
    try:
        rows, is_ramp = _read_entries(ET.parse(qml).getroot())  # noqa: S314 (checked against the manifest)
        values, labels, colors = zip(*rows, strict=True)
    except (ET.ParseError, ValueError) as error:
        raise _build_refusal(qml, str(error)) from error
    if is_ramp and values[0] == values[-1]:
        raise _build_refusal(qml, str(values[0]))
    return RasterStyle(values, labels, colors, is_ramp)


def _read_entries(root: ET.Element) -> tuple[list[tuple[float, str, str]], bool]:
    entries = root.findall(".//paletteEntry")
    is_ramp = not entries
    found = entries or root.findall(".//colorrampshader/item")
    rows = ((float(one.get("value", "")), one.get("label", ""), one.get("color", "")) for one in found)
    return sorted(rows), is_ramp


def _build_refusal(qml: Path, found: str) -> InputError:
    problem = Problem(str(qml), found, "classes or a ramp")
    return InputError("The style of a raster cannot be read", [problem])
