"""生态产品目录清单: one row per parcel, product and period."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline import standards
from pipeline.aoi import Aoi
from pipeline.contracts import INVENTORY, check_table
from pipeline.geodesy import CGCS2000, SQUARE_METRES_PER_HECTARE
from pipeline.legends import LAND_COVER, WATER_CLASS
from pipeline.periods import Period
from pipeline.rights_registry import inventory_change, waters
from pipeline.rights_registry.findings import take_before
from pipeline.rights_registry.identifiers import build_product_code
from pipeline.rights_registry.rules import WATER_CLASSES
from pipeline.settings.products import Grades, Products

_SIMULATED = "模拟数据"
_WATER_BASIS = "GB 3838-2002 单因子评价，断面 "
_WATER_SENSE = "；质量指标值为类别序号 1（Ⅰ类）至 6（劣Ⅴ类），变化为正表示变差"
_METHOD = "像元精确覆盖比例×CGCS2000 椭球面积；植被覆盖度为像元二分模型"
_REGISTERED_WETLAND = "SD|SZY"
_STATE = ("全民", "国有", "国家")
_COLLECTIVE = ("集体",)


@dataclass(frozen=True)
class CoverBasis:
    """What vegetation cover is made from, by period in words, and why a parcel has none.

    `unclassed` says by period why no ground of it has a class of land cover; empty where there is a map.
    """

    words: Mapping[str, str]
    unseen: str = "本期无晴空观测"
    unclassed: Mapping[str, str] = field(default_factory=dict)


def build_inventory(
    rows: gpd.GeoDataFrame,
    periods: Sequence[Period],
    *,
    aoi: Aoi,
    products: Products,
    sources: Mapping[str, str],
    simulated: bool,
    evidence: str,
    cover: CoverBasis,
    sections: pd.DataFrame | None = None,
) -> gpd.GeoDataFrame:
    """INVENTORY of an area, in the order of parcels, periods and the table of products.

    `rows` are those of `join_observations` for all `periods`, `sources` name the scenes behind each period,
    `evidence` the artifacts behind all rows, `cover` what their vegetation cover is made from; `sections`
    are the SECTION_STATUS with `parcel_id`, which lends water parcels their quality. Quantity is the area in
    ha until values are accounted, `physical_unit` the unit that they will have. Quality is the grade of mean
    vegetation cover, for water the class of the worst section linked to the parcel. What is not known is
    null, and `confidence` says why. A parcel without a known land class, or of a type without products, has
    one row without a product.
    """
    plain = _add_quality(pd.DataFrame(rows), periods, sections, products.grades, cover)
    plain = inventory_change.add_changes(plain, periods)
    of_class = _list_products_by_class(products)
    place, number = _match_products(plain["land_class"], of_class["land_class"])
    said = _describe_parcels(plain, aoi, sources, of_class, evidence=evidence, simulated=simulated)
    listed = _describe_product(of_class.reindex(number).reset_index(drop=True), plain, place, aoi)
    table = said.take(place).reset_index(drop=True).assign(**listed)
    return gpd.GeoDataFrame(table, geometry=rows.geometry.to_numpy()[place], crs=CGCS2000)


def _describe_parcels(
    rows: pd.DataFrame,
    aoi: Aoi,
    sources: Mapping[str, str],
    of_class: pd.DataFrame,
    *,
    evidence: str,
    simulated: bool,
) -> pd.DataFrame:
    """What INVENTORY says of a parcel in a period, whatever it supplies; its products are null."""
    said = pd.DataFrame(
        {
            "parcel_id": rows["parcel_id"].astype(object),
            **_describe_ground(rows, aoi, rows["land_class"].isin(of_class["land_class"])),
            **_describe_rights(rows),
            **_describe_state(rows),
            **{name: rows[name] for name in inventory_change.COLUMNS},
            "evidence": evidence,
            "data_source": rows["period"].map(sources) + (f"；{_SIMULATED}" if simulated else ""),
        }
    )
    checked: pd.DataFrame = check_table(said.reindex(columns=["parcel_id", *INVENTORY.columns]), INVENTORY)
    return checked


def _match_products(classes: pd.Series, listed: pd.Series) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every row of `classes` with each of its products: positions in both; -1 where it has none.

    The products `listed` of a class stand behind one another.
    """
    codes, names = pd.factorize(listed)
    count = np.append(np.bincount(codes), 1)
    start = np.append(np.cumsum(count[:-1]) - count[:-1], -1)
    own = pd.Index(names).get_indexer(classes)
    times = count[own]
    place = np.arange(len(own)).repeat(times)
    nth = np.arange(len(place)) - (np.cumsum(times) - times)[place]
    return place, start[own][place] + nth


def list_supplied(parcels: pd.DataFrame, products: Products) -> dict[tuple[str, str], str]:
    """What parcels supply by their land class: names of products by parcel and code."""
    rows = parcels[["parcel_id", "land_class"]].merge(_list_products_by_class(products), on="land_class")
    return dict(zip(zip(rows["parcel_id"], rows["cat2_code"], strict=True), rows["cat3_name"], strict=True))


def _list_products_by_class(products: Products) -> pd.DataFrame:
    """Every land class with the products of its ecosystem type behind one another, in the config's order."""
    classes = standards.table("land_classes")
    rows = [
        {
            "land_class": code,
            "cat1_name": products.categories[product.cat1],
            "product_code": build_product_code(product.cat1, product.cat2_code),
            **product.model_dump(exclude={"dlbm", "source"}),
        }
        for code, ecosystem in zip(classes["code"], classes["ecosystem"], strict=True)
        for product in products.ecosystems.get(ecosystem, [])
        if not product.dlbm or code in product.dlbm
    ]
    return pd.DataFrame(rows, dtype=object)


def _add_quality(
    rows: pd.DataFrame,
    periods: Sequence[Period],
    sections: pd.DataFrame | None,
    grades: Grades,
    made_from: CoverBasis,
) -> pd.DataFrame:
    """Rows with grade, value and basis of quality, its change, and the reasons for nulls."""
    water = rows["land_class"].isin(WATER_CLASSES)
    status = waters.rate_parcels(sections)[["parcel_id", "period", "water_class", "section"]]
    status = rows[["parcel_id", "period"]].merge(
        status, on=["parcel_id", "period"], how="left", validate="many_to_one"
    )
    cover = rows["fvc_mean"].astype(float)
    cuts = np.array(grades.cuts_percent) / 100
    cover_grade = np.array(grades.names, dtype=object)[np.searchsorted(cuts, cover.fillna(0), side="right")]
    water_names = {entry.code: entry.name_zh for entry in WATER_CLASS.classes}
    value = status["water_class"].where(water, cover).astype(float)
    known, first = value.notna(), rows["period"].eq(periods[0].label)
    grade = status["water_class"].map(water_names).astype(object).where(water, cover_grade)
    of_cover = f"平均植被覆盖度，变化为正表示提高；{grades.source}；" + rows["period"].map(made_from.words)
    basis = of_cover.astype(object)
    basis[water] = _WATER_BASIS + status.loc[water, "section"] + _WATER_SENSE
    rows = rows.assign(
        water_class=status["water_class"].where(water),
        quality_value=value,
        quality_grade=grade.where(known, None),
        quality_basis=basis.where(known, None),
        change=value - take_before(value, first),
    )
    confidence = _describe_confidence(rows, water=water, known=known, first=first, made_from=made_from)
    return rows.assign(confidence=confidence)


def _describe_confidence(
    rows: pd.DataFrame, *, water: pd.Series, known: pd.Series, first: pd.Series, made_from: CoverBasis
) -> pd.Series:
    """Share seen clear and number of looks, then the reason of every null."""
    seen, looks = 100 * rows["seen_share"].astype(float), rows["looks_mean"]
    unclassed = rows["period"].map(dict(made_from.unclassed)).astype(object).fillna("")
    text = "晴空可见 " + seen.map("{:.1f}%".format).astype(object)
    text = text + "，平均观测 " + looks.map("{:.1f} 次".format).astype(object)
    reasons: list[tuple[pd.Series, pd.Series | str]] = [
        (water & ~known, "；无已评价的水质断面与地块关联，质量等级为空"),
        (unclassed.ne(""), "；" + unclassed + "，地表覆盖为空"),
        (~water & ~known, f"；{made_from.unseen}，质量等级为空"),
        (first, "；首期，变化为空"),
        (~first & rows["change"].isna(), "；本期或上期无质量指标值，变化为空"),
        (rows["dlbm"].isna(), "；登记数据无地类编码，生态系统类型为空"),
        (rows["dlbm"].notna() & rows["land_class"].isna(), "；地类编码无法识别，生态系统类型为空"),
    ]
    for applies, reason in reasons:
        text[applies] += reason if isinstance(reason, str) else reason[applies]
    return text


def _describe_product(
    listed: pd.DataFrame, rows: pd.DataFrame, place: NDArray[np.int64], aoi: Aoi
) -> dict[str, Any]:
    """Columns that say which product every row is of: one of those listed, about the ground at a place."""
    unit = ("-" + rows["unit_no"].astype(object)).fillna("")
    begin = (f"{aoi.id}-" + rows["period"]).to_numpy(dtype=object)[place]
    end = (unit + "-" + rows["parcel_id"].astype(object)).to_numpy(dtype=object)[place]
    code = ("-" + listed["product_code"]).fillna("").to_numpy(dtype=object)
    return {
        "product_id": pd.Series(begin + code + end, listed.index, dtype=object),
        "cat1_code": listed["cat1"],
        "cat1_name": listed["cat1_name"],
        "cat2_code": listed["cat2_code"],
        "cat2_name": listed["cat2_name"],
        "cat3_name": listed["cat3_name"],
        "function_feature": listed["functions"],
        "physical_unit": listed["unit"],
    }


def _describe_ground(rows: pd.DataFrame, aoi: Aoi, listed: pd.Series) -> dict[str, object]:
    """Columns that say where products are and how much of them; `listed` is ground that has any."""
    area_ha = rows["area_m2"] / SQUARE_METRES_PER_HECTARE
    confidence = rows["confidence"].copy()
    confidence[rows["ecosystem"].notna() & ~listed] += "；该类生态系统未列产品"
    return {
        "region_code": rows["region_code"],
        "aoi": aoi.id,
        "ecosystem_l1": rows["ecosystem"],
        "dlbm": rows["dlbm"],
        "quantity": area_ha,
        "quantity_unit": "ha",
        "area_ha": area_ha,
        "period": rows["period"],
        "method": _METHOD,
        **_measure_wetland(rows, area_ha),
        "confidence": confidence,
    }


def _measure_wetland(rows: pd.DataFrame, area_ha: pd.Series) -> dict[str, pd.Series]:
    """Wetland area in each of its three meanings: 0 where it is none, null where that is not known.

    Surveyed: group 00 of the third survey, from a registered land class. Ecosystem: 湿地 of HJ 1166.
    Registered: of a kind 湿地 or 水流 in the registry of natural resources, which only its own tables of
    resources tell.
    """
    surveyed = rows["dlbm"].notna() & rows["land_class"].notna()
    kind = rows["resource_kind"].astype("string")
    registered = kind.str.match(_REGISTERED_WETLAND).fillna(value=False).astype(bool)
    meanings = {
        "wetland_surveyed_ha": (surveyed, rows["wetland_00"].eq("1")),
        "wetland_ecosystem_ha": (rows["ecosystem"].notna(), rows["ecosystem"].eq("湿地")),
        "wetland_registered_ha": (kind.notna(), registered),
    }
    return {name: area_ha.where(is_one, 0.0).where(known) for name, (known, is_one) in meanings.items()}


def _describe_rights(rows: pd.DataFrame) -> dict[str, object]:
    """Columns about ownership, rights and protection, as registered; codes of the register by their names."""
    as_registered = (
        "unit_no",
        "unit_name",
        "owner_subject",
        "represent_subject",
        "agent_subject",
        "parcel_no",
        "right_holder",
        "planning_use",
        "special_protection",
        "protection_status",
        "use_status",
    )
    owner = _name_codes(rows["owner_type"], "owner_type")
    area_ha = rows["area_m2"] / SQUARE_METRES_PER_HECTARE
    right_type = pd.to_numeric(rows["right_type"], errors="coerce").astype(float)
    return {
        **{name: rows[name] for name in as_registered},
        "unit_type": _name_codes(rows["unit_type"], "unit_type"),
        "owner_type": owner,
        "exercise_mode": _name_codes(rows["exercise_mode"], "exercise_mode"),
        "right_type": right_type.where(right_type % 1 == 0).astype("Int64"),
        "state_area_ha": _to_hectares(rows["state_area_m2"]).fillna(
            area_ha.where(_names_one_of(owner, _STATE))
        ),
        "collective_area_ha": _to_hectares(rows["collective_area_m2"]).fillna(
            area_ha.where(_names_one_of(owner, _COLLECTIVE))
        ),
        "disputed_area_ha": _to_hectares(rows["disputed_area_m2"]),
        "redline": rows["ecological_red_line_share"].astype(float),
    }


def _to_hectares(area_m2: pd.Series) -> pd.Series:
    return area_m2.astype(float) / SQUARE_METRES_PER_HECTARE


def _name_codes(codes: pd.Series, dictionary: str) -> pd.Series:
    """Names for the codes of a dictionary of the `rights` table; other text stays as it is."""
    rights = standards.table("rights")
    names = rights[rights["dictionary"] == dictionary].set_index("code")["name_zh"]
    return codes.map(names).astype(object).where(codes.isin(names.index), codes)


def _names_one_of(owner: pd.Series, words: tuple[str, ...]) -> pd.Series:
    return owner.astype("string").str.contains("|".join(words)).fillna(value=False).astype(bool)


def _describe_state(rows: pd.DataFrame) -> dict[str, object]:
    """Columns about quality, structure and change."""
    shares = pd.DataFrame(
        {
            **{entry.name_zh: rows[f"{entry.key}_m2"] for entry in LAND_COVER.classes},
            "未知": rows["unknown_area_m2"],
        }
    )
    shares = shares.div(rows["area_m2"], axis=0).astype(float).round(6)
    return {
        "quality_grade": rows["quality_grade"],
        "quality_value": rows["quality_value"],
        "quality_basis": rows["quality_basis"],
        "structure": _write_records(shares),
        "change": rows["change"],
    }


def _write_records(numbers: pd.DataFrame) -> pd.Series:
    """Every row as a JSON object of its numbers, as `json.dumps` writes it."""
    names = [json.dumps(name, ensure_ascii=False) for name in numbers]
    template = "{" + ", ".join(f"{name}: %s" for name in names) + "}"
    cells = [
        [text for text in json.dumps(numbers[name].tolist())[1:-1].split(", ") if text] for name in numbers
    ]
    return pd.Series([template % row for row in zip(*cells, strict=True)], numbers.index, dtype=object)
