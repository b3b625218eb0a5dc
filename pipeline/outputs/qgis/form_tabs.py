"""What forms, lists and map tips show of each layer, and in which order."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class FormTab:
    """A tab of a form: its key among the texts, its columns, and layers whose rows belong to the row."""

    key: str
    columns: tuple[str, ...] = ()
    children: tuple[str, ...] = ()


_RIGHTS = (
    *("right_type", "right_holder", "owner_type", "owner_subject", "represent_subject", "agent_subject"),
    *("exercise_mode", "unit_no", "unit_type"),
)
_NAMES = ("parcel_no", "unit_name")
_USE = ("planning_use", "special_protection", "protection_status", "use_status")
_GROUND = (
    *("ecosystem_l1", "dlbm", "area_ha", "wetland_surveyed_ha", "wetland_ecosystem_ha"),
    *("wetland_registered_ha", "structure"),
)
_QUALITY = ("quality_grade", "quality_value", "quality_basis")
_CHANGE = (
    *("change", "chg_from", "chg_quality", "chg_water_ha", "chg_vegetation_ha", "chg_bare_ha"),
    *("chg_built_ha", "chg_seen_share", "chg_reason"),
)
_OWNED_HA = ("state_area_ha", "collective_area_ha", "disputed_area_ha")
_EVIDENCE = ("confidence", "method", "param_set", "data_source", "evidence")

FORM_TABS: Mapping[str, tuple[FormTab, ...]] = MappingProxyType(
    {
        "inventory": (
            FormTab(
                "value",
                (
                    *("cat1_name", "cat2_name", "cat3_name", "period", "quantity", "quantity_unit"),
                    *("physical_value", "physical_unit", "eco_value_yuan", "econ_value_yuan"),
                    *("function_feature", *_QUALITY),
                ),
            ),
            FormTab("change", _CHANGE),
            FormTab("place", ("product_id", "parcel_id", *_NAMES, "region_code", "aoi", *_GROUND)),
            FormTab("rights", (*_RIGHTS, *_OWNED_HA, "redline", *_USE)),
            FormTab("evidence", _EVIDENCE),
        ),
        "parcels": (
            FormTab(
                "parcel",
                (
                    *(
                        "parcel_id",
                        "parcel_no",
                        "unit_name",
                        "region_code",
                        "resource_kind",
                        "dlbm",
                        "area_m2",
                    ),
                    *(
                        "area_whole_m2",
                        "share_inside",
                        "area_registered_m2",
                        "land_class",
                        "land_class_basis",
                    ),
                    "repairs",
                ),
            ),
            FormTab("rights", (*_RIGHTS, "state_area_m2", "collective_area_m2", "disputed_area_m2")),
            FormTab(
                "limits",
                (
                    *("red_line", "ecological_red_line_share", "permanent_farmland_share"),
                    *("special_protection_share", *_USE, "linked_rights"),
                ),
            ),
            FormTab("products", children=("inventory",)),
            FormTab("checks", children=("findings", "sections")),
        ),
        "sections": (
            FormTab(
                "class",
                (
                    *("section", "period", "water_class", "target_class", "target_met", "decided_by"),
                    *("exceedance", "reason", "samples", "months", "few_months_items", "items"),
                ),
            ),
            FormTab(
                "place",
                (
                    *("section_id", "province", "basin", "river", "reach", "water_body", "upstream_unit"),
                    *("downstream_unit", "parcel_id", "link", "distance_m", "lon", "lat"),
                ),
            ),
        ),
        "change_patches": (
            FormTab(
                "change",
                (
                    *("patch_id", "from_class", "to_class", "from_period", "to_period", "area_m2"),
                    *("confidence", "confidence_basis"),
                ),
            ),
        ),
        "findings": (
            FormTab(
                "finding",
                (
                    "severity",
                    "rule",
                    "message_zh",
                    "message_en",
                    "parcel_id",
                    "period",
                    "basis",
                    "finding_id",
                ),
            ),
        ),
    }
)
"""Tabs of forms by layer, and so the order of its columns; those in none stand in a last tab."""

GROUND_TABS = (
    FormTab("parcel", ("parcel_id", "period", *_NAMES, *_GROUND, *_QUALITY, "region_code")),
    FormTab("rights", (*_RIGHTS, *_OWNED_HA, "redline", *_USE)),
    FormTab("products", children=("inventory",)),
)
"""Tabs of a parcel that stands for all its products of a period; what is of one product is in none."""

DISPLAY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "inventory": ("cat2_name", "cat3_name", "period"),
        "parcels": ("parcel_no", "unit_name", "right_holder"),
        "sections": ("section", "water_class", "period"),
        "change_patches": ("patch_id", "from_class", "to_class"),
        "findings": ("severity", "rule", "message_zh", "period"),
        "aoi": ("name_zh",),
    }
)
"""What a row is called in lists, by layer: these columns, one after the other."""

TIPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "inventory": (
            *("parcel_id", "period", "ecosystem_l1", "area_ha", "quality_grade", "quality_value"),
            *("owner_type", "right_holder"),
        ),
        "parcels": (
            "owner_type",
            "right_type",
            "right_holder",
            "land_class",
            "area_m2",
            "area_registered_m2",
        ),
        "sections": (
            "period",
            "water_class",
            "target_class",
            "decided_by",
            "exceedance",
            "samples",
            "reason",
        ),
        "change_patches": ("from_class", "to_class", "from_period", "to_period", "area_m2", "confidence"),
        "findings": ("rule", "severity", "message_zh", "basis"),
        "aoi": ("name_zh", "area_m2", "source", "accuracy"),
    }
)
"""Columns of the map tip, by layer."""

SORTING: Mapping[str, str] = MappingProxyType(
    {"inventory": 'coalesce("cat2_code", \'~\') || "parcel_id" || "period"'}
)
"""By what the rows of a table are sorted at first, by layer: products, then parcels that supply none."""
