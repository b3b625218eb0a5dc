"""Parcels as a layer of the map: whose they are, what they are in each period, products and findings."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd

from pipeline import standards
from pipeline.contracts import Delivery
from pipeline.legends import LAND_COVER
from pipeline.outputs.columns import Language, describe_column, name_values
from pipeline.outputs.layers import find_layer_title
from pipeline.outputs.ramps import RAMPS
from pipeline.outputs.texts import find_text, name_unit
from pipeline.outputs.webmap.features import tell_findings
from pipeline.outputs.webmap.keys import key_stops
from pipeline.outputs.webmap.shaping import (
    M2_PER_HA,
    PERIOD,
    Field,
    build_fields,
    build_theme,
    list_filters,
    pack_table,
    spread_periods,
    tabulate_cells,
)
from pipeline.periods import Period

_TEXTS = (
    *("parcel_no", "right_holder", "owner_type", "right_type", "land_class", "unit_name", "planning_use"),
    *("protection_status", "use_status", "linked_rights", "red_line"),
)
_SHARES = tuple(f"{kind}_share" for kind in standards.table("restricting_kinds")["kind"])
_AREAS = {"area_ha": "area_m2", "area_registered_ha": "area_registered_m2"}
_CLASSES = tuple(f"class_area:{entry.key}" for entry in LAND_COVER.classes)
_LISTED: Mapping[str, tuple[Field | str, ...]] = MappingProxyType(
    {
        "products": (
            "cat3_name",
            Field("quantity", unit_column="unit"),
            Field("eco_value_yuan", digits=0),
            "quality_grade",
        ),
        "findings": ("rule", "severity"),
        "sections": ("section", "water_class"),
    }
)
"""What the card lists under a parcel, and of what; a column `note` stands under each row."""
MOST_PRODUCTS = 200_000
"""Rows of products that a page carries."""
_COVER, _UNSEEN = "fvc_mean", "unknown_area_ha"


def build_parcels_layer(delivery: Delivery) -> dict[str, Any]:
    """Parcels, coloured by ecosystem type, vegetation cover or owner, each with a card of what is known."""
    language = delivery.language
    rows = delivery.parcels.sort_values("parcel_id", kind="stable", ignore_index=True)
    ids = rows["parcel_id"]
    columns = pd.concat([_tell_register(delivery, rows), *_spread_measures(delivery, ids)], axis=1)
    lists = _build_lists(delivery, ids)
    return {
        "id": "parcels",
        "title": find_layer_title("parcels", language),
        "geometry": "polygon",
        "source": {"table": pack_table(rows, ids, columns)},
        "look": {"fill": 0.75, "line": "#ffffff", "width": 0.7, "yields": True},
        "themes": _list_themes(columns, language),
        "filters": list_filters(["town", "owner_type", "land_class"], columns, language),
        "search": ["parcel_no", "right_holder", "town", "land_class", "unit_name"],
        "title_column": "",
        "lists": lists,
        "card": [*_list_sections(language), *(_build_list_section(name, language) for name in lists)],
    }


def _tell_register(delivery: Delivery, rows: pd.DataFrame) -> pd.DataFrame:
    texts = {name: name_values(name, rows[name], delivery.language) for name in _TEXTS}
    areas = {name: rows[source] / M2_PER_HA for name, source in _AREAS.items()}
    towns = find_towns(delivery).reindex(rows["parcel_id"]).reset_index(drop=True)
    return pd.DataFrame({**texts, "town": towns, **areas, **rows[["share_inside", *_SHARES]]})


def find_towns(delivery: Delivery) -> pd.Series:
    """The town or village that most of a parcel lies in, by parcel_id; of the newest period's accounts."""
    units, regions = (delivery.tables.get(stem) for stem in ("account_sums", "account_regions"))
    if units is None or regions is None:
        return pd.Series(dtype=object)
    newest = units[(units["kind"] == "parcel") & (units["period"] == delivery.periods[-1].label)]
    areas = newest.groupby(["parcel_id", "region"], observed=True)["area_m2"].sum().reset_index()
    largest = areas.sort_values(["area_m2", "region"], ascending=[False, True], kind="stable")
    towns = largest.drop_duplicates("parcel_id").set_index("parcel_id")["region"].astype(str)
    return towns.map(dict(zip(regions["region"].astype(str), regions["name"], strict=True)))


def _spread_measures(delivery: Delivery, ids: pd.Series) -> list[pd.DataFrame]:
    """Columns by period: ecosystem type, mean vegetation cover, areas by class in hectares, area not seen."""
    found = [_spread_ecosystems(delivery, ids)]
    measures = delivery.tables.get("parcel_measures")
    if measures is None:
        return found
    cover = measures[measures["measure"] == _COVER].rename(columns={"value": _COVER})
    found.append(spread_periods(cover, _COVER, ids, delivery.periods))
    for name in _CLASSES:
        rows = measures[measures["measure"] == name]
        hectares = rows.assign(**{name: rows["value"] / M2_PER_HA})
        found.append(spread_periods(hectares, name, ids, delivery.periods))
    unseen = measures[measures["measure"] == _CLASSES[0]]
    hectares = unseen.assign(**{_UNSEEN: unseen["unknown_area_m2"] / M2_PER_HA})
    return [*found, spread_periods(hectares, _UNSEEN, ids, delivery.periods)]


def _spread_ecosystems(delivery: Delivery, ids: pd.Series) -> pd.DataFrame:
    """The ecosystem type of the largest product area of a parcel, so that it is drawn once a period."""
    held = pd.DataFrame(delivery.inventory).dropna(subset=["ecosystem_l1"])
    order = ["area_ha", "ecosystem_l1"]
    largest = held.sort_values(order, ascending=[False, True], kind="stable")
    named = name_values("ecosystem_l1", largest["ecosystem_l1"], delivery.language)
    return spread_periods(largest.assign(ecosystem_l1=named), "ecosystem_l1", ids, delivery.periods)


def _list_themes(columns: pd.DataFrame, language: Language) -> list[dict[str, Any]]:
    themes = [build_theme("ecosystem_l1", columns, language)]
    if any(str(name).startswith(_COVER) for name in columns):
        title = describe_column(_COVER).name(language)
        legend = key_stops(RAMPS["cover"], "", language)
        themes.append({"key": _COVER, "title": title, "property": f"{_COVER}@{PERIOD}", "legend": legend})
    return [*themes, build_theme("owner_type", columns, language)]


def _build_lists(delivery: Delivery, ids: pd.Series) -> dict[str, Any]:
    """Rows that hang on a parcel, each with the number of its row."""
    language = delivery.language
    number = pd.Series(range(len(ids)), index=ids)
    findings = tell_findings(delivery).rename(columns={"message": "note"}).drop(columns="basis")
    found = {"products": _tell_products(delivery), "findings": findings}
    if "parcel_id" in delivery.sections:
        codes = delivery.sections["water_class"].astype("string")
        graded = delivery.sections.assign(water_class=name_values("water_class", codes, language))
        found["sections"] = pd.DataFrame(graded)[["parcel_id", "section", "period", "water_class"]]
    lists = {}
    for name, rows in found.items():
        kept = rows[rows["parcel_id"].isin(ids)]
        cells = tabulate_cells(kept.drop(columns="parcel_id"))
        lists[name] = {"of": number.loc[kept["parcel_id"]].tolist(), "columns": cells}
    return lists


def choose_product_periods(delivery: Delivery) -> list[Period]:
    """The last periods whose products together are no more than a page carries, in order."""
    counts = delivery.inventory["period"].value_counts()
    held = 0
    for number, period in enumerate(reversed(delivery.periods)):
        held += int(counts.get(period.label, 0))
        if held > MOST_PRODUCTS:
            return list(delivery.periods[len(delivery.periods) - number :])
    return list(delivery.periods)


def _tell_products(delivery: Delivery) -> pd.DataFrame:
    """Products in the order of their categories, with what is to be said of each figure."""
    language = delivery.language
    rows = pd.DataFrame(delivery.inventory)
    rows = rows[rows["period"].isin([period.label for period in choose_product_periods(delivery)])]
    rows = rows.sort_values(["cat1_code", "cat2_code", "product_id"], kind="stable")
    said = ("cat3_name", "cat2_name", "quality_grade", "confidence")
    words = {name: name_values(name, rows[name], language) for name in said}
    return pd.DataFrame(
        {
            "parcel_id": rows["parcel_id"],
            "period": rows["period"],
            "cat3_name": words["cat3_name"].fillna(words["cat2_name"]),
            "quantity": rows["quantity"],
            "unit": rows["quantity_unit"].map(lambda unit: name_unit(unit, language), na_action="ignore"),
            "quality_grade": words["quality_grade"],
            "eco_value_yuan": rows["eco_value_yuan"],
            "note": words["confidence"],
        }
    )


def _list_sections(language: Language) -> list[dict[str, Any]]:
    """What the card tells of a parcel itself: as registered and measured, and in each period."""
    classes = [
        Field(f"class_area:{entry.key}@{PERIOD}", unit="ha", title=entry.name(language))
        for entry in LAND_COVER.classes
    ]
    changing: list[Field | str] = [
        f"ecosystem_l1@{PERIOD}",
        Field(f"{_COVER}@{PERIOD}", unit="share", digits=1),
        *classes,
        Field(f"{_UNSEEN}@{PERIOD}", "unknown_area_m2", "ha"),
    ]
    title = find_text("webmap.through_time", language)
    return [
        {"kind": "rows", "title": "", "fields": build_fields(_list_register_fields(), language)},
        {"kind": "periods", "title": title, "fields": build_fields(changing, language)},
    ]


def _build_list_section(name: str, language: Language) -> dict[str, Any]:
    title = find_text(f"webmap.{name}", language)
    fields = build_fields(_LISTED[name], language)
    return {"kind": "list", "title": title, "list": name, "note": "note", "fields": fields}


def _list_register_fields() -> list[Field | str]:
    return [
        *_TEXTS[:5],
        "town",
        *_TEXTS[5:],
        *(Field(name, source, "ha") for name, source in _AREAS.items()),
        *(Field(name, unit="share") for name in ("share_inside", *_SHARES)),
    ]
