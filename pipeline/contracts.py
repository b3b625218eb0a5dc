"""The types that flow, in the order they flow; each table is checked where it crosses a border."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, TypeVar

import geopandas as gpd
import pandas as pd
import pandera.errors
import pandera.pandas as pa
import xarray as xr

from pipeline import standards
from pipeline.aoi import Aoi
from pipeline.errors import ContractError, Problem
from pipeline.grid import Grid
from pipeline.legends import Legend
from pipeline.periods import Period

REFLECTANCE_SCALE = 1e-4
REFLECTANCE_NODATA = -32768
REFLECTANCE_LIMIT = 32767
INDEX_STEP = 2.0**-13
"""Indices are kept in steps of 0.00012, as fine as the reflectance behind them, which halves their files."""

Outcome = Literal["read", "skipped", "failed"]
RasterKind = Literal["ratio", "index", "count", "classes", "reflectance"]
Frame = TypeVar("Frame", pd.DataFrame, gpd.GeoDataFrame)


@dataclass(frozen=True)
class Packing:
    """How whole numbers stand for values in a unit: `value = number * scale + offset` (CF, packed data).

    `nodata` stands for none, `valid` are the least and the greatest number that stand for one; None where all
    others do. `special` are numbers that stand for something else, such as a limit that was cut to.
    """

    scale: float = 1.0
    offset: float = 0.0
    nodata: int = 0
    unit: str = "1"
    valid: tuple[int, int] | None = None
    special: tuple[int, ...] = ()


REFLECTANCE = Packing(REFLECTANCE_SCALE, nodata=REFLECTANCE_NODATA)
"""Reflectance as composites hold it, int16."""


@dataclass(frozen=True)
class BandChoice:
    """Which band of a file is meant: what it may be called there, and its number, where that is told.

    `number` counts from 1, `among` is how many bands the file is said to have; 0 where nothing is said.
    """

    names: tuple[str, ...] = ()
    number: int = 0
    among: int = 0


@dataclass(frozen=True)
class Asset:
    """One band of a file of a scene: `value = DN * scale + offset` in the unit of the band.

    `nodata` is the DN of nothing, as are those of `stated`; `valid` the least and the greatest DN that stand
    for a value, of which the `special` ones do not; None where all others do. `band` says which band of the
    file it is.
    """

    href: str
    scale: float = 1.0
    offset: float = 0.0
    nodata: int = 0
    valid: tuple[int, int] | None = None
    special: tuple[int, ...] = ()
    stated: tuple[int, ...] = ()
    band: BandChoice = BandChoice()


@dataclass(frozen=True)
class Scene:
    """One normalised scene. `assets` are keyed by STAC common name; `mask` says what is clear, None: all is.

    `saturation` says in which bands a pixel was too bright, None: nothing does.

    `offset_source` tells what the radiometric offset rests on (pixels, raster:bands, boa_offset_applied,
    baseline or header), `offset_evidence` what all said, `offset_conflict` whether they disagreed. `orbit`
    names the pass where looks are told apart by it, and is empty elsewhere.
    """

    id: str
    mission: str
    platform: str
    datetime: datetime
    tile: str
    baseline: str
    updated: str
    cloud_percent: float
    crs: str
    assets: dict[str, Asset]
    mask: Asset | None
    offset_source: str
    offset_evidence: str
    offset_conflict: bool
    item_sha256: str
    simulated: bool
    orbit: str = ""
    saturation: Asset | None = None

    @property
    def hrefs(self) -> list[str]:
        """All files, the mask first."""
        masks = [asset for asset in (self.mask, self.saturation) if asset]
        return [asset.href for asset in (*masks, *self.assets.values())]


NOT_READABLE, NEVER_READABLE = "not readable", "not readable, nor by another run"
"""Why a read failed: what was in the way may pass, or the file is gone or broken."""


@dataclass(frozen=True)
class ReadRecord:
    """What became of one asset in one block; `band` is `mask` for what says where a scene is clear.

    `attempts` counts how often the file was asked (0: it was not), `error` lists what went wrong on the way,
    also where it came in the end; `href` is without signature.
    """

    scene_id: str
    band: str
    block: str
    outcome: Outcome
    reason: str
    href: str
    attempts: int = 1
    error: str = ""


def _build_column(
    kind: object, *, nullable: bool = False, unique: bool = False, **checks: pa.Check
) -> pa.Column:
    return pa.Column(
        kind, nullable=nullable, unique=unique, checks=list(checks.values()) or None, coerce=True
    )


def _build_table(name: str, columns: dict[str, pa.Column]) -> pa.DataFrameSchema:
    return pa.DataFrameSchema(columns, name=name, strict=False)


_TEXT = _build_column(str)
_TEXT_OR_NULL = _build_column(object, nullable=True)
_NUMBER = _build_column(float)
_NUMBER_OR_NULL = _build_column(float, nullable=True)
_AREA = _build_column(float, at_least=pa.Check.ge(0))

SCENE_TABLE = _build_table(
    "SceneTable",
    {
        "id": _build_column(str, unique=True),
        "mission": _TEXT,
        "platform": _TEXT,
        "tile": _TEXT,
        "baseline": _TEXT,
        "updated": _TEXT,
        "cloud_percent": _NUMBER_OR_NULL,
        "crs": _TEXT,
        "assets": _TEXT,
        "offset_source": _TEXT,
        "offset_evidence": _TEXT,
        "offset_conflict": _build_column(bool),
        "item_sha256": _TEXT,
        "simulated": _build_column(bool),
        "orbit": _TEXT,
    },
)

SAMPLES = _build_table(
    "Samples",
    {
        "province": _TEXT_OR_NULL,
        "basin": _TEXT_OR_NULL,
        "section": _TEXT,
        "parameter": _TEXT,
        "value": _NUMBER,
        "unit": _TEXT,
        "censored": _build_column(bool),
        "water_body": _build_column(str, known=pa.Check.isin(["river", "lake"])),
        "file": _TEXT,
        "row": _build_column(int),
    },
)
"""Long table of water samples: one row per section, time and parameter.

`time` is in the zone Asia/Shanghai, `parameter` a code of the `water_limits` table, `unit` its unit.
`censored` marks a value below detection, whose `value` is the detection limit. `file` and `row` (1-based,
as a spreadsheet counts) say where it came from.
"""

SECTION_STATUS = _build_table(
    "SectionStatus",
    {
        "section_id": _TEXT,
        "province": _TEXT_OR_NULL,
        "basin": _TEXT_OR_NULL,
        "section": _TEXT,
        "water_body": _TEXT,
        "period": _TEXT,
        "samples": _build_column(int),
        "items": _TEXT,
        "water_class": _build_column("Int64", nullable=True),
        "decided_by": _TEXT_OR_NULL,
        "exceedance": _TEXT_OR_NULL,
        "target_class": _build_column("Int64", nullable=True),
        "target_met": _build_column("boolean", nullable=True),
        "lon": _NUMBER_OR_NULL,
        "lat": _NUMBER_OR_NULL,
        "reason": _TEXT_OR_NULL,
    },
)
"""One row per section and period; a column `mean_<code>` per parameter holds the period's mean.

`water_class` runs from 1 to 6 (6: worse than V); it is null with a `reason` where nothing could be
graded. `items` and `decided_by` are codes joined by `;`.
"""

PARCELS = _build_table(
    "Parcels",
    {
        "parcel_id": _build_column(str, unique=True),
        "parcel_no": _TEXT_OR_NULL,
        "unit_no": _TEXT_OR_NULL,
        "unit_name": _TEXT_OR_NULL,
        "unit_type": _TEXT_OR_NULL,
        "region_code": _TEXT_OR_NULL,
        "dlbm": _TEXT_OR_NULL,
        "owner_type": _TEXT_OR_NULL,
        "owner_subject": _TEXT_OR_NULL,
        "represent_subject": _TEXT_OR_NULL,
        "agent_subject": _TEXT_OR_NULL,
        "exercise_mode": _TEXT_OR_NULL,
        "right_type": _TEXT_OR_NULL,
        "right_holder": _TEXT_OR_NULL,
        "planning_use": _TEXT_OR_NULL,
        "special_protection": _TEXT_OR_NULL,
        "protection_status": _TEXT_OR_NULL,
        "use_status": _TEXT_OR_NULL,
        "area_registered_m2": _NUMBER_OR_NULL,
        "area_whole_m2": _AREA,
        "area_m2": _AREA,
        "share_inside": _build_column(float, share=pa.Check.in_range(0, 1)),
        "repairs": _TEXT_OR_NULL,
        "resource_kind": _TEXT_OR_NULL,
        "land_class": _TEXT_OR_NULL,
        "land_class_basis": _TEXT_OR_NULL,
        "state_area_m2": _NUMBER_OR_NULL,
        "collective_area_m2": _NUMBER_OR_NULL,
        "disputed_area_m2": _NUMBER_OR_NULL,
        "red_line": _TEXT_OR_NULL,
        "linked_rights": _TEXT_OR_NULL,
        **{f"{kind}_share": _NUMBER_OR_NULL for kind in standards.table("restricting_kinds")["kind"]},
    },
)
"""Parcels of one area in EPSG:4490, their geometry repaired and cut to the area.

`area_m2` is the ellipsoidal area of that part, `area_whole_m2` of the whole repaired parcel; `repairs`
says what was repaired, null if nothing. `dlbm` is as registered, `land_class` its counterpart in the third
survey and `land_class_basis` the table that it was taken from. Areas by kind of owner are as registered,
`red_line` and `linked_rights` what the registry links the unit to. `<kind>_share` is the share of the
part inside the area that lies in a layer of `restricting`, null without such a layer.
"""

PARCEL_MEASURES = _build_table(
    "ParcelMeasures",
    {
        "parcel_id": _TEXT,
        "period": _TEXT,
        "measure": _TEXT,
        "value": _NUMBER_OR_NULL,
        "unit": _TEXT,
        "covered_area_m2": _AREA,
        "unknown_area_m2": _AREA,
        "reason": _TEXT_OR_NULL,
    },
)
"""Long table, one row per parcel, period and measure.

Measures: `class_area:<key>` of each land cover class (m2; with the unknown area they sum to the parcel's
area inside the aoi), `water_share` of what has a class, `fvc_mean`, `fvc_grade_area:<from>-<to>` (m2 by
per cent of cover), `vegetated_share` (share of the covered area with FVC at or above the threshold),
`ndvi_mean`, `looks_mean`, `failed_looks_mean` (looks lost to failed reads) and `failed_share` (share of the
parcel that lost any). Under `before/after` of consecutive periods: `gained_area:<key>` and
`lost_area:<key>` (m2) of the change that counts. Under `first/last`: `ndvi_trend` (1/year) and
`ndvi_trend_p`, of each parcel by itself, by the test that the config names. Every row carries the area that
its value rests on and the area unknown; `reason` says why a value is null.
"""

AREA_BALANCE = _build_table(
    "AreaBalance",
    {"aoi": _TEXT, "period": _TEXT, "item": _TEXT, "value_m2": _NUMBER, "note": _TEXT_OR_NULL},
)

INDICATORS = _build_table(
    "Indicators",
    {
        "indicator": _TEXT,
        "aoi": _TEXT,
        "period": _TEXT,
        "value": _NUMBER_OR_NULL,
        "unit": _TEXT,
        "numerator": _NUMBER_OR_NULL,
        "denominator": _NUMBER_OR_NULL,
        "low": _NUMBER_OR_NULL,
        "high": _NUMBER_OR_NULL,
        "target": _NUMBER_OR_NULL,
        "source": _TEXT,
        "reason": _TEXT_OR_NULL,
    },
)
"""`source` names rasters or tables, the scenes' span and the method; `reason` says why a value is null."""

CHANGE_PATCHES = _build_table(
    "ChangePatches",
    {
        "patch_id": _build_column(str, unique=True),
        "from_class": _build_column(int),
        "to_class": _build_column(int),
        "from_period": _TEXT,
        "to_period": _TEXT,
        "area_m2": _AREA,
        "confidence": _NUMBER_OR_NULL,
        "confidence_basis": _TEXT,
    },
)
"""`confidence`, 0 to 1, is null where a map has none; `confidence_basis` says what it is, or why not."""

FINDINGS = _build_table(
    "Findings",
    {
        "finding_id": _build_column(str, unique=True),
        "rule": _TEXT,
        "severity": _build_column(str, known=pa.Check.isin(["info", "warning", "error"])),
        "parcel_id": _TEXT_OR_NULL,
        "period": _TEXT_OR_NULL,
        "message_zh": _TEXT,
        "message_en": _TEXT,
        "basis": _TEXT_OR_NULL,
    },
)
"""One row per finding, with the geometry of the parcel or of the area (EPSG:4490)."""


def _build_inventory_columns() -> dict[str, pa.Column]:
    kinds = {"str": _TEXT_OR_NULL, "float": _NUMBER_OR_NULL, "int": _build_column("Int64", nullable=True)}
    schema = standards.table("inventory_schema")
    return {
        field: kinds[kind]
        for field, kind in zip(schema["field"], schema["type"], strict=True)
        if field != "geometry"
    }


INVENTORY = _build_table("Inventory", _build_inventory_columns())
"""One row per parcel, product and period (EPSG:4490): columns of `inventory_schema`, and `parcel_id`."""


@dataclass(frozen=True)
class Raster:
    """One map to deliver: `values` has dims (y, x) on the area's grid, may be lazy, and is as stored.

    `kind` decides encoding and style: `ratio` is int16 with scale 1e-4 and nodata -32768, `index` float32
    with NaN, `count` uint16 without nodata, `classes` uint8 with nodata 255 and a legend, `reflectance`
    int16 (band, y, x) with scale 1e-4.
    """

    name: str
    kind: RasterKind
    values: xr.DataArray
    title_zh: str
    title_en: str
    first_day: date
    last_day: date
    legend: Legend | None = None


@dataclass(frozen=True)
class Delivery:
    """Everything that one area's delivery shows; `outputs` writes it, nothing else is consulted.

    `as_of` is the time of the latest scene; it stands for every time inside a file, so that bytes repeat.
    `tables` are the CSV tables by file stem; `rules` names the rules of the findings, in Chinese and English.
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


def check_table(table: Frame, schema: pa.DataFrameSchema) -> Frame:
    """The table with its columns in the promised types; ContractError lists every breach at once."""
    try:
        return schema.validate(table, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        problems = [
            Problem(f"{schema.name}.{case.column}, row {case.index}", str(case.failure_case), str(case.check))
            for case in cases.itertuples()
        ]
        raise ContractError(f"A stage broke the contract of {schema.name}", problems) from errors
