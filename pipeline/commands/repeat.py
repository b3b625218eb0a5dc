"""A run again from the manifest of a delivery: same config, same inputs, and whether the bytes are too."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.addresses import VARIABLE, hide_variable
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.errors import InputError, Problem, SettingsError
from pipeline.flow.inputs import find_inputs
from pipeline.redaction import LEFT_OUT
from pipeline.settings import Settings
from pipeline.settings.computing import Compute
from pipeline.settings.outputs import Retention
from pipeline.storage.tables import load_json

_UNWRITTEN = ("notify", "out")
_SIGNS = {"config", "inputs", "files", "versions"}


@dataclass(frozen=True)
class Manifest:
    """The manifest of a delivery, and the settings of the run that made it."""

    path: Path
    content: Mapping[str, Any]
    settings: Settings

    def build_settings(self, overrides: Sequence[str], aoi: Sequence[str]) -> Settings:
        """The settings to repeat; SettingsError if a word of the command would change them.

        Where the tasks run and how many deliveries stay is for who repeats it to say, not for the manifest.
        """
        given = [*(f"--set {pair}" for pair in overrides), *(f"--aoi {entry}" for entry in aoi)]
        if given:
            problems = [
                Problem(word, "a change", "the run as it was", "Run a config instead") for word in given
            ]
            raise SettingsError(f"{self.path} is a manifest, which is repeated as it is", problems)
        here = {"out": str(Path("delivery").resolve()), "compute": Compute(), "retention": Retention()}
        return self.settings.model_copy(update=here)


def read_manifest(path: Path, env: Sequence[str] = ()) -> Manifest | None:
    """The manifest at a path, None if the file is something else, such as a config.

    `env` are the variables of the environment that its addresses may have. SettingsError if its config is not
    one of this version, or an address needs other secrets.
    """
    content = _read_json(path)
    if not isinstance(content, dict) or not set(content) >= _SIGNS:
        return None
    _refuse_orders(path, content["config"])
    _give_variables(path, content["config"], env)
    try:
        settings = Settings.model_validate(content["config"])
    except ValidationError as error:
        problems = [
            Problem(f"{path}, config.{_join_place(detail['loc'])}", repr(detail["input"]), detail["msg"])
            for detail in error.errors()
        ]
        raise SettingsError("The manifest was written by another version", problems) from error
    return Manifest(path, content, settings)


def refuse_changed_inputs(run: Run, manifest: Manifest, settings: Settings) -> None:
    """InputError that names every input that is not what it was when the manifest was written."""
    (entry,) = settings.aoi
    now = find_inputs(run, Study.of(entry, settings)).checksums
    problems = [
        Problem(place, found, expected, "Put the old file back, or run the config itself")
        for place, expected, found in _list_changes(manifest.content["inputs"], now)
    ]
    if problems:
        raise InputError(f"{manifest.path}: {len(problems)} input(s) have changed", problems)


def list_differences(manifest: Manifest, delivery: Path) -> list[dict[str, str]]:
    """What a delivery has otherwise than the manifest says: versions, scenes and files, one row each."""
    old, new = manifest.content, load_json(delivery / "manifest.json")
    pairs = {
        "version": (old["versions"], new["versions"]),
        "scene": (_list_items(old), _list_items(new)),
        "file": (_list_checksums(old), _list_checksums(new)),
    }
    return [
        {"what": what, "name": name, "then": then, "now": now}
        for what, (before, after) in pairs.items()
        for name, then, now in _list_changes(before, after)
    ]


def _refuse_orders(path: Path, config: Any) -> None:
    """SettingsError for what no manifest of ours has, as it would act outside of the run."""
    found = [key for key in _UNWRITTEN if isinstance(config, dict) and key in config]
    if found:
        problems = [
            Problem(
                f"{path}, config.{key}",
                repr(config[key]),
                "nothing: a manifest tells what was computed, and no program or folder to use",
                "Do not repeat it unless you know who wrote it; then remove the key",
            )
            for key in found
        ]
        raise SettingsError("A manifest of ecoledger has no such key", problems)


def _give_variables(path: Path, config: Mapping[str, Any], env: Sequence[str]) -> None:
    """Let the addresses of a manifest have variables; SettingsError with all that they need besides.

    A manifest may be anyone's: no variable is sent to where it says but those that are named.
    """
    given = {key: value for key, value in config.items() if key != "compute"}
    addresses = [(place, text) for place, text in _list_texts(given) if "://" in text]
    problems = [one for place, text in addresses for one in _list_needs(f"{path}, config.{place}", text, env)]
    if problems:
        raise SettingsError("The manifest does not have the secrets of its run", problems)
    for name in env:
        hide_variable(name, os.environ.get(name, ""))


def _list_needs(place: str, address: str, env: Sequence[str]) -> Iterator[Problem]:
    if LEFT_OUT in address:
        expected = "an address whose secrets are variables"
        yield Problem(place, address, expected, "Run the config itself: a manifest keeps no user and no key")
    for variable in dict.fromkeys(found[0] for found in VARIABLE.finditer(address)):
        name = variable[2:-1]
        if name not in env:
            todo = f"If you trust where it is sent, add --env {name}"
            yield Problem(
                place, f"{address}, which takes {variable}", "a variable that the manifest may have", todo
            )
        elif name not in os.environ:
            yield Problem(place, f"{variable}, not set", "an environment variable")


def _list_texts(content: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a config with its place."""
    if isinstance(content, str):
        yield place, content
    steps = enumerate(content) if isinstance(content, list) else ()
    inside: Iterable[tuple[Any, Any]] = content.items() if isinstance(content, dict) else steps
    for step, value in inside:
        yield from _list_texts(value, f"{place}.{step}".lstrip("."))


def _read_json(path: Path) -> Any:
    try:
        return load_json(path)
    except (OSError, ValueError):
        return None


def _list_changes(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for name in sorted(before.keys() | after.keys()):
        then, now = before.get(name, "nothing"), after.get(name, "nothing")
        if then != now:
            yield name, then, now


def _list_items(manifest: Mapping[str, Any]) -> dict[str, str]:
    return {scene["id"]: scene["item_sha256"] for scene in manifest["scenes"]}


def _list_checksums(manifest: Mapping[str, Any]) -> dict[str, str]:
    return {name: entry["sha256"] for name, entry in manifest["files"].items()}


def _join_place(place: tuple[int | str, ...]) -> str:
    return ".".join(str(step) for step in place)
