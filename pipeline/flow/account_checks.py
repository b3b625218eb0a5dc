"""What can be known to be wrong with the accounts of a config before anything is computed."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from pipeline.accounts.price_index import PriceIndex, list_fixed_prices
from pipeline.accounts.services.registry import SERVICES, find_double_counting
from pipeline.errors import InputError, Problem, SettingsError
from pipeline.flow.mistakes import Check, raise_mistakes
from pipeline.settings import Settings
from pipeline.settings.accounts import AccountProfile, Accounts
from pipeline.settings.aoi import load_entry
from pipeline.settings.parameters import ParameterRow, read_parameters
from pipeline.settings.price_index import read_price_index


def check_accounts(settings: Settings) -> None:
    """SettingsError or InputError where periods, profiles, parameters or the index cannot be right."""
    accounts = settings.accounts
    if accounts is None:
        return
    checks: list[Check] = [partial(_check_periods, settings)]
    if settings.scenes.period == "year":
        checks.append(partial(_check_plans, settings, accounts))
    if accounts.price_index:
        checks.append(partial(read_price_index, Path(accounts.price_index)))
    raise_mistakes(checks)


def _check_plans(settings: Settings, accounts: Accounts) -> None:
    """Errors where profiles and parameters cannot be right, or prices have no index."""
    plans = [_Plan(accounts, accounts.load_profile(load_entry(entry).id)) for entry in settings.aoi]
    _raise_any(SettingsError, "Services of a profile cannot be accounted", _list_strange(plans))
    _raise_any(InputError, "Parameters that no service reads", _list_unread(plans))
    years = [int(period.label) for period in settings.scenes.periods]
    if accounts.price_index:
        index = PriceIndex(read_price_index(Path(accounts.price_index)))
        wanted = sorted({*years, accounts.price_year or years[0]})
        rows = dict.fromkeys(row for plan in plans for row in plan.rows)
        _raise_any(InputError, "Prices of years without an index", list_fixed_prices(rows, index, wanted))


@dataclass(frozen=True)
class _Plan:
    """The accounts of one area: its profile, and the rows of its tables that services can read."""

    accounts: Accounts
    profile: AccountProfile

    @cached_property
    def keys(self) -> frozenset[str]:
        return list_read_keys(self.profile.services, self.profile.choices.model_dump())

    @cached_property
    def tables(self) -> tuple[tuple[ParameterRow, ...], ...]:
        return read_parameters([Path(path) for path in self.profile.parameters])

    @property
    def rows(self) -> Iterator[ParameterRow]:
        """Rows of keys that are read, but for those that a later one of all classes and regions covers."""
        covered: set[str] = set()
        for table in reversed(self.tables):
            told = [row for row in table if row.key in self.keys and row.key not in covered]
            yield from told
            covered |= {row.key for row in told if row.land_class is None and row.region is None}


def _check_periods(settings: Settings) -> None:
    period = settings.scenes.period
    problem = Problem(
        "accounts",
        f"periods of a {period}",
        "scenes.period: year, as accounts are of calendar years",
        "Set it to year, or leave the accounts out of this run",
    )
    _raise_any(SettingsError, "Accounts go with periods of a year", [problem] if period != "year" else [])


def _list_strange(plans: list[_Plan]) -> list[Problem]:
    found = []
    for plan in {plan.profile.name_en: plan for plan in plans}.values():
        profile = plan.profile
        place = f"accounts.profile, {profile.name_zh}"
        strange = [code for code in (*profile.services, *plan.accounts.exclude) if code not in SERVICES]
        if strange:
            found.append(Problem(place, ", ".join(strange), f"services out of {', '.join(SERVICES)}"))
        for one, other in find_double_counting(code for code in profile.services if code in SERVICES):
            expected = "one of them, as both count the same gift of nature"
            found.append(Problem(place, f"{one} and {other}", expected, "Leave one out by accounts.exclude"))
    return found


def _list_unread(plans: list[_Plan]) -> list[Problem]:
    """Rows of the config's own table whose key no service of any area reads."""
    if not plans[0].accounts.parameters:
        return []
    return list_unread(plans[0].tables[-1], frozenset().union(*(plan.keys for plan in plans)))


def list_read_keys(services: Iterable[str], options: Mapping[str, object]) -> frozenset[str]:
    """Keys of parameters that services read by the options of a profile.

    Names of statistics and variables are among them, as a parameter of that name stands in where they lack.
    """
    items = [item for code in services for item in SERVICES[code].pick_items(options)]
    return frozenset(
        key
        for item in items
        for key in (*item.needs.parameters, *item.needs.statistics, *item.needs.variables)
    )


def list_unread(rows: Iterable[ParameterRow], keys: Collection[str]) -> list[Problem]:
    """Parameters of which no service reads the key, each with its place."""
    return [
        Problem(
            f"{row.origin}, row {row.row}, column key",
            f"{row.key}, which no service of the profile reads",
            "keys of services that are accounted",
            "Take the row out, or put its service in by accounts.include",
        )
        for row in rows
        if row.key not in keys
    ]


def _raise_any(kind: type[SettingsError | InputError], message: str, problems: list[Problem]) -> None:
    if problems:
        raise kind(message, problems)
