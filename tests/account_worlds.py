"""Ground, parameters and statistics of a world of a few figures, for tests of the accounts."""

import numpy as np
import pandas as pd

from pipeline.accounts.parameters import ParameterBook
from pipeline.accounts.service import Terms
from pipeline.accounts.services.registry import SERVICES
from pipeline.settings.accounts import Choices
from pipeline.settings.parameters import ParameterRow

OPTIONS = Choices().model_dump()
AOI = "area"


def pick_item(code, key="", **options):
    """An item of a service, by the default choices but for those that are given."""
    items = SERVICES[code].pick_items(OPTIONS | options)
    return next(item for item in items if item.key == key)


def build_terms(area_m2=1e4, *, whole_m2=None, sums=(), parameters=(), statistics=()):
    """Terms of one row, or of as many as the arrays have."""
    area = np.atleast_1d(np.asarray(area_m2, float))
    whole = area if whole_m2 is None else np.atleast_1d(np.asarray(whole_m2, float))
    arrays = [
        {name: np.atleast_1d(np.asarray(value, float)) for name, value in dict(given).items()}
        for given in (sums, parameters, statistics)
    ]
    return Terms(area, whole, *arrays)


def build_sums(*rows):
    """ACCOUNT_SUMS of (unit, region, dlbm, ecosystem, mapped, area_m2, {variable: mean}) of one year.

    A variable may be a pair: its mean, and the area where it is known.
    """
    table = []
    for unit, region, dlbm, ecosystem, mapped, area_m2, means in rows:
        parcel = unit if unit.startswith("p") else None
        row = {"unit_id": f"{unit}@{region}", "kind": "parcel" if parcel else "outside", "parcel_id": parcel}
        row |= {"region": region, "project": None, "counted": True, "period": "2024"}
        row |= {"dlbm": dlbm, "ecosystem": ecosystem, "mapped": mapped, "area_m2": float(area_m2)}
        for name, told in means.items():
            mean, known = told if isinstance(told, tuple) else (told, area_m2)
            row |= {name: mean * known, f"{name}_m2": float(known)}
        table.append(row)
    return pd.DataFrame(table)


def build_statistics(*rows, year=2024):
    """STATISTICS of (region, item, value), or with a product and its unit besides."""
    told = [(*row, *(None, "t")[len(row) - 3 :]) for row in rows]
    names = ["region", "item", "value", "product", "unit"]
    table = pd.DataFrame(told, columns=names).astype({"value": float, "product": object})
    return table.assign(year=year, source="planted", file="planted.csv", sheet=None, row=1)


def build_book(*rows, area=AOI):
    """A book of (key, value), with the class, and options by name (region, year, confirmed, low, high)."""
    return ParameterBook.of([[_build_row(*row) for row in rows]], area)


def _build_row(key, value, land_class=None, options=()):
    told = {"region": None, "year": None, "confirmed": True, "low": None, "high": None} | dict(options)
    return ParameterRow(
        key=key,
        land_class=land_class,
        region=told["region"],
        value=value,
        low=told["low"],
        high=told["high"],
        unit="",
        price_year=told["year"],
        source="planted",
        confirmed=told["confirmed"],
        origin="planted.csv",
        row=1,
    )
