"""Endmembers that runs of an area share by name: told by the manifest of a delivery, taken by later runs."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.errors import Problem, SettingsError
from pipeline.indices.vegetation import ClassEndmembers, EndmemberPair, KeptEndmembers
from pipeline.storage.ownership import read_latest
from pipeline.storage.tables import load_json

_KEY = "vegetation.keep_endmembers"


def take_kept(run: Run, studies: list[Study]) -> list[Study]:
    """The studies with the endmembers that deliveries of their areas keep under the name in the config.

    They are those of the delivery that stands at its place, then of the one that `latest` names, then of any
    other; of the delivery that is repeated alone where there is one. The delivery that found them finds them
    anew when it is made anew, so that the same inputs give the same bytes. SettingsError where they were
    found by other rules than the config has.
    """
    name = studies[0].settings.vegetation.keep_endmembers if studies else None
    if name is None:
        return studies
    told = [_find_told(study, name, run.repeats) for study in studies]
    problems = [problem for pair in zip(studies, told, strict=True) for problem in _list_unlike(*pair)]
    if problems:
        raise SettingsError("Endmembers are kept that were found by other rules", problems)
    return [replace(study, endmembers=_read_kept(one)) for study, one in zip(studies, told, strict=True)]


def list_kept(study: Study) -> dict[str, Any]:
    """What of a delivery is caused by endmembers that another one found."""
    return {"endmembers": asdict(study.endmembers)} if study.endmembers else {}


def _find_told(study: Study, name: str, repeated: Path | None) -> Mapping[str, Any] | None:
    """What the first delivery that keeps endmembers of a name tells of them; None where there is none."""
    for folder in [repeated] if repeated else _list_deliveries(study.target):
        told: Mapping[str, Any] = _read_manifest(folder).get("endmembers", {}).get("kept", {})
        if told.get("name") == name and told["ends"]:
            return None if told["since"] == study.settings.label else told
    return None


def _list_deliveries(target: Path) -> Iterator[Path]:
    last = read_latest(target.parent)
    named = [last] if last else []
    others = sorted(path.parent for path in target.parent.glob("[!.]*/manifest.json"))
    yield from dict.fromkeys([target, *named, *reversed(others)])


def _read_manifest(folder: Path) -> Mapping[str, Any]:
    """A manifest; empty where there is none that can be read, as the delivery is then no evidence."""
    try:
        content = load_json(folder / "manifest.json")
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _list_unlike(study: Study, told: Mapping[str, Any] | None) -> Iterator[Problem]:
    rules = study.settings.vegetation.endmember_rules
    if told and told["rules"] != rules:
        name, since = told["name"], told["since"]
        yield Problem(
            f"{_KEY} ({study.aoi.id})",
            f"{name}, found in {since} by {told['rules']}",
            f"found by {rules}",
            "Keep those of other rules under another name",
        )


def _read_kept(told: Mapping[str, Any] | None) -> KeptEndmembers | None:
    return KeptEndmembers(told["name"], told["since"], load_ends(told["ends"])) if told else None


def load_ends(ends: Mapping[str, Any]) -> EndmemberPair | ClassEndmembers:
    """Endmembers as JSON has them."""
    if "own" not in ends:
        return EndmemberPair(**ends)
    own = tuple((int(code), float(soil), float(full)) for code, soil, full in ends["own"])
    return ClassEndmembers(own, EndmemberPair(**ends["otherwise"]), ends["basis"])
