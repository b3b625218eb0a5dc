"""Files of this machine that the accounts of a config are made from."""

from collections.abc import Iterator
from glob import glob
from pathlib import Path

from pipeline.settings.accounts import Accounts, find_profile, load_profile
from pipeline.settings.layers import LayerCollection


def list_account_files(accounts: Accounts, aoi: str) -> tuple[Path, ...]:
    """Profile with its bases and tables, statistics, regions, projects and rasters, by what a config names.

    What lies behind an address is not among them. Raises SettingsError where a profile is none.
    """
    named = [accounts.price_index] if accounts.price_index else []
    named += [entry.path for entry in accounts.statistics]
    named += [entry.path for entry in (accounts.regions, *accounts.projects) if entry]
    named += _list_rasters(accounts)
    profile = (*_list_profiles(accounts, aoi), *list_parameter_tables(accounts, aoi))
    return (*profile, *(file for name in named for file in _expand(name)))


def list_parameter_tables(accounts: Accounts, aoi: str) -> list[Path]:
    """The tables of parameters of an area, in order: those of its profile, then that of the config."""
    return [Path(name) for name in accounts.load_profile(aoi).parameters]


def _list_rasters(accounts: Accounts) -> Iterator[str]:
    for source in accounts.layers.sources.values():
        if not isinstance(source, LayerCollection) and "://" not in source.path:
            yield source.path.replace("{year}", "*").replace("{month}", "*")


def _list_profiles(accounts: Accounts, aoi: str) -> Iterator[Path]:
    name: str | None = accounts.profile if isinstance(accounts.profile, str) else accounts.profile[aoi]
    while name is not None:
        yield find_profile(name)
        name = load_profile(name).base


def _expand(name: str) -> list[Path]:
    return [Path(found) for found in sorted(glob(name))]  # noqa: PTH207 Path.glob takes no absolute pattern
