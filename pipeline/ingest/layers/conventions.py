"""What data sets mean by their numbers: unit, scale, sign, codes of nothing, and the time that each is of."""

from dataclasses import dataclass, replace
from typing import Literal, cast

import numpy as np
from rasterio.windows import Window

from pipeline import standards
from pipeline.ingest.layers.layer import Layer, Masked, OpenLayer, OverTime, SourceRaster
from pipeline.ingest.reading.headers import Profile
from pipeline.settings.account_layers import AccountSource

Span = Literal["month", "year"]


@dataclass(frozen=True)
class Convention:
    """What the numbers of a data set mean, where its files do not say: a row of `layer_conventions`.

    Whole numbers without a scale of their own are multiplied by `scale` to be in `unit`; codes from
    `nothing_from` to `nothing_to` stand for nothing. In the unit of the layer they are `factor` x number +
    `offset`, `per_day` once more by the days of what they are of, which is `span`.
    """

    name: str
    unit: str
    spellings: tuple[str, ...] = ()
    scale: float = 1.0
    nothing: tuple[float, float] | None = None
    factor: float = 1.0
    offset: float = 0.0
    per_day: bool = False
    time: OverTime | None = None
    span: Span | None = None
    vertical_datum: str = ""


@dataclass(frozen=True)
class ConvertedRaster:
    """A raster in another unit: number x `scale` + `offset`, unknown where it is within `nothing`."""

    raster: SourceRaster
    scale: float
    offset: float
    nothing: tuple[float, float] | None

    @property
    def name(self) -> str:
        """That of the raster."""
        return self.raster.name

    @property
    def place(self) -> Profile:
        """That of the raster."""
        return self.raster.place

    def read(self, window: Window) -> Masked:
        """Numbers of a window inside it."""
        return self.convert(self.raster.read(window))

    def convert(self, numbers: Masked) -> Masked:
        """Numbers of the raster in the unit of the layer."""
        mask = np.ma.getmaskarray(numbers)
        if self.nothing is not None:
            mask = mask | ((numbers.data >= self.nothing[0]) & (numbers.data <= self.nothing[1]))
        return np.ma.MaskedArray(numbers.data * self.scale + self.offset, mask)

    def checksum(self) -> str:
        """That of the raster."""
        return self.raster.checksum()


def find_convention(layer: Layer, given: AccountSource) -> Convention:
    """The convention that a source names; without one its numbers are those of the layer itself."""
    for row in standards.read_rows("layer_conventions"):
        if (row["convention"], row["layer"]) == (given.convention, layer.name):
            return _read_row(row)
    return Convention("", layer.unit, layer.spellings, time=layer.over_time)


def expect(layer: Layer, convention: Convention, *, of_one_time: bool = False) -> Layer:
    """The layer as a data set has it: in its unit, of its times; `of_one_time` where each file is one."""
    time = "one" if of_one_time and convention.time else convention.time
    return replace(layer, unit=convention.unit, spellings=convention.spellings, over_time=time)


def convert(opened: OpenLayer, layer: Layer, convention: Convention, days: int) -> OpenLayer:
    """What is open, in the unit of a layer, of a span of so many days; what was assumed for it is said."""
    scale = convention.scale if opened.unscaled else 1.0
    nothing = convention.nothing
    if nothing and not opened.unscaled:
        low, high = (end * convention.scale for end in nothing)
        half = convention.scale / 2
        nothing = low - half, high + half
    factor = scale * convention.factor * (days if convention.per_day else 1)
    rasters = tuple(ConvertedRaster(raster, factor, convention.offset, nothing) for raster in opened.rasters)
    notes = [f"scale {scale:g}: of {convention.name} 按数据集惯例"] if scale != 1.0 else []
    if convention.factor != 1.0 or convention.offset or convention.per_day:
        notes.append(f"{convention.unit} to {layer.unit}: as {convention.name} has it 按数据集惯例换算")
    return replace(opened, layer=layer, rasters=rasters, assumed=(*opened.assumed, *notes), unscaled=False)


def _read_row(row: dict[str, str]) -> Convention:
    nothing = (float(row["nothing_from"]), float(row["nothing_to"])) if row["nothing_from"] else None
    return Convention(
        row["convention"],
        row["unit"],
        tuple(row["spellings"].split(";")) if row["spellings"] else (),
        float(row["scale"]),
        nothing,
        float(row["factor"]),
        float(row["offset"]),
        row["per_day"] == "y",
        cast("OverTime | None", row["time"] or None),
        cast("Span | None", row["span"] or None),
        row["vertical_datum"],
    )
