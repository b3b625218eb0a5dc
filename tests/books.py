"""Accounts of the small delivery, made by hand: two towns, years and bases, one indicator missing."""

from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

from pipeline import contracts
from pipeline.contracts import Delivery, Raster, check_table
from pipeline.contracts.account_checks import ACCOUNT_BALANCE, ACCOUNT_BASES
from pipeline.settings.accounts import Choices
from tests.deliveries import HOSTILE, PERIODS

TOWNS = {"T01": "东滩镇", "T02": f"西沙乡{HOSTILE}"}
AREA = "delta"
REASON = "缺少统计：游客人次 / statistic missing: visits"
SERVICES = (
    # service, item, category, name, item name, unit, yuan a unit, quantity a ha, known
    ("MAT-01", "rice", "M", ("农林牧渔产品", "products"), ("稻谷", "rice"), "t", 3100.0, 0.61, True),
    ("REG-01", "", "R", ("水源涵养", "water retention"), None, "m3", 8.1753, 2310.7, True),
    ("REG-06a", "", "R", ("固碳", "carbon fixed"), None, "t CO2", 96.5, 1.83, True),
    ("REG-08", "so2", "R", ("空气净化", "air cleaned"), ("二氧化硫", "SO2"), "t", 1263.16, 0.0127, True),
    ("REG-08", "nox", "R", ("空气净化", "air cleaned"), ("氮氧化物", "NOx"), "t", 1263.16, 0.0071, True),
    ("CUL-01", "", "C", ("旅游康养", "tourism"), None, "person-visits", 312.0, 3.3, False),
)
GDP = {"2023": 4.1e8, "2024": 4.4e8}


def methods() -> pd.DataFrame:
    rows = [
        {
            "service": code,
            "item": item,
            "category": category,
            "name_zh": names[0],
            "name_en": names[1],
            "item_zh": told[0] if told else None,
            "item_en": told[1] if told else None,
            "unit": unit,
            "formula": "Q = Σ A (P - R - ET) × 10⁻³",
            "source": "GB/T 46869-2025; unconfirmed",
        }
        for code, item, category, names, told, unit, *_ in SERVICES
    ]
    return pd.DataFrame(rows)


def items(delivery: Delivery) -> pd.DataFrame:
    """One row per parcel, period, basis and item; town by the parcel's number, and one that is cut in two."""
    frames = [
        _items_of(delivery, period.label, basis, entry, growth)
        for growth, period in zip((1.0, 1.06), PERIODS, strict=True)
        for basis in ("registered", "mapped")
        for entry in SERVICES
    ]
    return pd.concat(frames, ignore_index=True)


def _items_of(delivery: Delivery, period: str, basis: str, entry: tuple, growth: float) -> pd.DataFrame:
    code, item, _, _, _, unit, price, rate, known = entry
    number = np.arange(len(delivery.parcels))
    share = (1 + number % 7) / 7 * (0.93 if basis == "mapped" else 1.0)
    hectares = delivery.parcels["area_m2"].to_numpy() / 1e4
    quantity = hectares * share * rate * growth if known else np.full(len(number), np.nan)
    town = np.where(number % 3 == 1, "T02", "T01")
    return pd.DataFrame(
        {
            "unit_id": [
                f"{key}-{place}" for key, place in zip(delivery.parcels["parcel_id"], town, strict=True)
            ],
            "kind": "parcel",
            "parcel_id": delivery.parcels["parcel_id"].to_numpy(),
            "region": town,
            "project": None,
            "counted": True,
            "period": period,
            "basis": basis,
            "account_class": np.where(number % 2 == 0, "0303", "1106") if basis == "registered" else "湿地",
            "service": code,
            "item": item,
            "area_m2": delivery.parcels["area_m2"].to_numpy(),
            "quantity": quantity,
            "unit": unit,
            "price": price if known else np.nan,
            "value_yuan": quantity * price if known else quantity,
            "comparable_yuan": quantity * price / growth if known else quantity,
            "unknown_m2": np.where(number == 5, 4321.0, 0.0),
            "shared_out": code.startswith("MAT"),
            "indicative": code == "REG-06a",
            "reason": None if known else REASON,
        }
    )


def totals(found: pd.DataFrame) -> pd.DataFrame:
    whole = found.assign(region=AREA)
    keys = ["region", "period", "basis", "service", "item", "unit"]
    both = pd.concat([whole, found])
    sums = both.groupby(keys, sort=False)[["quantity", "value_yuan", "comparable_yuan"]].sum(min_count=1)
    each = both.groupby(keys, sort=False).agg(
        price=("price", "first"), indicative=("indicative", "any"), reason=("reason", "first")
    )
    rows = sums.join(each).reset_index()
    rows = rows.assign(known=rows["value_yuan"].notna().astype(int), of=1)
    spread = {
        "quantity_low": rows["quantity"] * 0.9,
        "quantity_high": rows["quantity"] * 1.2,
        "value_low": rows["value_yuan"] * 0.8,
        "value_high": rows["value_yuan"] * 1.3,
    }
    return pd.concat([rows.assign(**spread), _sums(rows)], ignore_index=True)


def _sums(rows: pd.DataFrame) -> pd.DataFrame:
    category = rows["service"].map({entry[0]: entry[2] for entry in SERVICES})
    known = rows["value_yuan"].notna()
    sums = []
    for name, part in (*((key, rows[category == key]) for key in "MRC"), ("partial", rows)):
        for (region, period, basis), group in part.groupby(["region", "period", "basis"], sort=False):
            value = group["value_yuan"].sum(min_count=1)
            sums.append(
                {
                    "region": region,
                    "period": period,
                    "basis": basis,
                    "service": name,
                    "item": "",
                    "unit": "yuan",
                    "value_yuan": value,
                    "value_low": value * 0.85,
                    "value_high": value * 1.22,
                    "comparable_yuan": group["comparable_yuan"].sum(min_count=1),
                    "known": group.loc[known[group.index], "service"].nunique(),
                    "of": group["service"].nunique(),
                    "indicative": bool(group["indicative"].any()),
                    "reason": None if group["value_yuan"].notna().all() else "1/5",
                }
            )
    return pd.DataFrame(sums)


def bridge(found: pd.DataFrame) -> pd.DataFrame:
    """The change of each item: a third by extent, the rest by intensity and price, nothing by method."""
    rows = found[found["region"] == AREA]
    sums = rows[~rows["service"].isin(["M", "R", "C", "GEP", "partial"])]
    wide = sums.pivot_table(
        index=["basis", "service", "item"], columns="period", values="value_yuan", sort=False
    ).reset_index()
    parts = wide.rename(columns={"2023": "opening_yuan", "2024": "closing_yuan"})
    change = parts["closing_yuan"] - parts["opening_yuan"]
    parts = parts.assign(
        extent_yuan=change / 3,
        intensity_yuan=change * 1.5,
        price_yuan=-change / 2,
        method_yuan=change / 6,
        scope_yuan=-change / 2,
    )
    parts["price_yuan"] = change - parts[["extent_yuan", "intensity_yuan", "method_yuan", "scope_yuan"]].sum(
        axis=1
    )
    whole = parts.groupby("basis", sort=False).sum(numeric_only=True).reset_index()
    both = pd.concat([whole.assign(service="total", item=""), parts], ignore_index=True)
    both = both.rename_axis(columns=None)
    return both.assign(region=AREA, from_period="2023", to_period="2024", account_class=None, reason=None)


def parameters() -> pd.DataFrame:
    rows = [
        ("reservoir_unit_cost", None, 8.1753, 5.7, 9.2, "yuan/m3", 2024, True, "REG-01"),
        ("runoff_coefficient", "湿地", 0.00042, None, None, "1", None, False, "REG-01"),
        ("carbon_price", None, 96.5, 60.0, 120.0, "yuan/t CO2", 2024, False, "REG-06a"),
        ("treatment_cost_so2", None, 1263.16, None, None, "yuan/t", 2018, True, "REG-08"),
    ]
    names = ["key", "class", "value", "low", "high", "unit", "price_year", "confirmed", "services"]
    return pd.DataFrame(rows, columns=names).assign(
        region=None, source=f"某文献 {HOSTILE}", origin="configs/accounts/parameters/national.csv"
    )


def inputs() -> pd.DataFrame:
    rows = [
        ("REG-01", "layer", "rain", "mm/a", True, "climate/rain_2024.nc", None),
        ("REG-01", "layer", "evapotranspiration", "mm/a", True, "climate/aet_2024.nc", None),
        ("REG-01", "map", "land_cover", None, True, None, "land_cover_2024"),
        ("REG-06a", "map", "land_cover", None, True, None, "land_cover_2024"),
        ("MAT-01", "statistic", "output.agriculture_managed", "t", True, "年报.xlsx", None),
        ("CUL-01", "statistic", "visits", "person-visits", False, None, None),
    ]
    names = ["service", "kind", "input", "unit", "given", "source", "raster"]
    return pd.DataFrame(rows, columns=names).assign(period="2024")


def statistics() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "region": AREA,
            "year": [int(year) for year in GDP],
            "item": "gdp",
            "product": None,
            "value": list(GDP.values()),
            "unit": "yuan",
            "source": "统计局",
            "file": "年报.xlsx",
            "sheet": "1",
            "row": 4,
        }
    )


def balance() -> pd.DataFrame:
    rows = [
        ("area", "", "area", "regions", "m2", 2.6281e8, 2.6281e8, 1e-15),
        ("rain", "", "variable", "ground", "mm/a", 3.1e11, 3.1e11, -4e-13),
        ("REG-01", "", "value", "units", "yuan", 3.3e8, 3.3e8, 2e-12),
        ("REG-01", "", "value", "classes", "yuan", 3.3e8, 3.3e8, 0.0),
    ]
    names = ["subject", "item", "figure", "parts", "unit", "parts_sum", "whole", "difference"]
    return pd.DataFrame(rows, columns=names).assign(period="2024", basis="registered", note="")


def bases(found: pd.DataFrame) -> pd.DataFrame:
    """Value of each item by class of either basis: all that is registered is mapped as wetland."""
    keys = ["period", "service", "item", "account_class", "unit"]
    names = {"area_m2": "m2", "quantity": "quantity", "value_yuan": "yuan"}
    parts = [
        rows.groupby(keys, sort=False)[list(names)]
        .sum(min_count=1)
        .rename(columns={figure: f"{basis}_{name}" for figure, name in names.items()})
        for basis, rows in found.groupby("basis", sort=False)
    ]
    told = parts[0].join(parts[1], how="outer").reset_index()
    told = told.fillna({"registered_m2": 0.0, "mapped_m2": 0.0})
    gap = told["mapped_yuan"].fillna(0.0) - told["registered_yuan"].fillna(0.0)
    return told.assign(difference_yuan=gap)


def layers() -> pd.DataFrame:
    told = {"layer": "rain", "period": "2024", "source": "climate/rain_2024.nc", "unit": "mm", "moments": 12}
    figures = {"pixel_m": 4000.0, "known_share": 1.0, "least": 900.0, "mean": 1052.0, "most": 1200.0}
    return pd.DataFrame([{**told, "vertical_datum": None, **figures, "assumed": None}])


def choices() -> pd.DataFrame:
    rows = [("profile", "某方案"), ("price_year", "2023"), *((key, option) for key, option in Choices())]
    return pd.DataFrame(rows, columns=["choice", "option"])


def account_tables(delivery: Delivery) -> dict[str, pd.DataFrame]:
    found = items(delivery)
    summed = totals(found)
    return {
        "account_methods": check_table(methods(), contracts.ACCOUNT_METHODS),
        "account_parcels": check_table(found, contracts.ACCOUNT_ITEMS),
        "account_totals": check_table(summed, contracts.ACCOUNT_TOTALS),
        "account_parameters": check_table(parameters(), contracts.ACCOUNT_PARAMETERS),
        "account_inputs": check_table(inputs(), contracts.ACCOUNT_INPUTS),
        "account_bridge": check_table(bridge(summed), contracts.ACCOUNT_BRIDGE),
        "account_balance": check_table(balance(), ACCOUNT_BALANCE),
        "account_bases": check_table(bases(found), ACCOUNT_BASES),
        "account_choices": choices(),
        "account_layers": check_table(layers(), contracts.accounts.ACCOUNT_LAYERS),
        "account_regions": pd.DataFrame({"region": list(TOWNS), "name": list(TOWNS.values())}),
        "account_statistics": check_table(statistics(), contracts.STATISTICS),
    }


def value_raster(delivery: Delivery) -> Raster:
    """Value per hectare over the land cover of the newest year."""
    (cover,) = (raster for raster in delivery.rasters if raster.name == "land_cover_2024")
    codes = cover.values.to_numpy()
    row, col = np.indices(codes.shape)
    values = np.where(codes == 255, np.nan, 9e3 * codes + 35.0 * ((7 * row + 3 * col) % 211))
    values = xr.DataArray(values.astype(np.float32), dims=("y", "x"))
    days = PERIODS[1].first, PERIODS[1].last
    titles = "单位面积生态产品价值", "Value per hectare"
    return Raster("value_per_ha_2024", "value_per_ha", "amount", values, *titles, *days, unit="yuan/ha")


def with_accounts(delivery: Delivery) -> Delivery:
    """The small delivery with accounts, and the value of REG-01 in its inventory."""
    tables = account_tables(delivery)
    rows = tables["account_parcels"].query("basis == 'registered' and service == 'REG-01'")
    value = rows.set_index(["parcel_id", "period"])["value_yuan"]
    places = list(zip(delivery.inventory["parcel_id"], delivery.inventory["period"], strict=True))
    filled = delivery.inventory.assign(cat2_code="REG-01", eco_value_yuan=value.loc[places].to_numpy())
    return replace(
        delivery,
        inventory=filled,
        tables={**delivery.tables, **tables},
        rasters=(*delivery.rasters, value_raster(delivery)),
    )
