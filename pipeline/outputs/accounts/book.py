"""The accounts of a delivery as people read them: the basis that goes first, the periods, the names."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any

import pandas as pd

from pipeline import standards
from pipeline.contracts import Delivery
from pipeline.outputs.columns import Language, describe_column, list_values
from pipeline.outputs.texts import find_text, name_unit

CATEGORIES = ("M", "R", "C")
WHOLE = ("GEP", "partial")
SUMS = (*CATEGORIES, *WHOLE, "outside")
"""What `service` holds in rows of sums: of a kind of services, of all, and value from outside, deducted."""
PARTS = ("extent", "intensity", "price", "method", "scope")
"""Parts of the bridge in the order in which they are drawn."""
Row = dict[str, Any]
BETWEEN = " · "
_CLASSES = ("from", "ecosystem_l1", "dlbm")
"""Columns whose values are classes of an account: of the map, types, and of the third survey."""


@dataclass(frozen=True)
class AccountBook:
    """The account tables of a delivery that has some."""

    delivery: Delivery

    @property
    def language(self) -> Language:
        """Language of the delivery."""
        return self.delivery.language

    def table(self, stem: str) -> pd.DataFrame:
        """A table of the accounts, empty and without columns where it was not made."""
        return self.delivery.tables.get(f"account_{stem}", pd.DataFrame())

    @cached_property
    def totals(self) -> pd.DataFrame:
        """All of `account_totals`."""
        found = self.table("totals")
        return found.assign(period=found["period"].astype(str), item=found["item"].fillna(""))

    @cached_property
    def basis(self) -> str:
        """The basis of the headline: that whose rows stand first."""
        return str(self.totals["basis"].iloc[0])

    @cached_property
    def periods(self) -> list[str]:
        """Periods of the accounts, the newest last."""
        return sorted(self.totals["period"].unique())

    def select_totals(
        self, *, region: str | None = None, period: str | None = None, basis: str | None = None
    ) -> pd.DataFrame:
        """Rows of the headline basis unless another is named; of the area, of all periods likewise."""
        rows = self.totals[self.totals["basis"] == (basis or self.basis)]
        rows = rows[rows["region"] == (region or self.delivery.aoi.id)]
        return rows if period is None else rows[rows["period"] == period]

    def list_services(self, period: str) -> pd.DataFrame:
        """The indicators of the area in a period, one row per item, in the order of the methods."""
        rows = self.select_totals(period=period)
        return self.sort_services(rows[~rows["service"].isin(SUMS)])

    def find_whole(self, period: str, *, basis: str | None = None, region: str | None = None) -> Row | None:
        """The row of the sum of all indicators; GEP only where it holds all of the profile."""
        rows = self.select_totals(region=region, period=period, basis=basis)
        found = list_records(rows[rows["service"].isin(WHOLE)])
        return found[0] if found else None

    def sum_categories(
        self, region: str | None, period: str, *, basis: str | None = None
    ) -> dict[str, float]:
        """Value of the kinds M, R and C of a region (None: of the area); null where nothing is known."""
        rows = self.select_totals(region=region, period=period, basis=basis)
        values = rows[rows["service"].isin(CATEGORIES)].set_index("service")["value_yuan"]
        return {key: float(values.get(key, float("nan"))) for key in CATEGORIES}

    @cached_property
    def areas_m2(self) -> dict[str, float]:
        """Area of each region in m2, by its counted units; empty where no sums were made."""
        table = self.table("sums")
        if table.empty:
            return {}
        newest = table[table["counted"] & (table["period"].astype(str) == self.periods[-1])]
        areas = newest.groupby("region")["area_m2"].sum()
        return {str(region): float(area) for region, area in areas.items()}

    def find_gdp(self, period: str) -> float | None:
        """GDP of the area in the year of a period, in yuan; None where no statistic tells it."""
        table = self.table("statistics")
        if table.empty:
            return None
        place = (table["item"] == "gdp") & (table["region"] == self.delivery.aoi.id)
        found = table.loc[place & (table["year"].astype(str) == period), "value"]
        return float(found.iloc[0]) if len(found) else None

    def find_outside(self, period: str, *, basis: str | None = None) -> float:
        """Value from outside the area, which is deducted and below 0; 0 where it is not deducted."""
        rows = self.select_totals(period=period, basis=basis)
        values = rows.loc[rows["service"] == "outside", "value_yuan"].dropna()
        return float(values.iloc[0]) if len(values) else 0.0

    def select_bridge(self, service: str = "total") -> pd.DataFrame:
        """Rows of the bridge that tell of the whole area and a service, in the headline basis."""
        table = self.table("bridge")
        if table.empty:
            return table
        whole = (table["region"] == self.delivery.aoi.id) & (table["service"] == service)
        return table[whole & (table["basis"] == self.basis)]

    def find_outside_step(self, before: str, after: str) -> dict[str, float]:
        """Parts of the bridge by what is deducted as from outside; none where nothing is."""
        rows = self.select_bridge("outside")
        if rows.empty:
            return {}
        step = rows[rows["from_period"].eq(before) & rows["to_period"].eq(after)]
        return {key: float(step[f"{key}_yuan"].sum()) for key in PARTS if len(step)}

    def sort_services(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows in the order of the methods, those of one service and item as they were."""
        order = {place: number for number, place in enumerate(self._names)}
        places = list(zip(rows["service"], rows["item"].fillna(""), strict=True))
        return rows.iloc[sorted(range(len(rows)), key=lambda row: order.get(places[row], (len(order))))]

    @cached_property
    def regions(self) -> dict[str, str]:
        """Regions within the area by id, with their names, in the order of the totals."""
        names = self._region_names
        found = [str(region) for region in self.totals["region"].unique()]
        return {region: names.get(region, region) for region in found if region != self.delivery.aoi.id}

    @cached_property
    def _region_names(self) -> dict[str, str]:
        table = self.table("regions")
        listed = dict(zip(table["region"], table["name"], strict=True)) if len(table) else {}
        aoi = self.delivery.aoi
        return {**listed, aoi.id: aoi.name_zh if self.language == "zh" else aoi.name_en}

    @cached_property
    def _names(self) -> dict[tuple[str, str], tuple[str, str, str]]:
        """Category, name of the service and name of the item, by both codes."""
        table = self.table("methods")
        if table.empty:
            return {}
        end = "zh" if self.language == "zh" else "en"
        columns = ["service", "item", "category", f"name_{end}", f"item_{end}"]
        rows = table[columns].fillna("").to_numpy().tolist()
        return {(service, item): (category, name, part) for service, item, category, name, part in rows}

    def name_service(self, code: str, item: str = "") -> str:
        """Name of an indicator, or of one of its items; the code of one that no method tells of."""
        if code in SUMS or code == "total":
            return find_text(f"accounts.sum.{code}", self.language)
        exact = self._names.get((code, item))
        if exact is not None:
            return BETWEEN.join(word for word in (exact[1], exact[2]) if word)
        whole = next((names[1] for (service, _), names in self._names.items() if service == code), code)
        return BETWEEN.join(word for word in (whole, item) if word)

    def find_category(self, code: str) -> str:
        """M, R or C of an indicator; by the start of the code where no method tells of it."""
        found = next((names[0] for (service, _), names in self._names.items() if service == code), code[:1])
        return found if found in SUMS else "R"

    def name_region(self, region: str) -> str:
        """Name of a region or of the area."""
        return self._region_names.get(str(region), str(region))

    def name_basis(self, basis: str) -> str:
        """What a basis is called."""
        return find_text(f"accounts.basis.{basis}", self.language)

    def name_class(self, code: Any) -> str:
        """A class of the account: a code of the third survey with its name, a type, or a mapped class."""
        if pd.isna(code):
            return find_text("accounts.all_classes", self.language)
        if str(code) == "total":
            return find_text("accounts.sum.total", self.language)
        return _list_class_names(self.language).get(str(code), str(code))

    def name_parameter(self, key: str) -> str:
        """What a parameter is called; the key of one without a name."""
        return _name_codes("account_parameters", "key", self.language).get(str(key), str(key))

    def name_rights(self, codes: str) -> str:
        """Kinds of rights, whose codes are joined by `;`, by name."""
        names = {entry.code: entry.name(self.language) for entry in list_values("right_type")}
        return "; ".join(names.get(code, code) for code in codes.split(";"))

    def name_sector(self, code: str) -> str:
        """What a sector is called that uses a service."""
        return _name_codes("service_sectors", "sector", self.language).get(code, code)

    def name_input(self, code: str) -> str:
        """What an input is called: an item of the statistics, or a variable of the layers."""
        names = _name_codes("statistic_items", "code", self.language)
        return names.get(str(code)) or describe_column(str(code)).name(self.language)

    def name_subject(self, code: str) -> str:
        """What a row of the balance is about: area, a service, or a variable of the layers."""
        if code == "area":
            return find_text("accounts.area", self.language)
        known = any(service == code for service, _ in self._names)
        return self.name_service(code) if known else self.name_input(code)

    def name_unit(self, unit: Any) -> str:
        """A unit as people read it."""
        return "" if pd.isna(unit) else name_unit(str(unit), self.language)

    def name_column(self, column: str) -> str:
        """Name of a column, without its unit."""
        return describe_column(column, "account").name(self.language)


def list_records(table: pd.DataFrame) -> list[Row]:
    """The rows of a table, each as its values by column."""
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def find_book(delivery: Delivery) -> AccountBook | None:
    """The accounts of a delivery, None where it has none."""
    totals = delivery.tables.get("account_totals")
    return None if totals is None or totals.empty else AccountBook(delivery)


@cache
def _list_class_names(language: Language) -> Mapping[str, str]:
    entries = (entry for column in _CLASSES for entry in list_values(column))
    return MappingProxyType({entry.code: entry.name(language) for entry in entries})


@cache
def _name_codes(stem: str, column: str, language: Language) -> Mapping[str, str]:
    table = standards.table(stem)
    return MappingProxyType(dict(zip(table[column], table[f"name_{language}"], strict=True)))
