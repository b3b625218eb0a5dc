"""What a delivery shows, and nothing else is consulted as it is written."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import geopandas as gpd
import pandas as pd
import xarray as xr

from pipeline.aoi import Aoi
from pipeline.grid import Grid
from pipeline.legends import Legend
from pipeline.periods import Period

RasterKind = Literal["ratio", "index", "amount", "count", "classes", "reflectance", "series"]
Register = Literal["inventory", "parcels"]
Package = Literal["all", "register", "others"]


@dataclass(frozen=True)
class Raster:
    """One map to deliver: `values` has dims (y, x) on the area's grid, may be lazy, and is as stored.

    `kind` decides encoding and style: `ratio` is int16 with scale 1e-4 and nodata -32768, `index` float32
    with NaN, `amount` float32 with NaN, in `unit` and drawn by what it holds, `count` uint16 without nodata,
    `classes` uint8 with nodata 255 and a legend, `reflectance` and `series` int16 (band, y, x) with scale
    1e-4: bands by their common names, or looks by their days. `product` is what it shows, whatever its time:
    the name without that.
    """

    name: str
    product: str
    kind: RasterKind
    values: xr.DataArray
    title_zh: str
    title_en: str
    first_day: date
    last_day: date
    legend: Legend | None = None
    unit: str = ""

    @property
    def banded(self) -> bool:
        """Whether it has several bands, and so no style of its own."""
        return self.kind in {"reflectance", "series"}


@dataclass(frozen=True)
class RegisterSums:
    """What the parts of a register come to, found once while they are written.

    `totals` are counts by grouping of each part, `words` what its columns `method` and `param_set` say, each
    word once, `owned` the area of each kind of owner and ecosystem in the newest period, of each part.
    """

    totals: tuple[Mapping[str, pd.DataFrame], ...]
    words: Mapping[str, Sequence[str]]
    owned: pd.DataFrame


@dataclass(frozen=True)
class Delivery:
    """Everything that one area's delivery shows; `outputs` writes it, nothing else is consulted.

    `as_of` is the time of the latest scene; it stands for every time inside a file, so that bytes repeat.
    `scenes` have a row each, with the outline (longitude, latitude) as `geometry` where it is known.
    `tables` are the CSV tables by file stem; `rules` names the rules of the findings, in Chinese and English;
    `layers` are those of the GeoPackage beside the six that each has, by name; `assessed` are the stems of
    those tables that parts of the assessment made, in their order. `organisation` (编制单位) is who compiles
    it, empty where nobody is named.

    A register that is too large to be held is `divided`: `inventory` and `parcels` then have their columns
    and no row, `counts` says how many rows each has, and `parts` reads those that are asked for part by part.
    `long_tables` are Parquet files of tables that are too long to be held, by stem.

    `package` says which layers the GeoPackage has: `all`, those of the `register` (of one part), or the
    `others`, where each part of the register has one of its own. `findings` are then some of each kind,
    `findings_file` is the Parquet of all, `finding_counts` how many there are (`severity`, `rule`, `count`).
    """

    aoi: Aoi
    grid: Grid
    label: str
    language: Literal["zh", "en"]
    simulated: bool
    as_of: datetime
    periods: tuple[Period, ...]
    inventory: gpd.GeoDataFrame
    parcels: gpd.GeoDataFrame
    sections: gpd.GeoDataFrame
    change_patches: gpd.GeoDataFrame
    findings: gpd.GeoDataFrame
    tables: dict[str, pd.DataFrame]
    rasters: tuple[Raster, ...]
    scenes: pd.DataFrame
    rules: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    layers: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)
    assessed: tuple[str, ...] = ()
    organisation: str = ""
    divided: Callable[[Collection["Register"]], Iterator["Delivery"]] | None = None
    counts: Mapping["Register", int] = field(default_factory=dict)
    long_tables: Mapping[str, Path] = field(default_factory=dict)
    package: Package = "all"
    findings_file: Path | None = None
    finding_counts: pd.DataFrame | None = None
    sums: "RegisterSums | None" = None

    def parts(self, *layers: "Register") -> Iterator["Delivery"]:
        """The delivery of each part of its register, with what is asked of it; itself where it is whole."""
        return self.divided(layers) if self.divided else iter((self,))

    def count_rows(self, layer: "Register") -> int:
        """How many rows a layer of the register has, all parts together."""
        return self.counts[layer] if self.divided else len(getattr(self, layer))

    def count_findings(self) -> pd.DataFrame:
        """How many findings there are of each `severity` and `rule` (`count`), also where some are held."""
        if self.finding_counts is not None:
            return self.finding_counts
        kinds = self.findings[["severity", "rule"]]
        counted: pd.DataFrame = kinds.value_counts(sort=False).rename("count").reset_index()
        return counted

    @property
    def area_name(self) -> str:
        """The name of the area in the language of the delivery."""
        return self.aoi.name_zh if self.language == "zh" else self.aoi.name_en

    def name_file(self, suffix: str) -> str:
        """The name of its file of a kind: area and label, so that it tells its own wherever it lies."""
        return f"{self.aoi.id}_{self.label}{suffix}"
