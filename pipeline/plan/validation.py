"""What can be known to be wrong before anything is computed; every mistake at once."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from pipeline.aoi import load_aoi
from pipeline.errors import InputError, PipelineError, Problem, SettingsError
from pipeline.indices.spectral import find_index
from pipeline.ingest.parcels import read_parcels, read_restricting
from pipeline.ingest.providers import held_items, resolve
from pipeline.ingest.samples import read_samples, read_sections
from pipeline.settings import Settings
from pipeline.settings.registers import ParcelFile, RestrictingFile
from pipeline.settings.schemes import load_scheme
from pipeline.settings.sources import LocalArchive, StaticCatalog

Check = Callable[[], object]


def validate(settings: Settings) -> None:
    """Check names and places: areas, indices, provider, files; SettingsError lists all that is wrong."""
    _raise_all([*_names(settings), *_places(settings)])


def validate_all(settings: Settings) -> None:
    """Check names and places, and read parcels, samples, sections and a static catalogue through."""
    _raise_all([*_names(settings), *_places(settings), *_contents(settings)])


def _raise_all(checks: list[Check]) -> None:
    errors: list[PipelineError] = []
    for check in checks:
        try:
            check()
        except PipelineError as error:
            errors.append(error)
    problems = [problem for error in errors for problem in error.problems]
    if errors:
        kind = InputError if all(isinstance(error, InputError) for error in errors) else SettingsError
        raise kind("; ".join(dict.fromkeys(error.message for error in errors)), problems)


def _names(settings: Settings) -> Iterator[Check]:
    for aoi in settings.aoi:
        yield partial(load_aoi, aoi, relative_to=Path.cwd())
    for name in settings.indices:
        yield partial(find_index, name)
    for scheme in settings.sections.schemes:
        yield partial(load_scheme, scheme)
    if not settings.simulated:
        yield partial(resolve, settings.scenes.provider, settings.scenes.missions)


def _places(settings: Settings) -> Iterator[Check]:
    named = {
        "parcels.path": settings.parcels.path if settings.parcels else None,
        "sections.register": settings.sections.register_path,
        "sections.targets": settings.sections.targets,
    }
    for key, path in named.items():
        if path is not None:
            yield partial(_there, key, Path(path))
    for number, layer in enumerate(settings.restricting):
        yield partial(_there, f"restricting.{number}.path", Path(layer.path))


def _contents(settings: Settings) -> Iterator[Check]:
    parcels = settings.parcels
    if parcels:
        for aoi in settings.aoi:
            yield partial(_parcels_of, parcels, aoi)
    if settings.restricting:
        for aoi in settings.aoi:
            yield partial(_layers_of, settings.restricting, aoi)
    if settings.samples:
        yield partial(read_samples, settings.samples)
    for path in (settings.sections.register_path, settings.sections.targets):
        if path:
            yield partial(read_sections, Path(path))
    provider = settings.scenes.provider
    if isinstance(provider, StaticCatalog | LocalArchive):
        yield partial(_read_through, provider)


def _parcels_of(parcels: ParcelFile, aoi: str) -> None:
    read_parcels(parcels, load_aoi(aoi, relative_to=Path.cwd()))


def _layers_of(layers: list[RestrictingFile], aoi: str) -> None:
    read_restricting(layers, load_aoi(aoi, relative_to=Path.cwd()))


def _read_through(provider: StaticCatalog | LocalArchive) -> None:
    for _ in held_items(provider):
        pass


def _there(key: str, path: Path) -> None:
    if not path.exists():
        problem = Problem(key, f"{path}, which does not exist", "a file")
        raise SettingsError("A file of the config is missing", [problem])
