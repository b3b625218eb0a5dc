"""What can be known to be wrong before anything is computed; every mistake at once."""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from pipeline import ingest
from pipeline.errors import PipelineError, Problem, SettingsError
from pipeline.flow.content_checks import list_content_checks
from pipeline.flow.joint_checks import check_areas_named, list_joint_checks
from pipeline.flow.mistakes import Check, raise_mistakes, run_checks
from pipeline.indices.spectral import find_index
from pipeline.settings import Settings, load_settings
from pipeline.settings.aoi import AoiEntry, load_entry
from pipeline.settings.config import MistakenConfig
from pipeline.settings.files import is_there, list_files
from pipeline.settings.lines import locate, sort_by_line, tell_lines
from pipeline.settings.schemes import load_scheme

_FORM = "a file of this machine, or a pattern that one fits"


def read_config(path: Path, overrides: Sequence[str] = (), aoi: Sequence[str] = ()) -> Settings:
    """Settings of a config for some of its areas, all where none is named, whose names and files are right.

    SettingsError, or InputError, with all mistakes of schema, names and places, each with its line.
    """
    return check_config(load_config(path, overrides), path, overrides, aoi)


def check_config(
    settings: Settings, path: Path, overrides: Sequence[str] = (), aoi: Sequence[str] = ()
) -> Settings:
    """Settings of a file for some of its areas, whose names and files are right; errors as `read_config`."""
    with tell_lines(path, overrides):
        chosen = settings.model_copy(update={"aoi": settings.choose_aoi(aoi)})
        raise_mistakes([partial(check_areas_named, settings), *_list_checks(chosen)])
    return chosen


def explain_config(path: Path) -> list[str]:
    """How a config and what it names is understood, in words; errors as `read_config`, `validate_all`."""
    settings = load_config(path)
    with tell_lines(path):
        check_named = partial(check_areas_named, settings)
        return raise_mistakes([check_named, *_list_checks(settings), *_list_readings(settings)])


def load_config(path: Path, overrides: Sequence[str] = ()) -> Settings:
    """Settings as they are written; MistakenConfig tells beside what is not understood what is not there."""
    try:
        return load_settings(path, list(overrides))
    except MistakenConfig as error:
        errors, _ = run_checks(_list_own_checks(error.salvaged) if error.salvaged else ())
        more = [problem for one in errors for problem in one.problems]
        problems = [*error.problems, *locate(path, more, overrides)]
        raise MistakenConfig(path, sort_by_line(problems), error.salvaged) from error


def validate_settings(settings: Settings) -> None:
    """Check names and places: areas, indices, provider, files; SettingsError lists all that is wrong."""
    raise_mistakes(_list_checks(settings))


def validate_all(settings: Settings) -> list[str]:
    """Check names and places, and read tables, vector files and a static catalogue through.

    Gives in words how what was read is understood, for its author to agree.
    """
    return raise_mistakes([*_list_checks(settings), *_list_readings(settings)])


def _list_checks(settings: Settings) -> Iterator[Check]:
    yield from _list_own_checks(settings)
    if areas := _keep_loadable(settings.aoi):
        yield from list_joint_checks(settings.model_copy(update={"aoi": areas}))


def _list_readings(settings: Settings) -> Iterator[Check]:
    missing = [path for _, path in list_files(settings) if not is_there(path)]
    return list_content_checks(settings, _keep_loadable(settings.aoi), missing)


def _list_own_checks(settings: Settings) -> Iterator[Check]:
    """Checks of what is named, each by itself."""
    for number, aoi in enumerate(settings.aoi):
        yield partial(_tell_key, f"aoi.{number}", partial(load_entry, aoi))
    for number, name in enumerate(settings.indices):
        yield partial(_tell_key, f"indices.{number}", partial(find_index, name))
    for number, scheme in enumerate(settings.sections.schemes):
        yield partial(_tell_key, f"sections.schemes.{number}", partial(load_scheme, scheme))
    if not settings.simulated:
        yield partial(ingest.scenes.providers.resolve, settings.scenes.provider, settings.scenes.missions)
    if settings.notify:
        yield partial(_check_program, settings.notify.command[0])
    yield partial(_check_files, settings)
    for given in settings.land_cover.maps.values():
        if is_there(given.path):
            yield partial(ingest.layers.land_maps.open_map, given)


def _tell_key(key: str, check: Check) -> None:
    """What a check finds wrong with a name, at its own key: a check knows that of its list alone."""
    try:
        check()
    except SettingsError as error:
        listed = key.rpartition(".")[0]
        told = [replace(one, place=key) if one.place == listed else one for one in error.problems]
        raise SettingsError(error.message, told) from error


def _check_program(program: str) -> None:
    if shutil.which(program) is None:
        todo = "Install it, or name it by its whole path; it must be executable"
        problem = Problem("notify.command", f"no such program: {program}", "a program of this machine", todo)
        raise SettingsError("The program that is to be told cannot be found", [problem])


def _check_files(settings: Settings) -> None:
    problems = [
        Problem(key, f"no such file: {path}", _FORM)
        for key, path in list_files(settings)
        if not is_there(path)
    ]
    if problems:
        raise SettingsError("A file of the config is missing", problems)


def _keep_loadable(entries: Iterable[AoiEntry]) -> list[AoiEntry]:
    """The areas that can be loaded; what is wrong with the others is said elsewhere."""
    kept = []
    for entry in entries:
        with suppress(PipelineError):
            load_entry(entry)
            kept.append(entry)
    return kept
