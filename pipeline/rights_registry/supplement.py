"""What staff completed by hand, brought to the rows of the inventory."""

from collections.abc import Mapping

import geopandas as gpd
import pandas as pd

from pipeline.contracts import INVENTORY, check_table

OF_PARCELS = ("protection_status", "use_status")
"""What staff complete of a parcel, whatever it supplies."""


def fill_supplement(inventory: gpd.GeoDataFrame, supplement: pd.DataFrame) -> gpd.GeoDataFrame:
    """INVENTORY with protection, use and local names of products as SUPPLEMENT has them, in all periods.

    What staff wrote goes before what the register says, which stays in the layer of parcels.
    """
    texts = supplement.set_index("item")
    columns = {
        item: _take_text(texts, item, inventory["parcel_id"]).fillna(inventory[item]).astype(object)
        for item in OF_PARCELS
    }
    names = texts[texts.index == "local_name"].set_index(["parcel_id", "cat2_code"])["text"]
    keys = pd.MultiIndex.from_frame(inventory[["parcel_id", "cat2_code"]])
    local = pd.Series(names.reindex(keys).to_numpy(), inventory.index, dtype=object)
    columns["cat3_name"] = local.where(local.notna(), inventory["cat3_name"])
    return check_table(inventory.assign(**columns), INVENTORY)


def _take_text(texts: pd.DataFrame, item: str, parcels: pd.Series) -> pd.Series:
    own = texts[texts.index == item].set_index("parcel_id")["text"]
    return parcels.map(own.to_dict()).astype(object)


def complete_supplement(
    supplement: pd.DataFrame, parcels: pd.DataFrame, products: Mapping[tuple[str, str], str]
) -> pd.DataFrame:
    """SUPPLEMENT with what the register says of each item, and the common names of products.

    `products` are these by parcel and code.
    """
    register = {item: dict(zip(parcels["parcel_id"], parcels[item], strict=True)) for item in OF_PARCELS}
    rows = supplement[["parcel_id", "cat2_code", "item"]].to_numpy().tolist()
    known = [register.get(item, {}).get(parcel) for parcel, _, item in rows]
    names = [products.get((parcel, code)) for parcel, code, _ in rows]
    return supplement.assign(
        as_registered=pd.Series(known, supplement.index, dtype=object),
        cat3_name=pd.Series(names, supplement.index, dtype=object),
    )
