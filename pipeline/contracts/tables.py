"""The tables that flow, each checked where it crosses a border."""

import pandera.pandas as pa

from pipeline import standards
from pipeline.contracts.columns import (
    AREA,
    NUMBER,
    NUMBER_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    build_column,
    build_table,
)

SCENE_TABLE = build_table(
    "SceneTable",
    {
        "id": build_column(str, unique=True),
        "mission": TEXT,
        "platform": TEXT,
        "tile": TEXT,
        "baseline": TEXT,
        "updated": TEXT,
        "cloud_percent": NUMBER_OR_NULL,
        "crs": TEXT,
        "assets": TEXT,
        "offset_source": TEXT,
        "offset_evidence": TEXT,
        "offset_conflict": build_column(bool),
        "item_sha256": TEXT,
        "simulated": build_column(bool),
        "orbit": TEXT,
        "item_href": TEXT,
    },
)

SAMPLES = build_table(
    "Samples",
    {
        "province": TEXT_OR_NULL,
        "basin": TEXT_OR_NULL,
        "section": TEXT,
        "parameter": TEXT,
        "value": NUMBER,
        "unit": TEXT,
        "censored": build_column(bool),
        "water_body": build_column(str, known=pa.Check.isin(["river", "lake"])),
        "file": TEXT,
        "row": build_column(int),
    },
)
"""Long table of water samples: one row per section, time and parameter.

`time` is in the zone Asia/Shanghai, `parameter` a code of the `water_limits` table, `unit` its unit.
`censored` marks a value below detection, whose `value` is the detection limit. `file` and `row` (1-based,
as a spreadsheet counts) say where it came from.
"""

SECTION_STATUS = build_table(
    "SectionStatus",
    {
        "section_id": TEXT,
        "province": TEXT_OR_NULL,
        "basin": TEXT_OR_NULL,
        "section": TEXT,
        "water_body": TEXT,
        "period": TEXT,
        "samples": build_column(int),
        "items": TEXT,
        "water_class": build_column("Int64", nullable=True),
        "decided_by": TEXT_OR_NULL,
        "exceedance": TEXT_OR_NULL,
        "target_class": build_column("Int64", nullable=True),
        "target_met": build_column("boolean", nullable=True),
        "lon": NUMBER_OR_NULL,
        "lat": NUMBER_OR_NULL,
        "reason": TEXT_OR_NULL,
    },
)
"""One row per section and period; a column `mean_<code>` per parameter holds the period's mean.

`water_class` runs from 1 to 6 (6: worse than V); it is null with a `reason` where nothing could be
graded. `items` and `decided_by` are codes joined by `;`.
"""

PARCELS = build_table(
    "Parcels",
    {
        "parcel_id": build_column(str, unique=True),
        "parcel_no": TEXT_OR_NULL,
        "unit_no": TEXT_OR_NULL,
        "unit_name": TEXT_OR_NULL,
        "unit_type": TEXT_OR_NULL,
        "region_code": TEXT_OR_NULL,
        "dlbm": TEXT_OR_NULL,
        "owner_type": TEXT_OR_NULL,
        "owner_subject": TEXT_OR_NULL,
        "represent_subject": TEXT_OR_NULL,
        "agent_subject": TEXT_OR_NULL,
        "exercise_mode": TEXT_OR_NULL,
        "right_type": TEXT_OR_NULL,
        "right_holder": TEXT_OR_NULL,
        "planning_use": TEXT_OR_NULL,
        "special_protection": TEXT_OR_NULL,
        "protection_status": TEXT_OR_NULL,
        "use_status": TEXT_OR_NULL,
        "area_registered_m2": NUMBER_OR_NULL,
        "area_whole_m2": AREA,
        "area_m2": AREA,
        "share_inside": build_column(float, share=pa.Check.in_range(0, 1)),
        "repairs": TEXT_OR_NULL,
        "resource_kind": TEXT_OR_NULL,
        "land_class": TEXT_OR_NULL,
        "land_class_basis": TEXT_OR_NULL,
        "state_area_m2": NUMBER_OR_NULL,
        "collective_area_m2": NUMBER_OR_NULL,
        "disputed_area_m2": NUMBER_OR_NULL,
        "red_line": TEXT_OR_NULL,
        "linked_rights": TEXT_OR_NULL,
        **{f"{kind}_share": NUMBER_OR_NULL for kind in standards.table("restricting_kinds")["kind"]},
    },
)
"""Parcels of one area in EPSG:4490, their geometry repaired and cut to the area.

`area_m2` is the ellipsoidal area of that part, `area_whole_m2` of the whole repaired parcel; `repairs`
says what was repaired, null if nothing. `dlbm` is as registered, `land_class` its counterpart in the third
survey and `land_class_basis` the table that it was taken from. Areas by kind of owner are as registered,
`red_line` and `linked_rights` what the registry links the unit to. `<kind>_share` is the share of the
part inside the area that lies in a layer of `restricting`, null without such a layer.
"""

PARCEL_MEASURES = build_table(
    "ParcelMeasures",
    {
        "parcel_id": TEXT,
        "period": TEXT,
        "measure": TEXT,
        "value": NUMBER_OR_NULL,
        "unit": TEXT,
        "covered_area_m2": AREA,
        "unknown_area_m2": AREA,
        "reason": TEXT_OR_NULL,
    },
)
"""Long table, one row per parcel, period and measure.

Measures: `class_area:<key>` of each land cover class (m2; with the unknown area they sum to the parcel's
area inside the aoi), `water_share` of what has a class, `fvc_mean`, `fvc_grade_area:<from>-<to>` (m2 by
per cent of cover), `vegetated_share` (share of the covered area with FVC at or above the threshold),
`ndvi_mean`, `looks_mean`, `seen_share` (share of the parcel with a clear look), `failed_looks_mean` (looks
lost to failed reads) and `failed_share` (share of the parcel that lost any). Under `before/after` of
consecutive periods: `gained_area:<key>` and `lost_area:<key>` (m2) of the change that counts. Under
`first/last`: `ndvi_trend` (1/year) and `ndvi_trend_p`, of each parcel by itself, by the test that the config
names. Every row carries the area that its value rests on and the area unknown; `reason` says why a value is
null.
"""

AREA_BALANCE = build_table(
    "AreaBalance",
    {"aoi": TEXT, "period": TEXT, "item": TEXT, "value_m2": NUMBER, "note": TEXT_OR_NULL},
)

INDICATORS = build_table(
    "Indicators",
    {
        "indicator": TEXT,
        "aoi": TEXT,
        "period": TEXT,
        "value": NUMBER_OR_NULL,
        "unit": TEXT,
        "numerator": NUMBER_OR_NULL,
        "denominator": NUMBER_OR_NULL,
        "low": NUMBER_OR_NULL,
        "high": NUMBER_OR_NULL,
        "target": NUMBER_OR_NULL,
        "source": TEXT,
        "reason": TEXT_OR_NULL,
    },
)
"""`source` names rasters or tables, the scenes' span and the method; `reason` says why a value is null."""

CHANGE_PATCHES = build_table(
    "ChangePatches",
    {
        "patch_id": build_column(str, unique=True),
        "from_class": build_column(int),
        "to_class": build_column(int),
        "from_period": TEXT,
        "to_period": TEXT,
        "area_m2": AREA,
        "confidence": NUMBER_OR_NULL,
        "confidence_basis": TEXT,
    },
)
"""`confidence`, 0 to 1, is null where a map has none; `confidence_basis` says what it is, or why not."""

FINDINGS = build_table(
    "Findings",
    {
        "finding_id": build_column(str, unique=True),
        "rule": TEXT,
        "severity": build_column(str, known=pa.Check.isin(["info", "warning", "error"])),
        "parcel_id": TEXT_OR_NULL,
        "period": TEXT_OR_NULL,
        "message_zh": TEXT,
        "message_en": TEXT,
        "basis": TEXT_OR_NULL,
    },
)
"""One row per finding, with the geometry of the parcel or of the area (EPSG:4490)."""


def _build_inventory_columns() -> dict[str, pa.Column]:
    kinds = {"str": TEXT_OR_NULL, "float": NUMBER_OR_NULL, "int": build_column("Int64", nullable=True)}
    schema = standards.table("inventory_schema")
    return {
        field: kinds[kind]
        for field, kind in zip(schema["field"], schema["type"], strict=True)
        if field != "geometry"
    }


INVENTORY = build_table("Inventory", _build_inventory_columns())
"""One row per parcel, product and period (EPSG:4490): columns of `inventory_schema`, and `parcel_id`."""
