"""Areas that must add up: the outline, its parcels, what they share and leave, the classes seen in it."""

import pandas as pd
import shapely

from pipeline.aoi import Aoi
from pipeline.contracts import AREA_BALANCE, check_table
from pipeline.geodesy import measure_area_m2
from pipeline.rights_registry import topology
from pipeline.rights_registry.shapes import ParcelShapes

_CLASS_AREA = "class_area:"


def build_area_balance(parcels: ParcelShapes, aoi: Aoi, aoi_measures: pd.DataFrame) -> pd.DataFrame:
    """AREA_BALANCE: per period, areas that must add up, and by how much they do.

    `parcels` lie inside, `aoi_measures` are the PARCEL_MEASURES of the area as a whole for all periods.
    Items: `aoi`, `parcels` (sum of areas inside), `overlaps` (that sum less the area of the union), `outside`
    (area of the aoi without the union, cut out and measured by itself), `class:<key>`, `unknown`;
    `difference` and `difference_classes` are relative to the aoi: parcels - overlaps + outside, and classes
    + unknown.
    """
    union = topology.unite(parcels.shapes)
    total = float(parcels.areas_m2.sum())
    overlaps = total - measure_area_m2(union)
    outside = measure_area_m2(shapely.difference(aoi.geometry, union))
    areas = [
        ("aoi", aoi.area_m2, "试点区椭球面积 / ellipsoidal area of the outline"),
        ("parcels", total, "范围内地块面积之和 / sum of the parcels inside"),
        ("overlaps", overlaps, "地块面积之和减去并集面积 / sum less union"),
        ("outside", outside, "不属于任何地块 / in no parcel"),
        ("difference", (total - overlaps + outside) / aoi.area_m2 - 1, "相对差，无量纲 / relative"),
    ]
    classes = aoi_measures[aoi_measures["measure"].str.startswith(_CLASS_AREA)]
    rows = [
        (aoi.id, period, *row)
        for period, group in classes.groupby("period", sort=False)
        for row in [*areas, *_list_class_rows(group, aoi)]
    ]
    table = pd.DataFrame(rows, columns=["aoi", "period", "item", "value_m2", "note"])
    balanced: pd.DataFrame = check_table(table, AREA_BALANCE)
    return balanced


def _list_class_rows(group: pd.DataFrame, aoi: Aoi) -> list[tuple[str, float, str]]:
    unknown = float(group["unknown_area_m2"].iloc[0])
    together = float(group["value"].sum()) + unknown
    rows = [
        (f"class:{measure.removeprefix(_CLASS_AREA)}", float(value), "地表覆盖面积 / land cover")
        for measure, value in zip(group["measure"], group["value"], strict=True)
    ]
    return [
        *rows,
        ("unknown", unknown, "没有地表覆盖类别 / without a class of land cover"),
        ("difference_classes", together / aoi.area_m2 - 1, "相对差，无量纲 / relative"),
    ]
