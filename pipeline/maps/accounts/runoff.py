"""The share of rain that runs off, pixel by pixel, by the class that the map shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.accounts.parameters import ClassLineage, ParameterBook
from pipeline.accounts.rows import TYPE_OF_COVER
from pipeline.engine.study import Study
from pipeline.legends import ECOSYSTEM, LAND_COVER, NODATA_CLASS, Legend
from pipeline.maps.land_cover.kinds import is_typed
from pipeline.maps.step import BlockInputs
from pipeline.settings.parameters import read_parameters

_KEY = "runoff_coefficient"
_CODES = 256


@dataclass(frozen=True)
class Runoff:
    """Shares by code of land cover, and of ecosystem types where the map tells them; NaN: no coefficient."""

    cover: tuple[float, ...]
    types: tuple[float, ...] | None

    def describe(self) -> dict[str, dict[str, float]]:
        """The shares that there are, by code."""
        both = {"cover": self.cover, "types": self.types or ()}
        return {
            name: {str(code): share for code, share in enumerate(shares) if not np.isnan(share)}
            for name, shares in both.items()
        }

    def find_share(self, inputs: BlockInputs) -> NDArray[np.float64]:
        """The share of each pixel of a block, by its type where it has one, else by its cover."""
        names = ["land_cover"] if self.types is None else ["land_cover", "ecosystem"]
        classes = inputs.read("land_cover", names)
        share = np.array(self.cover)[classes["land_cover"]]
        if self.types is None:
            return share
        types = classes["ecosystem"]
        return np.where(types == NODATA_CLASS, share, np.array(self.types)[types])


def find_runoff(study: Study) -> Runoff:
    """The coefficients of a study, those of regions of it apart."""
    book = load_book(study)
    types = [entry.name_zh for entry in ECOSYSTEM.classes]
    return Runoff(
        _list_shares(book, LAND_COVER, [entry.key for entry in LAND_COVER.classes]),
        _list_shares(book, ECOSYSTEM, types) if is_typed(study) else None,
    )


def load_book(study: Study) -> ParameterBook:
    """The parameters of a study's area; SettingsError and InputError where a profile or a table is none."""
    accounts = study.settings.accounts
    assert accounts is not None, "the config asks for no accounts"
    paths = [Path(path) for path in accounts.load_profile(study.aoi.id).parameters]
    return ParameterBook.of(read_parameters(paths), study.aoi.id)


def _list_shares(book: ParameterBook, legend: Legend, names: Sequence[str]) -> tuple[float, ...]:
    types = [TYPE_OF_COVER.get(name) for name in names]
    found = book.find(_KEY, ClassLineage.of([names, types], [None] * len(names))).value
    shares = np.full(_CODES, np.nan)
    shares[[entry.code for entry in legend.classes]] = found
    return tuple(shares.tolist())
