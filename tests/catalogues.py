"""A small catalogue whose sums are known: parcels that overlap, products of three kinds, two years."""

from dataclasses import replace

import geopandas as gpd
import pandas as pd
import shapely

from pipeline.contracts import Delivery
from pipeline.outputs.catalogue.listing import Listing, list_catalogue
from pipeline.outputs.layers import INVENTORY_LAYER, build_layer_rows
from tests.deliveries import small_delivery

PRODUCTS = (
    # parcel, code, class 1, class 2, product, unit, quantity and value (yuan) of 2023 and 2024, indicative
    ("P000", "MAT-01", "物质供给", "农林产品供给", "农产品", "t", (100.0, 110.0), (2e5, 2.5e5), False),
    ("P001", "MAT-01", "物质供给", "农林产品供给", "农产品", "t", (50.0, 60.0), (1e5, 1.5e5), False),
    ("P002", "MAT-01", "物质供给", "农林产品供给", "水产品", "t", (7.0, 8.0), (3e5, None), False),
    ("P001", "REG-02a", "调节服务", "土壤保持", "农田土壤保持", "m3", (3.0, 4.0), (6e4, 8e4), True),
    ("P002", "REG-09", "调节服务", "水质净化", "湿地水质净化", "t", (None, None), (None, None), False),
    ("P000", "CUL-02", "文化服务", "休闲游憩", "田园休闲", "visit", (900.0, 950.0), (1e4, 2e4), False),
    ("P003", None, None, None, None, "ha", (5.0, 5.0), (None, None), False),
)
"""P003 supplies none; a fifth of P001, 0.4 of its 2 ha, lies on P000."""
AREAS_HA = {"P000": 3.0, "P001": 2.0, "P002": 4.0, "P003": 5.0}
SHARE_DOUBLE = 0.2
TOWNS = {"P000": ("T01",), "P001": ("T02", "T01"), "P002": ("T02",), "P003": ("T01",)}
YEARS = ("2023", "2024")


def planted_catalogue(*, language: str = "zh", simulated: bool = True) -> Delivery:
    """The delivery that holds it."""
    plain = small_delivery(language=language, simulated=simulated)
    land = plain.parcels.head(len(AREAS_HA)).assign(parcel_id=list(AREAS_HA))
    places = gpd.GeoSeries(
        [shapely.box(121.8 + 0.01 * n, 31.5, 121.808 + 0.01 * n, 31.507) for n in range(len(land))]
    )
    land = land.set_geometry(places.set_crs(land.crs).to_numpy())
    tables = {
        "area_balance": pd.DataFrame(
            [{"aoi": "delta", "period": year, "item": "overlaps", "value_m2": 4000.0} for year in YEARS]
        ),
        **_build_accounts(),
    }
    return replace(plain, inventory=_build_inventory(plain, land), parcels=land, tables=tables, assessed=())


def planted_listing(**given: object) -> Listing:
    """What its catalogue lists."""
    return list_planted(planted_catalogue(**given))


def list_planted(delivery: Delivery) -> Listing:
    """What the catalogue of a delivery lists."""
    rows = build_layer_rows(INVENTORY_LAYER, delivery).drop(columns="geometry")
    return list_catalogue(pd.DataFrame(rows), delivery)


def _build_inventory(plain: Delivery, land: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    blank = plain.inventory.iloc[:1].drop(columns="geometry")
    shapes = dict(zip(land["parcel_id"], land.geometry, strict=True))
    frames = []
    for number, year in enumerate(YEARS):
        for parcel, code, kind, group, product, unit, quantity, value, _ in PRODUCTS:
            own = {
                "product_id": f"delta-{year}-{code}-{parcel}",
                "parcel_id": parcel,
                "cat1_code": {"物": "M", "调": "R", "文": "C"}[kind[0]] if kind else None,
                "cat1_name": kind,
                "cat2_code": code,
                "cat2_name": group,
                "cat3_name": product,
                "quantity": quantity[number],
                "quantity_unit": unit,
                "area_ha": AREAS_HA[parcel],
                "eco_value_yuan": value[number],
                "period": year,
                "parcel_no": f"310151{parcel}",
            }
            frames.append({**blank.iloc[0].to_dict(), **own, "geometry": shapes[parcel]})
    table = gpd.GeoDataFrame(pd.DataFrame(frames), geometry="geometry", crs=land.crs)
    return table.astype(dict.fromkeys(("quantity", "eco_value_yuan", "change"), float))


def _build_accounts() -> dict[str, pd.DataFrame]:
    """What the accounts say of these products: towns, and how much lies on ground that P000 covers."""
    units = [
        {"kind": "parcel", "parcel_id": parcel, "region": town, "counted": counted, "period": year,
         "area_m2": 1e4 * AREAS_HA[parcel] * share}
        for year in YEARS
        for parcel, towns in TOWNS.items()
        for town, counted, share in _share_out(towns)
    ]  # fmt: skip
    items = [
        {"kind": "parcel", "parcel_id": parcel, "basis": "registered", "counted": counted, "period": year,
         "service": code, "item": "", "value_yuan": None if value[n] is None else value[n] * share,
         "indicative": indicative}
        for n, year in enumerate(YEARS)
        for parcel, code, *_, value, indicative in PRODUCTS
        if code
        for counted, share in (((True, 0.8), (False, 0.2)) if parcel == "P001" else ((True, 1.0),))
    ]  # fmt: skip
    totals = pd.DataFrame(
        [{"region": "delta", "period": year, "basis": "registered", "service": service, "item": item,
          "quantity": quantity, "unit": "t", "value_yuan": 1.0}
         for year in YEARS
         for service, item, quantity in (
             ("MAT-01", "agriculture_wild.荠菜", 2.0), ("MAT-01", "agriculture_managed.稻谷", 170.0),
             ("MAT-01", "livestock_managed.禽蛋", 0.0), ("REG-02a", "", 7.0), ("MAT-03", "", 5.0),
             ("REG-08", "so2", 1.0), ("REG-08", "nox", 2.0), ("R", "", None),
         )]
    )  # fmt: skip
    methods = pd.DataFrame(
        [
            (row.service, row.item, row.service[0], *_name_method(row.service, row.item))
            for row in totals.itertuples()
        ],
        columns=["service", "item", "category", "name_zh", "name_en", "item_zh", "item_en"],
    ).drop_duplicates()  # fmt: skip
    return {
        "account_sums": pd.DataFrame(units),
        "account_parcels": pd.DataFrame(items),
        "account_totals": totals,
        "account_methods": methods,
        "account_regions": pd.DataFrame({"region": ["T01", "T02"], "name": ["东滩镇", "西沙乡"]}),
    }


def _share_out(towns: tuple[str, ...]) -> tuple[tuple[str, bool, float], ...]:
    if len(towns) == 1:
        return ((towns[0], True, 1.0),)
    return ((towns[0], True, 0.7), (towns[1], True, 0.1), (towns[1], False, SHARE_DOUBLE))


def _name_method(service: str, item: str) -> tuple[str, str, str, str]:
    names = {"MAT-01": "农林牧渔产品", "MAT-03": "生态能源", "REG-08": "空气净化", "REG-02a": "土壤保持"}
    item_zh = {"so2": "二氧化硫", "nox": "氮氧化物"}.get(item, item.partition(".")[2])
    return names.get(service, service), service, item_zh, item
