"""What can be known to be wrong before anything is computed; every mistake at once."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from glob import glob
from itertools import pairwise
from pathlib import Path
from typing import Any

import shapely

from pipeline import ingest
from pipeline.errors import InputError, PipelineError, Problem, SettingsError
from pipeline.flow.account_checks import check_accounts
from pipeline.flow.assessment import registry
from pipeline.flow.assessment.part import Part
from pipeline.flow.register_words import describe_register, explain_absence, explain_columns
from pipeline.indices.spectral import find_index
from pipeline.settings import Settings
from pipeline.settings.accounts import Accounts
from pipeline.settings.aoi import AoiEntry, load_entry
from pipeline.settings.assessment import Assessment
from pipeline.settings.maps import LabelledSamples
from pipeline.settings.parcels import ParcelFile, RestrictingFile
from pipeline.settings.schemes import load_scheme
from pipeline.settings.sources import LocalArchive, StaticCatalog

Check = Callable[[], object]
_RENAME = "Give one of them another `id` in its properties, or another file name"


def validate_settings(settings: Settings) -> None:
    """Check names and places: areas, indices, provider, files; SettingsError lists all that is wrong."""
    _raise_all([*_check_names(settings), *_check_places(settings)])


def validate_all(settings: Settings) -> list[str]:
    """Check names and places, and read tables, vector files and a static catalogue through.

    Gives in words how what was read is understood, for its author to agree.
    """
    return _raise_all([*_check_names(settings), *_check_places(settings), *_check_contents(settings)])


def _raise_all(checks: list[Check]) -> list[str]:
    """Run all checks, and raise what they find as one error; what they say of good inputs."""
    errors: list[PipelineError] = []
    told: list[str] = []
    for check in checks:
        try:
            said = check()
        except PipelineError as error:
            errors.append(error)
        else:
            told += [said] if isinstance(said, str) else []
    problems = [problem for error in errors for problem in error.problems]
    if errors:
        kind = InputError if all(isinstance(error, InputError) for error in errors) else SettingsError
        raise kind("; ".join(dict.fromkeys(error.message for error in errors)), problems)
    return told


def _check_names(settings: Settings) -> Iterator[Check]:
    for aoi in settings.aoi:
        yield partial(load_entry, aoi)
    yield partial(_check_aoi_ids, settings)
    for name in settings.indices:
        yield partial(find_index, name)
    for scheme in settings.sections.schemes:
        yield partial(load_scheme, scheme)
    yield partial(_check_label_periods, settings)
    yield partial(_check_map_periods, settings)
    yield partial(_check_trend_test, settings)
    yield partial(_check_growing_season, settings)
    yield partial(_check_baseline, settings)
    yield partial(check_accounts, settings)
    if not settings.simulated:
        yield partial(ingest.scenes.providers.resolve, settings.scenes.provider, settings.scenes.missions)


def _check_aoi_ids(settings: Settings) -> None:
    """SettingsError where two areas have one id, and so one folder; what cannot be read is said elsewhere."""
    entries: dict[str, list[str]] = {}
    for entry in settings.aoi:
        with suppress(PipelineError):
            entries.setdefault(load_entry(entry).id, []).append(str(entry))
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
        problem = Problem("targets.baseline", repr(baseline), f"本运行的时段之一 one of {labels}")
        raise SettingsError("基期不在本运行之内 The baseline is no period of this run", [problem])


def _check_places(settings: Settings) -> Iterator[Check]:
    cover = settings.land_cover
    for given in cover.maps.values():
        yield partial(ingest.layers.land_maps.open_map, given)
    named = {
        "parcels.path": settings.parcels.path if settings.parcels else None,
        "sections.register": settings.sections.register_path,
        "sections.targets": settings.sections.targets,
        "land_cover.samples.path": cover.samples.path if cover.samples else None,
        "land_cover.model.path": cover.model.path if cover.model else None,
        "land_cover.accuracy.path": cover.accuracy.path if cover.accuracy else None,
    }
    for key, path in named.items():
        if path is not None:
            yield partial(_check_file, key, Path(path))
    for number, layer in enumerate(settings.restricting):
        yield partial(_check_file, f"restricting.{number}.path", Path(layer.path))
    for number, pattern in enumerate(settings.catalogue.supplement):
        yield partial(_check_pattern, f"catalogue.supplement.{number}", pattern)
    for part in registry.PARTS:
        block = part.find_block(settings)
        for pattern in part.list_paths(block) if block is not None else ():
            yield partial(_check_pattern, part.name, pattern)


def _check_contents(settings: Settings) -> Iterator[Check]:
    for aoi in settings.aoi:
        yield from _check_over(aoi, settings)
    if settings.samples:
        yield partial(ingest.samples.read_samples, settings.samples)
    for path in (settings.sections.register_path, settings.sections.targets):
        if path:
            yield partial(ingest.samples.read_sections, Path(path))
    if settings.catalogue.supplement:
        yield partial(ingest.supplements.check_supplement, settings.catalogue.supplement)
    provider = settings.scenes.provider
    if isinstance(provider, StaticCatalog | LocalArchive):
        yield partial(_read_through, provider)


def _check_over(aoi: AoiEntry, settings: Settings) -> Iterator[Check]:
    """Vector files, read through over one area."""
    if settings.parcels:
        yield partial(_check_parcels, settings.parcels, aoi)
    if settings.restricting:
        yield partial(_check_layers, settings.restricting, aoi)
    if settings.land_cover.samples:
        yield partial(_check_labels, settings.land_cover.samples, aoi)
    if settings.accounts:
        yield from _check_accounts(settings.accounts, aoi)
    if told := settings.choose_office_inputs():
        yield from _check_office_inputs(told, aoi)
    for part in registry.PARTS:
        block = part.find_block(settings)
        if block is not None and not (settings.simulated and part.simulated):
            yield partial(_check_part, part, block, aoi)


def _check_part(part: Part, block: Any, aoi: AoiEntry) -> None:
    part.check(block, load_entry(aoi))


def _check_parcels(parcels: ParcelFile, entry: AoiEntry) -> str:
    """What a register is read as over an area; InputError where nothing of it is known, or lies there."""
    aoi = load_entry(entry)
    register = ingest.parcels.read_parcels(parcels, aoi)
    if not register.columns:
        raise explain_columns(register)
    shapely.prepare(aoi.geometry)
    inside = classed = 0
    for batch in register.batches():
        within = batch.geometry.intersects(aoi.geometry)
        inside += int(within.sum())
        classed += int((within & batch["dlbm"].notna()).sum())
    if not inside:
        raise explain_absence(register, aoi)
    return describe_register(register, aoi, inside, classed)


def _check_layers(layers: list[RestrictingFile], aoi: AoiEntry) -> None:
    ingest.parcels.read_restricting(layers, load_entry(aoi))


def _check_labels(samples: LabelledSamples, aoi: AoiEntry) -> None:
    ingest.labels.read_labels(samples, load_entry(aoi))


def _check_accounts(accounts: Accounts, aoi: AoiEntry) -> Iterator[Check]:
    yield from _check_office_inputs(accounts, aoi)
    if accounts.projects:
        yield partial(_check_projects, accounts, aoi)


def _check_office_inputs(given: Accounts | Assessment, aoi: AoiEntry) -> Iterator[Check]:
    if given.regions:
        yield partial(_check_regions, given, aoi)
    if given.statistics:
        yield partial(_check_statistics, given, aoi)


def _check_regions(given: Accounts | Assessment, aoi: AoiEntry) -> None:
    ingest.regions.read_regions(given.regions, load_entry(aoi))


def _check_projects(accounts: Accounts, aoi: AoiEntry) -> None:
    ingest.projects.read_projects(accounts.projects, load_entry(aoi))


def _check_statistics(given: Accounts | Assessment, aoi: AoiEntry) -> None:
    area = load_entry(aoi)
    try:
        regions = ingest.regions.read_regions(given.regions, area)
    except InputError:
        # what is wrong with them is said by their own check
        regions = None
    ingest.statistics.read_statistics(given.statistics, area, regions)


def _read_through(provider: StaticCatalog | LocalArchive) -> None:
    for _ in ingest.scenes.providers.read_items(provider):
        pass


def _check_pattern(key: str, pattern: str) -> None:
    if not Path(pattern).exists() and not glob(pattern):  # noqa: PTH207 Path.glob takes no absolute pattern
        problem = Problem(key, f"{pattern}, which leads to no file", "a file, or a pattern that one fits")
        raise SettingsError("A file of the config is missing", [problem])


def _check_file(key: str, path: Path) -> None:
    if not path.exists():
        problem = Problem(key, f"{path}, which does not exist", "a file")
        raise SettingsError("A file of the config is missing", [problem])
