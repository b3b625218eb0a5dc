"""What the pixels under parcels add up to, for the measures of a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from pipeline.periods import Period, PeriodPair, When
from pipeline.rights_registry.shapes import Places
from pipeline.zonal.kernels import Numbers, Pixels
from pipeline.zonal.layers import LayersNumbers, MapStores, Over, Place
from pipeline.zonal.measures import Measure, MeasureRules, SeriesMeasure
from pipeline.zonal.tallies import Tally

Job = tuple[Tally, When]
"""A tally of what some maps hold for."""


@dataclass(frozen=True)
class MeasurePlan:
    """Measures of consecutive periods under the rules of a run: their order, and what they need."""

    measures: tuple[Measure[Any] | SeriesMeasure, ...]
    rules: MeasureRules
    periods: tuple[Period, ...]

    @property
    def span(self) -> PeriodPair:
        """The first and the last period."""
        return PeriodPair(self.periods[0], self.periods[-1])

    @property
    def whens(self) -> Mapping[Over, Sequence[When]]:
        """What is measured for: every period, every two consecutive ones, the first and the last."""
        pairs = [PeriodPair(*pair) for pair in pairwise(self.periods)]
        return {"period": self.periods, "pair": pairs, "span": [self.span]}

    @property
    def series(self) -> tuple[SeriesMeasure, ...]:
        """Measures of the course of others."""
        return tuple(entry for entry in self.measures if isinstance(entry, SeriesMeasure))

    @property
    def entries(self) -> tuple[tuple[Measure[Any], When], ...]:
        """All other measures with what they are for, in their order."""
        return tuple(
            (entry, when)
            for over, whens in self.whens.items()
            for when in whens
            for entry in self.measures
            if isinstance(entry, Measure) and entry.tally(self.rules).over == over
        )

    @property
    def names(self) -> list[str]:
        """What is measured, each once."""
        courses = [name for entry in self.series for name in entry.names]
        return [*dict.fromkeys(entry.name for entry, _ in self.entries), *courses]

    @property
    def jobs(self) -> tuple[Job, ...]:
        """What is added up, each once however many measures rest on it."""
        return tuple(dict.fromkeys((entry.tally(self.rules), when) for entry, when in self.entries))

    @property
    def places(self) -> tuple[Place, ...]:
        """What is read, each once."""
        return tuple(dict.fromkeys(place for tally, when in self.jobs for place in tally.list_places(when)))

    def limit(self, stores: MapStores) -> "MeasurePlan":
        """The plan without measures of which a layer is not stored, and without those over them."""
        lacking = {
            entry.name
            for entry, when in self.entries
            if not all(stores.hold(place) for place in entry.tally(self.rules).list_places(when))
        }
        kept = (
            entry
            for entry in self.measures
            if (entry.name if isinstance(entry, Measure) else entry.of) not in lacking
        )
        return replace(self, measures=tuple(kept))

    def find(self, name: str) -> Measure[Any]:
        """The measure of a name."""
        return next(entry for entry in self.measures if isinstance(entry, Measure) and entry.name == name)


@dataclass(frozen=True)
class ParcelSums:
    """Sums (parcel, field) of every job, in m2 or m2 times the unit of a value."""

    by_job: Mapping[Job, Numbers]

    @classmethod
    def zeros(cls, parcels: int, jobs: Sequence[Job]) -> "ParcelSums":
        """Nothing yet."""
        return cls({(tally, when): np.zeros((parcels, tally.width)) for tally, when in jobs})

    @classmethod
    def total(cls, parts: Sequence["ParcelSums"]) -> "ParcelSums":
        """Sums over parts of the same parcels, added in their order."""
        first, *others = parts
        sums = {job: numbers.copy() for job, numbers in first.by_job.items()}
        for part in others:
            for job, numbers in part.by_job.items():
                sums[job] += numbers
        return cls(sums)

    def add(self, pixels: Pixels, rasters: LayersNumbers) -> None:
        """Add pixels to the sums of their parcels."""
        for (tally, when), numbers in self.by_job.items():
            tally.add(pixels, [rasters[place] for place in tally.list_places(when)], numbers)

    def scale(self, factors: Numbers) -> "ParcelSums":
        """The sums of each parcel times its factor."""
        return ParcelSums({job: numbers * factors[:, None] for job, numbers in self.by_job.items()})

    def put(self, places: Places, part: "ParcelSums") -> None:
        """Enter the sums of some parcels at their places."""
        for job, numbers in part.by_job.items():
            self.by_job[job][places] = numbers

    def join(self) -> Numbers:
        """The sums of every parcel as one row, those of the jobs behind one another."""
        return np.concatenate([*self.by_job.values()], axis=1)

    @classmethod
    def split(cls, rows: Numbers, jobs: Sequence[Job]) -> "ParcelSums":
        """Sums that were joined."""
        ends = np.cumsum([tally.width for tally, _ in jobs])
        return cls(dict(zip(jobs, np.split(rows, ends[:-1], axis=1), strict=True)))

    def take(self, rows: slice) -> "ParcelSums":
        """The sums of some parcels."""
        return ParcelSums({job: numbers[rows] for job, numbers in self.by_job.items()})
