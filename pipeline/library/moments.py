"""What looks add up to at places, as a tidy table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.library.places import PlaceSet

NOT_CLEAR = "本次过境未见晴空 / not seen clear by this look"
_NO_VALUE = "见晴空，但指数在此无值 / seen clear, but the index has no value there"
_NOT_READ = "影像读取失败 / a file of this look could not be read"

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Instant:
    """What a row of a series is of: a look, or a period, which has neither day nor mission.

    `lacking` says by index why it can have none; `unseen` why a value is null where nothing was clear.
    """

    time: pd.Timestamp
    day: date | None
    mission: str | None
    lacking: Mapping[str, str] = field(default_factory=dict)
    unseen: str = NOT_CLEAR


@dataclass(frozen=True)
class Sums:
    """What moments add up to at places: value times area and the area behind it (index, place, moment).

    `clear_m2` (place, moment) is what was seen clear, `look_m2` looks times that area; `area_m2` (place) all
    that is covered; `lost` (place, moment) says where a read failed.
    """

    value_m2: Numbers
    known_m2: Numbers
    clear_m2: Numbers
    look_m2: Numbers
    area_m2: Numbers
    lost: NDArray[np.bool_]

    @classmethod
    def zeros(cls, indices: int, places: int, moments: int) -> "Sums":
        """Nothing yet."""
        full, flat = (indices, places, moments), (places, moments)
        lost = np.zeros(flat, dtype=bool)
        return cls(np.zeros(full), np.zeros(full), np.zeros(flat), np.zeros(flat), np.zeros(places), lost)

    def add(self, place: NDArray[np.int64], part: "Sums") -> None:
        """Add what some of the places have in one block."""
        self.value_m2[:, place] += part.value_m2
        self.known_m2[:, place] += part.known_m2
        self.clear_m2[place] += part.clear_m2
        self.look_m2[place] += part.look_m2
        self.area_m2[place] += part.area_m2
        self.lost[place] |= part.lost


def tabulate_series(
    places: PlaceSet,
    moments: Sequence[Instant],
    names: Sequence[str],
    sums: Sums,
    seen: NDArray[np.bool_],
    *,
    nowhere: str,
    data_label: str,
) -> pd.DataFrame:
    """A row a place, moment and index, in this order, where `seen` (place, moment).

    A place that no moment meets has one row an index, without a time; `nowhere` is its reason.
    """
    place, moment = np.nonzero(seen)
    frames = [
        pd.DataFrame(
            {
                "row": np.arange(len(place)),
                **_describe_moments(places, moments, place, moment),
                "index": name,
                **_describe_values(sums, number, place, moment),
                "reason": _explain(moments, name, sums, number, place, moment),
            }
        )
        for number, name in enumerate(names)
    ]
    unseen = np.flatnonzero(~seen.any(axis=1))
    for name in names:
        lone = {places.name: places.ids[unseen], "index": name, "reason": nowhere, "looks": 0.0}
        frames.append(
            pd.DataFrame({**lone, "place_area_m2": sums.area_m2[unseen], "row": len(place) + unseen})
        )
    table = pd.concat([frame for frame in frames if len(frame)])
    ordered = table.sort_values("row", kind="stable").drop(columns="row").reset_index(drop=True)
    return ordered.assign(data_label=data_label)


def _describe_moments(
    places: PlaceSet, moments: Sequence[Instant], place: NDArray[np.int64], moment: NDArray[np.int64]
) -> dict[str, object]:
    return {
        places.name: places.ids[place],
        "time": np.array([one.time for one in moments], dtype="datetime64[ns]")[moment],
        "day": np.array([one.day for one in moments], dtype=object)[moment],
        "mission": np.array([one.mission for one in moments], dtype=object)[moment],
    }


def _describe_values(
    sums: Sums, index: int, place: NDArray[np.int64], moment: NDArray[np.int64]
) -> dict[str, object]:
    known, covered = sums.known_m2[index, place, moment], sums.area_m2[place]
    clear = sums.clear_m2[place, moment]
    return {
        "value": _divide(sums.value_m2[index, place, moment], known),
        "area_m2": known,
        "place_area_m2": covered,
        "clear_share": np.minimum(clear / covered, 1.0),
        "looks": np.where(known > 0, np.nan_to_num(_divide(sums.look_m2[place, moment], clear)), 0.0),
    }


def _divide(numerator: Numbers, denominator: Numbers) -> Numbers:
    """A ratio; NaN where there is nothing behind it."""
    ratio = np.full(len(denominator), np.nan)
    np.divide(numerator, denominator, out=ratio, where=denominator > 0)
    return ratio


def _explain(
    moments: Sequence[Instant],
    name: str,
    sums: Sums,
    index: int,
    place: NDArray[np.int64],
    moment: NDArray[np.int64],
) -> NDArray[np.object_]:
    """Why a value is null; empty where it is not."""
    lacking = np.array([one.lacking.get(name, "") for one in moments], dtype=object)[moment]
    unseen = np.array([one.unseen for one in moments], dtype=object)[moment]
    reasons = np.where(sums.clear_m2[place, moment] > 0, _NO_VALUE, unseen).astype(object)
    reasons = np.where(lacking != "", lacking, reasons)
    reasons = np.where(sums.lost[place, moment], _NOT_READ, reasons)
    reasons[sums.known_m2[index, place, moment] > 0] = ""
    return reasons
