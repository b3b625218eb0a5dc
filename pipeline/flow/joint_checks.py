"""What does not fit together in a config: its areas, periods, tests and names that refer to each other."""

import unicodedata
from collections.abc import Iterator
from functools import partial
from itertools import pairwise

from pipeline.errors import Problem, SettingsError
from pipeline.flow.account_checks import check_accounts
from pipeline.flow.mistakes import Check
from pipeline.settings import Settings
from pipeline.settings.aoi import list_area_ids, load_entry

_RENAME = "Give one of them another `id` in its properties, or another file name"


def list_joint_checks(settings: Settings) -> Iterator[Check]:
    """Checks of a config whose areas can all be loaded."""
    for check in (
        _check_aoi_ids,
        _check_label_periods,
        _check_map_periods,
        _check_trend_test,
        _check_growing_season,
        _check_baseline,
        check_accounts,
    ):
        yield partial(check, settings)


def _check_aoi_ids(settings: Settings) -> None:
    """SettingsError where two areas have one id and so one folder, also where capitals do not matter."""
    entries: dict[str, list[str]] = {}
    for entry in settings.aoi:
        folder = unicodedata.normalize("NFC", load_entry(entry).id).casefold()
        entries.setdefault(folder, []).append(str(entry))
    problems = [
        Problem(f"aoi: {', '.join(named)}", f"the id {aoi} {len(named)} times", "an id of its own", _RENAME)
        for aoi, named in entries.items()
        if len(named) > 1
    ]
    if problems:
        raise SettingsError("Areas of one id would overwrite each other's delivery", problems)


def _check_label_periods(settings: Settings) -> None:
    """SettingsError where labelled samples hold in no period of the run."""
    cover = settings.land_cover
    labels = [period.label for period in settings.scenes.periods]
    problems = [
        Problem(f"land_cover.{name}.period", repr(given.period), f"one of {labels}")
        for name, given in (("samples", cover.samples), ("accuracy", cover.accuracy))
        if given and given.period and given.period not in labels
    ]
    if problems:
        raise SettingsError("Samples of a period that the run does not have", problems)


def _check_map_periods(settings: Settings) -> None:
    """SettingsError where maps hold in no period of the run, or those of two periods cannot be compared."""
    maps = settings.land_cover.maps
    labels = [period.label for period in settings.scenes.periods]
    strange = [
        Problem(f"land_cover.maps.{label}", repr(label), f"one of {labels}")
        for label in maps
        if label not in labels
    ]
    pairs = [(one, other) for one, other in pairwise(labels) if one in maps and other in maps]
    apart = [
        Problem(
            f"land_cover.maps.{other}",
            f"{maps[other].title} after {maps[one].title} of {one}: {reason}",
            "maps of one product and version in periods that follow each other",
            "Leave one of the two out, or account for them in runs of their own",
        )
        for one, other in pairs
        if (reason := maps[one].incomparable(maps[other]))
    ]
    if strange or apart:
        raise SettingsError("Maps of land cover do not fit the periods of the run", [*strange, *apart])


def _check_trend_test(settings: Settings) -> None:
    """SettingsError where a test of trend is for other periods than the run has."""
    test, period = settings.greenness.test, settings.scenes.period
    fit = {"ar1": ("year",), "hamed-rao": ("year",), "hirsch-slack": ("month", "quarter", "season")}
    if period not in fit.get(test, (period,)):
        problem = Problem(
            "greenness.test",
            f"{test} with periods of a {period}",
            f"periods out of {list(fit[test])} for {test}",
            "Take hirsch-slack for months, quarters and seasons, ar1 or hamed-rao for years",
        )
        raise SettingsError("A test of trend does not fit the periods of the run", [problem])


def _check_growing_season(settings: Settings) -> None:
    """SettingsError where cover is to be made from growing seasons, and the periods are no years."""
    period = settings.scenes.period
    if settings.vegetation.ndvi == "growing-season" and period != "year":
        problem = Problem(
            "vegetation.ndvi",
            f"growing-season with periods of a {period}",
            "scenes.period: year",
            "Take vegetation.ndvi: composite or maximum for shorter periods",
        )
        raise SettingsError("A growing season goes with periods of a year", [problem])


def _check_baseline(settings: Settings) -> None:
    """SettingsError where targets have a baseline that is no period of the run."""
    baseline = settings.targets.baseline if settings.targets else None
    labels = [period.label for period in settings.scenes.periods]
    if baseline and baseline not in labels:
        problem = Problem("targets.baseline", repr(baseline), f"one of {labels}")
        raise SettingsError("The baseline is no period of this run", [problem])


def check_areas_named(settings: Settings) -> None:
    """SettingsError where something is said of an area that the whole config does not have."""
    known = list_area_ids(settings.aoi)
    said = {
        "water.regimes": settings.water.regimes,
        "accounts.profile": settings.accounts.profile if settings.accounts else {},
        "catalogue.organisation": settings.catalogue.organisation,
    }
    problems = [
        Problem(f"{key}.{aoi}", f"the area {aoi}", f"an area of this config: {', '.join(known)}")
        for key, told in said.items()
        if isinstance(told, dict)
        for aoi in told
        if aoi not in known
    ]
    if problems:
        raise SettingsError("Something is said of an area that this config does not have", problems)
