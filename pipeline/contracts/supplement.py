"""What staff complete by hand of the catalogue: its table, and the columns of the template for it."""

import hashlib

import pandera.pandas as pa

from pipeline.contracts.columns import TEXT, TEXT_OR_NULL, build_column, build_table

SUPPLEMENT_ITEMS = {
    "parcels": ("protection_status", "use_status", "remark"),
    "products": ("local_name", "remark"),
}
"""What is completed of parcels, and of their products: 保护情况, 开发利用情况, 地方产品名, 备注."""
SUPPLEMENT_KEYS = {"parcels": ("aoi", "parcel_id"), "products": ("aoi", "parcel_id", "cat2_code")}
"""What tells which parcel or product a row is of."""
SUPPLEMENT_FACTS = {
    "parcels": ("parcel_no", "location", "dlbm", "area_ha", "registered_protection", "registered_use"),
    "products": ("cat3_name", "parcel_no", "location", "area_ha"),
}
"""What stands beside for those who complete it; it is not read back."""
KEY_CHECK = "key_check"
"""Column with letters that follow from the keys of a row, so that a key which was changed is noticed."""
_LETTERS = 6

_ITEMS = sorted({item for items in SUPPLEMENT_ITEMS.values() for item in items})
SUPPLEMENT = build_table(
    "Supplement",
    {
        "parcel_id": TEXT,
        "cat2_code": TEXT_OR_NULL,
        "cat3_name": TEXT_OR_NULL,
        "item": build_column(str, known=pa.Check.isin(_ITEMS)),
        "text": TEXT,
        "as_registered": TEXT_OR_NULL,
        "file": TEXT,
        "sheet": TEXT_OR_NULL,
        "row": build_column(int),
    },
)
"""One row per parcel or product and item that staff completed.

`cat2_code` is null of what is said of a whole parcel; `cat3_name` is what the product is called where nobody
gave it a local name. `as_registered` is what the register says of it, null where it says nothing. `file`,
`sheet` and `row` (1-based, as a spreadsheet counts) say where it was completed.
"""


def compute_key_check(*keys: str) -> str:
    """Letters that follow from the keys of a row: the first of their sha256."""
    return hashlib.sha256("|".join(keys).encode()).hexdigest()[:_LETTERS]
