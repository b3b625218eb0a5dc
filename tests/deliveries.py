"""A small delivery with no symmetry, Chinese names, nulls, and text that wants to be code."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr

from pipeline import standards
from pipeline.aoi import Aoi, Part
from pipeline.contracts import Delivery, Raster
from pipeline.geodesy import CGCS2000, measure_areas_m2, project
from pipeline.grid import Grid, build_grid
from pipeline.legends import CHANGE, LAND_COVER
from pipeline.outputs.delivery import begin_delivery, complete_delivery
from pipeline.periods import Period

HOSTILE = "=cmd|'/c calc'!A0<script>alert(1)</script>"
AS_OF = datetime(2024, 11, 28, 2, 31, 9, tzinfo=UTC)
PERIODS = (
    Period(date(2023, 1, 1), date(2023, 12, 31), "2023"),
    Period(date(2024, 1, 1), date(2024, 12, 31), "2024"),
)
EAST = shapely.Polygon([(121.80, 31.44), (121.93, 31.42), (121.99, 31.47), (121.95, 31.55), (121.83, 31.56)])
WEST = shapely.Polygon([(121.62, 31.52), (121.70, 31.50), (121.73, 31.55), (121.66, 31.59)])
ECOSYSTEMS = ("湿地", "森林", "农田", "草地", "城镇", "灌丛", "其他")


def written(delivery: Delivery, folder: Path, **asked: object) -> list[Path]:
    """Write a delivery into an empty folder, with what is asked for besides; its files."""
    told = {name: getattr(delivery, name) for name in ("simulated", "as_of", "language")}
    with begin_delivery(folder, delivery.rasters, delivery.grid, **told) as rasters:
        return [folder / place for place in complete_delivery(delivery, rasters, **asked)]


def small_aoi() -> Aoi:
    parts = (
        Part("east", "东滩", "East flat", EAST, "EPSG:4550"),
        Part("west", "西沙 & <沙洲>", "West sands", WEST, None),
    )
    return Aoi("delta", "河口湿地", "Delta wetland", parts, "EPSG:32651", "测试手绘范围", "约 500 m")


def _cells(aoi: Aoi) -> gpd.GeoDataFrame:
    lon, lat = np.meshgrid(np.arange(121.60, 122.0, 0.035), np.arange(31.40, 31.62, 0.027))
    drift = 0.006 * np.sin(3 * lon.ravel() + 5 * lat.ravel())
    boxes = shapely.box(
        lon.ravel() + drift, lat.ravel(), lon.ravel() + 0.035 + drift, lat.ravel() + 0.0255 + drift / 3
    )
    inside = shapely.intersection(boxes, aoi.geometry)
    kept = shapely.area(inside) > 1e-5
    return gpd.GeoDataFrame({"whole": boxes[kept]}, geometry=inside[kept], crs=CGCS2000)


def parcels(aoi: Aoi) -> gpd.GeoDataFrame:
    cells = _cells(aoi)
    number = np.arange(len(cells))
    area = measure_areas_m2(cells.geometry)
    whole = measure_areas_m2(cells["whole"])
    text = dict.fromkeys(_REGISTERED)
    rows = pd.DataFrame(text, index=cells.index, dtype=object).assign(
        parcel_id=[f"P{n:03d}" for n in number[::-1]],
        parcel_no=[f"310151{n:022d}" for n in number],
        unit_type="50",
        owner_type=np.where(number % 3 == 0, "2", "1"),
        owner_subject=["某镇农民集体" if n % 3 == 0 else "全民所有" for n in number],
        right_type="15",
        right_holder=[HOSTILE if n == 4 else f"权利人{n}" for n in number],
        area_registered_m2=np.where(number % 5 == 2, np.nan, whole * 1.01),
        area_whole_m2=whole,
        area_m2=area,
        share_inside=area / whole,
        repairs=[["自相交", "重复点"] if n == 7 else None for n in number],
    )
    return gpd.GeoDataFrame(rows.assign(**_unregistered()), geometry=cells.geometry, crs=CGCS2000)


def _unregistered() -> dict[str, object]:
    """Columns of parcels that this register leaves null."""
    kinds = [f"{kind}_share" for kind in standards.table("restricting_kinds")["kind"]]
    numbers = ["state_area_m2", "collective_area_m2", "disputed_area_m2", *kinds]
    texts = ["resource_kind", "land_class", "land_class_basis", "red_line", "linked_rights"]
    return {**dict.fromkeys(texts), **dict.fromkeys(numbers, np.nan)}


_REGISTERED = (
    *("parcel_id", "parcel_no", "unit_no", "unit_name", "unit_type", "region_code", "dlbm", "owner_type"),
    *("owner_subject", "represent_subject", "agent_subject", "exercise_mode", "right_type", "right_holder"),
    *("planning_use", "special_protection", "protection_status", "use_status"),
)


def inventory(land: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    schema = standards.table("inventory_schema").query("field != 'geometry'")
    frames = []
    for number, period in enumerate(PERIODS):
        rows = pd.DataFrame(dict.fromkeys(schema["field"]), index=land.index, dtype=object)
        kinds = [ECOSYSTEMS[(3 * n) % len(ECOSYSTEMS)] for n in range(len(land))]
        rows = rows.assign(
            product_id=[f"delta-{period.label}-R-REG-01-{key}" for key in land["parcel_id"]],
            parcel_id=land["parcel_id"],
            aoi="河口湿地",
            cat1_code="R",
            cat1_name="调节服务",
            cat2_code="R-REG-01",
            cat2_name="洪水调蓄",
            cat3_name=[HOSTILE if n == 3 else "湿地洪水调蓄" for n in range(len(land))],
            ecosystem_l1=kinds,
            quantity=land["area_m2"] / 1e4,
            quantity_unit="ha",
            area_ha=land["area_m2"] / 1e4,
            quality_grade=["优", "良", None, "中"] * (len(land) // 4) + ["差"] * (len(land) % 4),
            quality_value=np.linspace(0.1, 0.93, len(land)),
            owner_type=land["owner_type"],
            right_type=15,
            period=period.label,
            change=np.nan if number == 0 else 0.125,
        )
        for field, kind in zip(schema["field"], schema["type"], strict=True):
            if kind == "float":
                rows[field] = rows[field].astype(float)
        frames.append(rows)
    both = pd.concat(frames, ignore_index=True).iloc[::-1]
    geometry = gpd.GeoSeries(pd.concat([land.geometry] * 2, ignore_index=True).iloc[::-1], crs=CGCS2000)
    return gpd.GeoDataFrame(both, geometry=geometry)


def sections() -> gpd.GeoDataFrame:
    places = [("北港桥", 121.86, 31.50), ("东旺沙水闸", 121.93, 31.47), ("西沙湾", 121.68, 31.545)]
    rows = [
        {
            "section_id": f"S{number}",
            "province": "上海市",
            "basin": None,
            "section": name,
            "water_body": "river",
            "period": period.label,
            "samples": 12 - number,
            "items": "DO;CODMn;NH3N;TP",
            "water_class": pd.NA if number == 1 and period.label == "2023" else 2 + number * 2 - step,
            "decided_by": "TP",
            "exceedance": None,
            "target_class": 3,
            "target_met": number == 0,
            "lon": lon,
            "lat": lat,
            "reason": "样本不足" if number == 1 and period.label == "2023" else None,
            "mean_TP": 0.083 + 0.07 * number,
            "mean_DO": np.nan,
        }
        for number, (name, lon, lat) in enumerate(places)
        for step, period in enumerate(PERIODS)
    ]
    table = pd.DataFrame(rows).astype(
        {"water_class": "Int64", "target_class": "Int64", "target_met": "boolean"}
    )
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(table["lon"], table["lat"]), crs=CGCS2000)


def change_patches(land: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    shapes = [shapely.Point(121.88, 31.48).buffer(0.008), shapely.Point(121.91, 31.52).buffer(0.005)]
    shapes.append(shapely.Point(121.67, 31.55).buffer(0.004))
    return gpd.GeoDataFrame(
        {
            "patch_id": ["C2", "C1", "C3"],
            "from_class": [2, 3, 2],
            "to_class": [4, 2, 1],
            "from_period": "2023",
            "to_period": "2024",
            "area_m2": measure_areas_m2(shapes),
            "confidence": [0.93, 0.41, np.nan],
            "confidence_basis": "两期分类概率之积",
        },
        geometry=shapes,
        crs=land.crs,
    )


def findings(land: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    rows = [
        ("F3", "overlap", "error", "P003", "地块 P003 与 P004 重叠 12.5 平方米", "登记办法第十二条"),
        ("F1", "never_clear", "info", None, f"无有效观测 {HOSTILE}", None),
        ("F2", "cover_contradicts_use", "warning", "P010", "登记为林地，观测为水体", None),
    ]
    names = ["finding_id", "rule", "severity", "parcel_id", "message_zh", "basis"]
    table = pd.DataFrame(rows, columns=names).assign(period="2024", message_en="see Chinese")
    return gpd.GeoDataFrame(table, geometry=list(land.geometry[[3, 0, 10]]), crs=CGCS2000)


def _field(grid: Grid, turn: float) -> np.ndarray:
    row, col = np.mgrid[: grid.height, : grid.width] * (grid.resolution_m / 6000)
    return 0.5 + 0.45 * np.sin(row * 2.1 + turn + np.sin(col * 2.3)) * np.cos(col * 1.7 - row * 0.8)


def rasters(grid: Grid, inside: np.ndarray) -> tuple[Raster, ...]:
    made = []
    classes = []
    for number, period in enumerate(PERIODS):
        shares = _field(grid, 0.5 * number)
        stored = np.where(inside, np.round(shares * 1e4), -32768).astype(np.int16)
        cover = np.where(inside, _COVER_OF_SHARE[np.digitize(shares, [0.2, 0.35, 0.8])], 255).astype(np.uint8)
        looks = np.where(inside, (shares * 12).astype(np.uint16), 0).astype(np.uint16)
        classes.append(cover)
        days = (period.first, period.last)
        made += [
            Raster(f"fvc_{period.label}", "fvc", "ratio", _map(stored), "植被覆盖度", "FVC", *days),
            Raster(f"looks_{period.label}", "looks", "count", _map(looks), "有效观测次数", "Looks", *days),
            Raster(
                f"land_cover_{period.label}",
                "land_cover",
                "classes",
                _map(cover),
                "地表覆盖",
                "Land cover",
                *days,
                LAND_COVER,
            ),
        ]
    before, after = classes
    moved = np.where(before == after, 0, 10 * before.astype(int) + after)
    change = np.where(inside, moved, 255).astype(np.uint8)
    days = (PERIODS[0].first, PERIODS[1].last)
    made.append(
        Raster("change_2023_2024", "change", "classes", _map(change), "地表覆盖变化", "Change", *days, CHANGE)
    )
    return tuple(made)


_COVER_OF_SHARE = np.array([1, 3, 2, 4], dtype=np.uint8)


def _map(values: np.ndarray) -> xr.DataArray:
    return xr.DataArray(values, dims=("y", "x"))


def tables() -> dict[str, pd.DataFrame]:
    indicator = {
        "indicator": ["vegetation_cover_share_land", "mean_fvc_land", HOSTILE],
        "aoi": "delta",
        "period": "2024",
        "value": [0.6123456789012345, 0.481, np.nan],
        "unit": ["share", "share", "ha"],
        "numerator": [71234567.125, np.nan, np.nan],
        "denominator": [116330000.5, np.nan, np.nan],
        "low": np.nan,
        "high": np.nan,
        "target": [0.6, np.nan, np.nan],
        "source": "rasters/fvc_2024.tif",
        "reason": [None, None, "时段内无有效观测"],
    }
    reads = {
        "scene_id": ["S2A_x", "S2A_x", "S2B_y"],
        "band": ["mask", "red", "nir"],
        "block": "r00000c00000",
        "outcome": ["read", "skipped", "failed"],
        "reason": ["", "nothing clear", "time-out"],
    }
    balance = {
        "aoi": "delta",
        "period": "2024",
        "item": ["aoi", "parcels", "overlaps", "outside"],
        "value_m2": [116330000.5, 110000000.25, 12.5, 6330012.75],
        "note": [None, None, "见 findings", None],
    }
    return {
        "indicators": pd.DataFrame(indicator),
        "reads": pd.DataFrame(reads),
        "area_balance": pd.DataFrame(balance),
    }


def scenes() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": ["S2A_x", "S2B_y"],
            "mission": "sentinel-2",
            "datetime": [datetime(2023, 6, 5, 2, 30, tzinfo=UTC), AS_OF],
            "tile": "51RUQ",
            "baseline": "05.09",
            "cloud_percent": [12.5, np.nan],
            "offset_source": "pixels",
            "item_sha256": ["ab" * 32, "cd" * 32],
            "simulated": True,
        }
    )


def small_delivery(*, simulated: bool = True, language: str = "zh", resolution_m: float = 60) -> Delivery:
    aoi = small_aoi()
    grid = build_grid(aoi, resolution_m=resolution_m)
    land = parcels(aoi)
    whole = next(grid.blocks(10**6))
    inside = grid.mask_geometry(project(aoi.geometry, grid.crs), whole)
    return Delivery(
        aoi=aoi,
        grid=grid,
        label="2024",
        language=language,
        simulated=simulated,
        as_of=AS_OF,
        periods=PERIODS,
        inventory=inventory(land),
        parcels=land,
        sections=sections(),
        change_patches=change_patches(land),
        findings=findings(land),
        tables=tables(),
        rasters=rasters(grid, inside),
        scenes=scenes(),
        rules={
            "overlap": ("地块重叠", "Overlapping parcels"),
            "never_clear": ("从未清晰观测", "Never seen clear"),
        },
    )


def plant_towns() -> Delivery:
    """A delivery without rasters whose parcels have codes of three towns, in the order of a register."""
    delivery = replace(small_delivery(), rasters=())
    codes = {
        one: f"31015100{1 + n // 15}001GB{n:05d}W00000000"
        for n, one in enumerate(delivery.parcels["parcel_id"])
    }
    land = delivery.parcels.assign(parcel_id=delivery.parcels["parcel_id"].map(codes), repairs=None)
    rows = delivery.inventory.assign(parcel_id=delivery.inventory["parcel_id"].map(codes))
    place = rows["parcel_id"].map({one: n for n, one in enumerate(land["parcel_id"])})
    rows = rows.assign(place=place).sort_values(["place", "period"], ignore_index=True).drop(columns="place")
    return replace(delivery, parcels=land, inventory=rows)
