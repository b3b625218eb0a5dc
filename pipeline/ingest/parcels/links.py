"""Tables of a registry that hang on its units: public control and rights to real estate.

Names of tables and fields were seen in a deployed registration system (GitHub yanFranklin/bdc20230104):
ZRZY_GGGZGLXX (unit, kind, area and content of a control) and ZRZY_BDCQLGLXX (unit, real-estate unit, kind of
right, holder, area).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline import standards
from pipeline.geodesy import SQUARE_METRES_PER_HECTARE
from pipeline.ingest.parcels.values import build_nulls, read_areas, read_texts, translate_values
from pipeline.ingest.parcels.vector_layer import VectorLayer
from pipeline.ingest.parcels.vectors import read_table_beside

_CONTROLS = {"1": "red_line", "2": "planning_use", "3": "special_protection"}
_UNIT = "zrzydjdyh"


@dataclass(frozen=True)
class Links:
    """What the linked tables say of each unit (by unit code), and the names of right holders in them."""

    by_unit: pd.DataFrame
    holders: pd.Series


def read_links(layer: VectorLayer, *, unit_m2: float) -> Links:
    """Links of a layer's units: `red_line`, `planning_use`, `special_protection`, `linked_rights`.

    Contents of several controls of a kind, and several kinds of rights, stand behind one another; rights
    carry their number and area, not their holders. `unit_m2` is the size of the unit of areas.
    """
    controls, rights = (_read_table(layer, name) for name in ("ZRZY_GGGZGLXX", "ZRZY_BDCQLGLXX"))
    parts = [_collect_controls(controls), _collect_rights(rights, unit_m2)]
    holders = read_texts(rights["qlr"]) if "qlr" in rights else build_nulls(rights.index)
    return Links(pd.concat([part for part in parts if len(part.columns)] or parts[:1], axis=1), holders)


def add_links(parcels: pd.DataFrame, links: Links) -> pd.DataFrame:
    """Parcels with what their units are linked to, where the register itself says nothing."""
    found = links.by_unit.reindex(parcels["unit_no"]).set_axis(parcels.index)
    columns = {str(name): parcels[name].fillna(found[name]) for name in found}
    return parcels.assign(**columns)


def _read_table(layer: VectorLayer, name: str) -> pd.DataFrame:
    found = read_table_beside(layer, name)
    empty = pd.DataFrame({_UNIT: build_nulls(pd.RangeIndex(0))})
    if found is None or _UNIT not in found:
        return empty
    return found.assign(**{_UNIT: read_texts(found[_UNIT])}).dropna(subset=_UNIT)


def _collect_controls(table: pd.DataFrame) -> pd.DataFrame:
    if not {"gggzyslx", "gggznr"} <= set(table):
        return pd.DataFrame()
    kinds = translate_values(read_texts(table["gggzyslx"]), "public_control", {})[0].map(_CONTROLS)
    rows = pd.DataFrame(
        {"unit": table[_UNIT], "kind": kinds, "content": read_texts(table["gggznr"]).fillna("是")}
    )
    joined = rows.dropna().groupby(["unit", "kind"], sort=True)["content"].agg(_join)
    kept = {kind: joined.xs(kind, level="kind") for kind in joined.index.unique("kind")}
    return pd.DataFrame(kept).astype(object).where(lambda cells: cells.notna(), None)


def _collect_rights(table: pd.DataFrame, unit_m2: float) -> pd.DataFrame:
    if "qllx" not in table:
        return pd.DataFrame()
    codes, _ = translate_values(read_texts(table["qllx"]), "right_type", {})
    rights = standards.table("rights")
    names = rights[rights["dictionary"] == "right_type"].set_index("code")["name_zh"]
    areas = (
        read_areas(read_texts(table["mj"]), unit_m2)[0] if "mj" in table else pd.Series(np.nan, table.index)
    )
    rows = pd.DataFrame(
        {"unit": table[_UNIT], "code": codes, "name": codes.map(names).fillna(codes), "area": areas}
    )
    sums = (
        rows.groupby(["unit", "code", "name"], sort=True)["area"].agg(["size", "sum", "count"]).reset_index()
    )
    area_ha = (
        (sums["sum"] / SQUARE_METRES_PER_HECTARE).map("，{:.2f} 公顷".format).where(sums["count"] > 0, "")
    )
    text = sums["name"] + " " + sums["size"].astype(str) + " 宗" + area_ha
    return text.groupby(sums["unit"], sort=True).agg(_join).rename("linked_rights").to_frame()


def _join(values: pd.Series) -> str:
    return "；".join(dict.fromkeys(values))
