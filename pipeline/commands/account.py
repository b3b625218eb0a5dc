"""The accounts of a delivery valued anew from its tables, with other parameters or prices, no pixel read."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
from pandera.pandas import DataFrameSchema

from pipeline.accounts.books import split_rows
from pipeline.accounts.doubts import add_doubts
from pipeline.accounts.intervals import add_intervals
from pipeline.accounts.parameters import ParameterBook
from pipeline.accounts.price_index import PriceIndex, list_fixed_prices
from pipeline.accounts.totals import total_services
from pipeline.accounts.valuing import Method, Valuation, value_services
from pipeline.contracts.accounts import (
    ACCOUNT_CHOICES,
    ACCOUNT_ITEMS,
    ACCOUNT_METHODS,
    ACCOUNT_PARAMETERS,
    ACCOUNT_PRICES,
    ACCOUNT_SUMS,
    ACCOUNT_TOTALS,
    STATISTICS,
)
from pipeline.contracts.columns import check_table
from pipeline.errors import InputError, Problem, SettingsError
from pipeline.flow.account_checks import list_read_keys, list_unread
from pipeline.operating_system import hold_part
from pipeline.settings.accounts import Choices, Intervals
from pipeline.settings.parameters import ParameterRow, read_elsewhere, read_parameters
from pipeline.storage.csv_texts import quieten_texts, restore_texts
from pipeline.storage.ownership import refuse_delivery
from pipeline.storage.tables import PART_ROWS, load_json

_PARAMETERS = "tables/account_parameters.csv"
_CHOICES = "tables/account_choices.csv"
_RUN_AGAIN = "Run the config again"
_SPAN = ["region", "period", "basis", "service", "item"]
_DECIDES_PIXELS = "runoff_coefficient"
"""The parameter that a sum of pixels rests on where deficits of water are cut (`negative_water: cut`)."""


@dataclass(frozen=True)
class StoredAccounts:
    """The accounts of a delivery as they stand, with all that they are valued from.

    `tables` are the parameters that were used, by the tables they came from; `basis` is that of the headline.
    """

    folder: Path
    aoi: str
    basis: str
    method: Method
    index: PriceIndex
    tables: tuple[tuple[ParameterRow, ...], ...]
    sums: pd.DataFrame
    statistics: pd.DataFrame
    totals: pd.DataFrame
    methods: pd.DataFrame
    accuracy: pd.DataFrame | None
    intervals: Intervals


@dataclass(frozen=True)
class Revaluation:
    """Accounts valued anew, the parameters that were used, and the given rows that were not."""

    stored: StoredAccounts
    valuation: Valuation
    totals: pd.DataFrame
    parameters: pd.DataFrame
    unused: tuple[ParameterRow, ...]

    @property
    def comparison(self) -> pd.DataFrame:
        """`totals` beside `delivered_yuan`, and the `difference_yuan` to it."""
        return compare_totals(self)


def load_accounts(delivery: Path) -> StoredAccounts:
    """The accounts of a delivery; InputError where it has none, or a table is not as it was delivered."""
    reading = _Reading(delivery, _read_manifest(delivery))
    prices = reading.read("account_prices", ACCOUNT_PRICES)
    levels = {
        str(kind): dict(zip(rows["year"], rows["price_index"], strict=True))
        for kind, rows in prices.groupby(prices["index_kind"].fillna(""))
    }
    methods = reading.read("account_methods", ACCOUNT_METHODS)
    totals = reading.read("account_totals", ACCOUNT_TOTALS)
    return StoredAccounts(
        delivery,
        str(reading.manifest["aoi"]),
        str(totals["basis"].iloc[0]),
        _read_method(reading, tuple(methods["service"].unique())),
        PriceIndex(levels),
        _split_tables(reading.read("account_parameters", ACCOUNT_PARAMETERS)),
        reading.read("account_sums", ACCOUNT_SUMS),
        reading.read("account_statistics", STATISTICS),
        totals,
        methods,
        reading.read_if_any("accuracy"),
        Intervals.model_validate(reading.manifest["config"]["accounts"]["intervals"]),
    )


@dataclass(frozen=True)
class _Reading:
    folder: Path
    manifest: Mapping[str, Any]

    def read(self, name: str, schema: DataFrameSchema) -> pd.DataFrame:
        """A table in the types that it was promised in."""
        return _parse_table(self._read_bytes(name), schema)

    def read_if_any(self, name: str) -> pd.DataFrame | None:
        """A table that only some deliveries have."""
        if f"tables/{name}.csv" not in self.manifest["files"]:
            return None
        return restore_texts(pacsv.read_csv(BytesIO(self._read_bytes(name))).to_pandas())

    def _read_bytes(self, name: str) -> bytes:
        """The content of a table, as the manifest tells of it."""
        path = self.folder / "tables" / f"{name}.csv"
        told = self.manifest["files"].get(f"tables/{name}.csv", {}).get("sha256")
        content = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(content).hexdigest() != told:
            found = "a table that is not as it was delivered" if content else "no such table"
            todo = "Give other parameters by --parameters, or run the config again"
            raise _build_refusal(Problem(str(path), found, "the table that manifest.json tells of", todo))
        return content


def _parse_table(content: bytes, schema: DataFrameSchema) -> pd.DataFrame:
    """A table from its CSV; an empty cell is an empty text where its column is never null."""
    texts = [name for name, one in schema.columns.items() if str(one.dtype).startswith(("str", "object"))]
    options = pacsv.ConvertOptions(
        column_types=dict.fromkeys(texts, pa.string()), null_values=[""], strings_can_be_null=True
    )
    read = restore_texts(pacsv.read_csv(BytesIO(content), convert_options=options).to_pandas())
    table = read.astype(dict.fromkeys(texts, object))
    never = [name for name in texts if not schema.columns[name].nullable]
    checked: pd.DataFrame = check_table(table.fillna(dict.fromkeys(never, "")), schema)
    return checked


def _read_method(reading: _Reading, services: tuple[str, ...]) -> Method:
    """How the delivery was accounted; InputError where it does not say what this version has to know."""
    table = reading.read("account_choices", ACCOUNT_CHOICES)
    told = dict(zip(table["choice"], table["option"], strict=True))
    lacking = [name for name in (*Choices.model_fields, "price_year") if name not in told]
    if lacking:
        expected = "all choices of this version"
        problem = Problem(str(reading.folder / _CHOICES), f"no {', '.join(lacking)}", expected, _RUN_AGAIN)
        raise _build_refusal(problem)
    return Method(services, {name: told[name] for name in Choices.model_fields}, int(told["price_year"]))


def _read_manifest(delivery: Path) -> Mapping[str, Any]:
    path = delivery / "manifest.json"
    try:
        content = load_json(path)
        files = content["files"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise _build_refusal(Problem(str(path), str(error), "a delivery of ecoledger")) from error
    if _CHOICES not in files:
        todo = "Put accounts: into the config and run it again"
        raise _build_refusal(Problem(str(path), "no accounts", "a delivery with accounts", todo))
    return dict(content)


def _build_refusal(problem: Problem) -> InputError:
    return InputError("What is given is no delivery with accounts", [problem])


def _split_tables(used: pd.DataFrame) -> tuple[tuple[ParameterRow, ...], ...]:
    """The rows by the tables they came from, in their order: a later table goes before an earlier one."""
    tables: list[dict[tuple[str, str | None, str | None], ParameterRow]] = []
    origin = None
    for row in _list_parameters(used):
        place = row.key, row.land_class, row.region
        if row.origin != origin or place in tables[-1]:
            tables.append({})
            origin = row.origin
        tables[-1][place] = row
    return tuple(tuple(table.values()) for table in tables)


def _list_parameters(used: pd.DataFrame) -> Iterator[ParameterRow]:
    told = used.astype(object).where(used.notna(), None).rename(columns={"class": "land_class"})
    names = [name for name in ParameterRow._fields if name != "row"]
    for number, row in enumerate(told[names].to_dict("records"), start=2):
        yield ParameterRow(**{str(name): value for name, value in row.items()}, row=number)


def revalue(
    stored: StoredAccounts, *, parameters: Path | None = None, price_year: int | None = None
) -> Revaluation:
    """The accounts with a table of parameters before those that were used, in prices of another year.

    Raises InputError with all that cannot be: keys that no service reads, regions that the area does not
    have, prices that no index brings to a year, and what only a run can tell.
    """
    given = read_parameters([parameters]) if parameters else ()
    own = given[0] if given else ()
    problems = [*_list_strange(stored, own), *_list_fixed_prices(stored, own, price_year)]
    if problems:
        raise InputError("The delivery cannot be valued so from its tables", problems)
    method = replace(stored.method, price_year=price_year or stored.method.price_year)
    book = ParameterBook.of([*stored.tables, *given], stored.aoi)
    valuation = value_services(stored.sums, stored.statistics, book, stored.index, method, aoi_id=stored.aoi)
    places = {int(place) for _, found in valuation.used for place in found.place}
    first = len(book.rows) - len(own)
    unused = tuple(row for number, row in enumerate(own, start=first) if number not in places)
    years = sorted({*map(int, stored.sums["period"].unique()), method.price_year})
    used = add_doubts(book.tabulate(valuation.used), read_elsewhere(), stored.index, years)
    return Revaluation(stored, valuation, _total(stored, valuation, book, method), used, unused)


def _total(stored: StoredAccounts, valuation: Valuation, book: ParameterBook, method: Method) -> pd.DataFrame:
    """Totals with low and high."""
    return add_intervals(
        total_services(valuation, stored.statistics, stored.index, method, aoi_id=stored.aoi),
        valuation.items,
        stored.sums,
        stored.statistics,
        book,
        stored.index,
        method,
        aoi_id=stored.aoi,
        **stored.intervals.model_dump(),
        accuracy=stored.accuracy,
    )


def _list_strange(stored: StoredAccounts, own: tuple[ParameterRow, ...]) -> Iterator[Problem]:
    yield from list_unread(own, list_read_keys(stored.method.services, stored.method.options))
    regions = {stored.aoi, *stored.sums["region"]}
    for row in own:
        if row.region is not None and row.region not in regions:
            known = ", ".join(sorted(regions))
            yield Problem(f"{row.origin}, row {row.row}, column region", repr(row.region), f"one of {known}")
        if row.key == _DECIDES_PIXELS and stored.method.options["negative_water"] == "cut":
            yield Problem(
                f"{row.origin}, row {row.row}, column key",
                f"{row.key}, which the deficit of every pixel rests on where deficits are cut",
                "parameters of what is summed already",
                "Put the table into accounts.parameters and run the config again",
            )


def _list_fixed_prices(
    stored: StoredAccounts, own: tuple[ParameterRow, ...], price_year: int | None
) -> list[Problem]:
    """Prices that no index brings to the years of the accounts; of delivered ones, to a new price year."""
    years = sorted({int(period) for period in stored.sums["period"].unique()})
    delivered = [row._replace(origin=_PARAMETERS) for table in stored.tables for row in table]
    moved = [price_year] if price_year else []
    new = sorted({*years, price_year or stored.method.price_year})
    return [*list_fixed_prices(own, stored.index, new), *list_fixed_prices(delivered, stored.index, moved)]


def compare_totals(found: Revaluation) -> pd.DataFrame:
    """ACCOUNT_TOTALS valued anew, beside `delivered_yuan` and the `difference_yuan` to it."""
    delivered = found.stored.totals[[*_SPAN, "value_yuan"]].rename(columns={"value_yuan": "delivered_yuan"})
    told = found.totals.merge(delivered, "left", _SPAN)
    return told.assign(difference_yuan=told["value_yuan"] - told["delivered_yuan"])


def write_revaluation(found: Revaluation, folder: Path) -> None:
    """Totals, items and parameters as CSV of the names they have in a delivery, and the comparison.

    Raises SettingsError where the folder cannot be written to.
    """
    tables = {
        "account_totals": [found.totals],
        "account_parcels": split_rows(found.valuation.items, ACCOUNT_ITEMS, PART_ROWS),
        "account_parameters": [found.parameters],
        "account_differences": [compare_totals(found)],
    }
    refuse_delivery(folder, "The accounts cannot be written")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, parts in tables.items():
            with hold_part(folder / f"{name}.csv") as place, place.open("wb") as stream:
                stream.write("\ufeff".encode())
                for number, part in enumerate(parts):
                    table = pa.Table.from_pandas(quieten_texts(part), preserve_index=False)
                    pacsv.write_csv(table, stream, pacsv.WriteOptions(include_header=number == 0))
    except OSError as error:
        problem = Problem(str(error.filename), error.strerror or str(error), "a place to write to")
        raise SettingsError("The accounts cannot be written", [problem]) from error


def dump_totals(found: Revaluation) -> list[dict[str, Any]]:
    """Totals of the whole area on the basis of the headline, as they are printed for machines."""
    told = compare_totals(found)
    headline = told["basis"] == found.stored.basis
    shown = told[headline & (told["region"] == found.stored.aoi)].drop(columns=["region", "basis"])
    return [{str(name): value for name, value in row.items()} for row in _to_plain(shown).to_dict("records")]


def tabulate_totals(found: Revaluation) -> list[dict[str, Any]]:
    """The same as people read them: names, yuan in full, a dash for what is not known."""
    methods = found.stored.methods.drop_duplicates("service").set_index("service")
    names = methods["name_zh"].to_dict()
    return [
        {
            "时段 period": row["period"],
            "指标 indicator": " ".join(
                filter(None, (row["service"], names.get(row["service"]), row["item"]))
            ),
            "数量 quantity": _format(row["quantity"], ",.6g"),
            "单位 unit": row["unit"],
            "原值 delivered": _format(row["delivered_yuan"], ",.0f"),
            "现价 value": _format(row["value_yuan"], ",.0f"),
            "可比价 comparable": _format(row["comparable_yuan"], ",.0f"),
            "参考 indicative": "参考" if row["indicative"] else "",
        }
        for row in dump_totals(found)
    ]


def _to_plain(table: pd.DataFrame) -> pd.DataFrame:
    return table.astype(object).where(table.notna(), None)


def _format(value: float | None, form: str) -> str:
    return "—" if value is None else format(value, form)
