"""The classifier of a study in its folder: trained by the run, or given by the config."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline import indices
from pipeline.errors import InputError, Problem
from pipeline.legends import LAND_KINDS
from pipeline.maps.step import Maps
from pipeline.settings.maps import ModelFile
from pipeline.storage.tables import load_json

FILE, ABOUT = "model.skops", "model.json"
LIBRARY = "scikit-learn"


@dataclass(frozen=True)
class Model:
    """A classifier in its folder: checksum of its file, features in order, kinds that it tells apart."""

    folder: Path
    sha256: str
    features: tuple[str, ...]
    kinds: tuple[str, ...]

    @property
    def file(self) -> Path:
        """The forest."""
        return self.folder / FILE

    @property
    def about(self) -> dict[str, Any]:
        """What is told of it: features, kinds, pixels by side of the split, accuracy, versions."""
        told: dict[str, Any] = load_json(self.folder / ABOUT)
        return told


def find_model(maps: Maps) -> Model:
    """The classifier of a study."""
    return load_model(maps.path("classifier", maps.study.span))


def load_model(folder: Path) -> Model:
    """The classifier that a run saved in a folder."""
    about = load_json(folder / ABOUT)
    return Model(folder, about["sha256"], tuple(about["features"]), tuple(about["kinds"]))


def load_from_config(file: ModelFile, features: Sequence[str]) -> Model:
    """The model of a config; InputError with everything that keeps it from being used."""
    folder = Path(file.path)
    missing = [name for name in (FILE, ABOUT) if not (folder / name).is_file()]
    if missing:
        raise _refuse_model(Problem(str(folder), f"no {', '.join(missing)}", "a folder that a run saved"))
    about = load_json(folder / ABOUT)
    problems = [
        *_list_differences(str(folder / FILE), "checksum", checksum_forest(folder), file.sha256),
        *_list_differences(str(folder / ABOUT), "features", list(features), about.get("features")),
        *_list_differences(
            str(folder / ABOUT),
            f"{LIBRARY} of the model",
            about.get("versions", {}).get(LIBRARY),
            version(LIBRARY),
        ),
    ]
    strange = sorted(set(about.get("kinds", [])) - set(LAND_KINDS))
    problems += (
        [Problem(str(folder / ABOUT), f"kinds {strange}", f"of {sorted(LAND_KINDS)}")] if strange else []
    )
    if problems:
        raise _refuse_model(*problems)
    forest = indices.classifier.load_forest((folder / FILE).read_bytes(), str(folder / FILE))
    problems = _list_differences(str(folder / FILE), "kinds", list(map(str, forest.classes_)), about["kinds"])
    if problems:
        raise _refuse_model(*problems)
    return load_model(folder)


def _list_differences(place: str, what: str, found: object, expected: object) -> list[Problem]:
    return [] if found == expected else [Problem(place, f"{what} {found}", str(expected))]


def _refuse_model(*problems: Problem) -> InputError:
    return InputError("The classifier of the config cannot be used", problems)


def checksum_forest(folder: Path) -> str:
    """Checksum of the forest in a folder."""
    return hashlib.sha256((folder / FILE).read_bytes()).hexdigest()
