"""What accounts say of the products of the inventory: quantity, value, and what they rest on."""

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.contracts import INVENTORY, check_table

SHOWN_YUAN = 0.5
"""Changes of value from here on are named in words."""
_PRODUCT = ["parcel_id", "period", "cat2_code"]
_MARKET = ("M", "C")
_SHARED = "；由统计数据按供给面积分摊"
_INDICATIVE = "；参考：所用参数或公式未经确认"
_NOT_COUNTED = "；核算方案不含该指标，未核算"
_SEVERAL_UNITS = "；分项单位不同，实物量见 account_parcels"


@dataclass(frozen=True)
class AccountedValues:
    """What accounts tell of parcels: ACCOUNT_ITEMS of the headline's basis and ACCOUNT_METHODS.

    `parameter_set` names profile and price year, `evidence` the artifact.
    """

    items: pd.DataFrame
    methods: pd.DataFrame
    parameter_set: str
    evidence: str


def fill_values(inventory: gpd.GeoDataFrame, accounts: AccountedValues) -> gpd.GeoDataFrame:
    """INVENTORY with quantity, value, parameter set, method and evidence of each product that is accounted.

    Quantity is that of the service whose code the product has, in its unit, summed over the parcel's classes
    and items; null where nothing is known, or where items are in several units. `eco_value_yuan` is the value
    of the product, `econ_value_yuan` that of products that are sold or visited, null of regulating services,
    which have no market. `confidence` says what is shared out, indicative or unknown, `chg_reason` by how
    much quantity and value changed.
    """
    services = accounts.methods.drop_duplicates("service").set_index("service")
    found = inventory[_PRODUCT].merge(
        sum_products(accounts.items), "left", left_on=_PRODUCT, right_on=["parcel_id", "period", "service"]
    )
    found.index = inventory.index
    counted = inventory["cat2_code"].isin(services.index)
    unit = found["unit"].where(found["unit"].notna(), inventory["physical_unit"])
    sold = inventory["cat2_code"].map(services["category"]).isin(_MARKET)
    formula = "；" + inventory["cat2_code"].map(_describe_formulas(accounts.methods)).astype(object)
    columns = {
        "quantity": found["quantity"].where(counted, inventory["quantity"]),
        "quantity_unit": unit.where(counted, inventory["quantity_unit"]),
        "physical_value": found["quantity"],
        "physical_unit": unit,
        "eco_value_yuan": found["value_yuan"],
        "econ_value_yuan": found["value_yuan"].where(sold),
        "param_set": pd.Series(accounts.parameter_set, inventory.index, dtype=object).where(counted, None),
        "method": inventory["method"] + formula.where(counted, ""),
        "evidence": inventory["evidence"] + np.where(counted, f"；{accounts.evidence}", ""),
        "confidence": inventory["confidence"] + _explain(found, counted, inventory["cat2_code"].notna()),
        "chg_reason": inventory["chg_reason"] + _describe_change(inventory, found, unit),
    }
    return check_table(inventory.assign(**columns), INVENTORY)


def _describe_formulas(methods: pd.DataFrame) -> pd.Series:
    """The formula of each service; of one with several items where they stand."""
    of_service = methods.groupby("service")["formula"]
    several = "分项 " + of_service.size().astype(str) + " 项，公式见 account_methods"
    return of_service.first().where(of_service.size() == 1, several)


def sum_products(items: pd.DataFrame) -> pd.DataFrame:
    """Quantity, unit and value by parcel, period and service, with what is to be said of them.

    `several` items are in more than one unit, and have no quantity together.
    """
    own = items[items["kind"].eq("parcel")]
    own = own.assign(lack=own["reason"].where(own["value_yuan"].isna()))
    groups = own.groupby(["parcel_id", "period", "service"], sort=False)
    found = groups[["quantity", "value_yuan"]].sum(min_count=1)
    sums = groups[["area_m2", "unknown_m2"]].sum()
    found["several"] = groups["unit"].min() != groups["unit"].max()
    found["quantity"] = found["quantity"].where(~found["several"])
    found["unit"] = groups["unit"].first().where(~found["several"])
    found["unknown_share"] = sums["unknown_m2"] / sums["area_m2"]
    flags = groups[["shared_out", "indicative"]].any()
    return found.join(flags).join(groups["lack"].first()).reset_index()


def _explain(found: pd.DataFrame, counted: pd.Series, listed: pd.Series) -> pd.Series:
    """What is to be said of a figure: whether it is shared out, indicative, in part unknown, or why null."""
    share = (100 * found["unknown_share"]).map("；核算未知面积 {:.1f}%".format).astype(object)
    lack = "；价值为空：" + found["lack"].astype(object).fillna("该地块无供给面积 / no supplying ground")
    null, valued = found["value_yuan"].isna(), found["value_yuan"].notna()
    text = pd.Series("", found.index, dtype=object)
    told: list[tuple[pd.Series, str | pd.Series]] = [
        (valued & found["shared_out"].eq(other=True), _SHARED),
        (valued & found["indicative"].eq(other=True), _INDICATIVE),
        (valued & found["unknown_share"].ge(0.0005), share),
        (counted & found["several"].eq(other=True), _SEVERAL_UNITS),
        (counted & null, lack),
        (listed & ~counted, _NOT_COUNTED),
    ]
    for applies, words in told:
        text = text + pd.Series(words, found.index, dtype=object).where(applies, "")
    return text


def _describe_change(inventory: gpd.GeoDataFrame, found: pd.DataFrame, unit: pd.Series) -> pd.Series:
    """By how much quantity and value of a product are more than in the period before, in words."""
    product = [inventory["parcel_id"], inventory["cat2_code"], inventory["cat3_name"]]
    moved: Mapping[str, pd.Series] = {
        name: found[name].groupby(product, dropna=False, sort=False).diff()
        for name in ("quantity", "value_yuan")
    }
    value = moved["value_yuan"].map("；价值量 {:+,.0f} 元".format).astype(object)
    quantity = "；实物量 " + moved["quantity"].map("{:+,.4g} ".format).astype(object) + unit.astype(object)
    text = quantity.where(moved["quantity"].notna(), "")
    return text + value.where(moved["value_yuan"].abs().ge(SHOWN_YUAN), "")
