"""Checks that read what a config names through, as far as it is there: tables, vector files, a catalogue."""

from collections.abc import Collection, Iterable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import shapely

from pipeline import flow, ingest
from pipeline.errors import InputError
from pipeline.flow.assessment import registry
from pipeline.flow.assessment.part import Part
from pipeline.flow.mistakes import Check
from pipeline.flow.register_words import describe_register, explain_absence, explain_columns
from pipeline.settings import Settings
from pipeline.settings.account_layers import AccountCollection
from pipeline.settings.accounts import Accounts
from pipeline.settings.aoi import AoiEntry, load_entry
from pipeline.settings.assessment import Assessment
from pipeline.settings.maps import LabelledSamples
from pipeline.settings.parcels import ParcelFile, RestrictingFile
from pipeline.settings.sources import LocalArchive, StaticCatalog

Reading = tuple[Iterable[str], Check]
"""The paths that a check reads, and the check."""


def list_content_checks(
    settings: Settings, areas: Collection[AoiEntry], missing: Collection[str]
) -> Iterator[Check]:
    """Checks of what can be read over some areas, without those that would read a path that is `missing`."""
    for paths, check in _list_readings(settings, areas):
        if not set(paths) & set(missing):
            yield check


def _list_readings(settings: Settings, areas: Collection[AoiEntry]) -> Iterator[Reading]:
    provider = settings.scenes.provider
    if isinstance(provider, StaticCatalog | LocalArchive):
        place = provider.static if isinstance(provider, StaticCatalog) else provider.local
        items = cache(lambda: list(ingest.scenes.providers.read_items(provider)))
        for aoi in areas:
            yield [place], partial(flow.study_checks.describe_scenes, settings, aoi, items)
    for aoi in areas:
        yield from _list_over(aoi, settings)
    if settings.samples:
        paths = [entry.path for entry in settings.samples]
        tables = cache(lambda: ingest.samples.read_tables(settings.samples))
        yield paths, tables
        register = settings.sections.register_path
        told = [*paths, register] if register else paths
        yield told, partial(flow.section_words.describe_sections, settings, areas, tables)
    for path in (settings.sections.register_path, settings.sections.targets):
        if path:
            yield [path], partial(ingest.samples.read_sections, Path(path))
    if supplement := settings.catalogue.supplement:
        yield supplement, partial(ingest.supplements.check_supplement, supplement)


def _list_over(aoi: AoiEntry, settings: Settings) -> Iterator[Reading]:
    """Vector files, rasters and tables, read through over one area."""
    yield from _list_polygons(aoi, settings)
    if accounts := settings.accounts:
        for paths, names in _list_local_layers(settings):
            yield paths, partial(flow.study_checks.check_layers, settings, aoi, names)
        yield from _list_office_inputs(accounts, aoi)
        if accounts.projects:
            yield [file.path for file in accounts.projects], partial(_check_projects, accounts, aoi)
    if told := settings.choose_office_inputs():
        yield from _list_office_inputs(told, aoi)
    for part in registry.PARTS:
        block = part.find_block(settings)
        if block is not None and not (settings.simulated and part.simulated):
            yield part.list_paths(block), partial(_check_part, part, block, aoi)


def _list_local_layers(settings: Settings) -> Iterator[tuple[list[str], tuple[str, ...]]]:
    """Paths of rasters of the accounts on this machine, each with its layer, where periods are years."""
    layers = settings.accounts.layers.sources if settings.accounts else {}
    if settings.scenes.period == "year":
        for name, given in layers.items():
            if not isinstance(given, AccountCollection):
                yield [given.path], (name,)


def _list_polygons(aoi: AoiEntry, settings: Settings) -> Iterator[Reading]:
    """The register, what restricts use, and labelled samples."""
    if parcels := settings.parcels:
        yield [parcels.path], partial(_check_parcels, parcels, aoi)
    for layer in settings.restricting:
        yield [layer.path], partial(_check_layer, layer, aoi)
    if samples := settings.land_cover.samples:
        yield [samples.path], partial(flow.study_checks.check_samples, settings, aoi)
    if accuracy := settings.land_cover.accuracy:
        yield [accuracy.path], partial(_check_labels, accuracy, aoi)


def _list_office_inputs(given: Accounts | Assessment, aoi: AoiEntry) -> Iterator[Reading]:
    regions = [given.regions.path] if given.regions else []
    if regions:
        yield regions, partial(_check_regions, given, aoi)
    if given.statistics:
        paths = [file.path for file in given.statistics]
        yield [*regions, *paths], partial(_check_statistics, given, aoi)


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


def _check_layer(layer: RestrictingFile, aoi: AoiEntry) -> None:
    ingest.parcels.read_restricting([layer], load_entry(aoi))


def _check_labels(labels: LabelledSamples, aoi: AoiEntry) -> None:
    ingest.labels.read_labels(labels, load_entry(aoi), keep=("stratum",), blank=True)


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
