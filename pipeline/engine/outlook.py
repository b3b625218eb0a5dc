"""What remains of a run, from the steps that are known to come and how long those of their kind took."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Remaining:
    """Seconds that are left; at least so many where `whole` is false, as something is of no known length."""

    seconds: float
    whole: bool


class Outlook:
    """The steps of the areas of a run, one area after the other; times are seconds of one clock."""

    def __init__(self) -> None:
        self.area, self.areas = 0, 0
        self.done, self.total = 0, 0
        self._left: Counter[str] = Counter()
        self._begun: dict[str, float] = {}
        self._lengths: defaultdict[str, list[float]] = defaultdict(list)
        self._area_lengths: list[float] = []
        self._area_begun: float | None = None

    def enter_area(self, number: int, areas: int) -> None:
        """The run comes to an area, counted from 1; of its steps nothing is known yet."""
        self.area, self.areas = number, areas
        self.done = self.total = 0
        self._left.clear()
        self._area_begun = None

    def expect(self, steps: Iterable[str], now: float) -> None:
        """The steps of the area that begins, by their kinds; none where it is kept as it stands."""
        self._left = Counter(steps)
        self.done, self.total = 0, self._left.total()
        self._area_begun = now

    def begin(self, step: str, now: float) -> None:
        """A step is built from now on; one that nobody expects belongs to another."""
        if self._left[step]:
            self._begun[step] = now

    def settle(self, step: str, now: float) -> None:
        """A step is done: built, if it was begun, else found as an earlier run left it."""
        if not self._left[step]:
            return
        self._left[step] -= 1
        self.done += 1
        if step in self._begun:
            self._lengths[step].append(now - self._begun.pop(step))
        if self.done == self.total and self._area_begun is not None:
            self._area_lengths.append(now - self._area_begun)

    @property
    def share(self) -> float:
        """The share of all that is done, each area and each step of an area counting the same."""
        if not self.areas:
            return 0.0
        here = self.done / self.total if self.total else float(self._area_begun is not None)
        return (self.area - 1 + here) / self.areas

    def find_remaining(self, now: float) -> Remaining:
        """What is left: steps at the mean of their kind so far, areas at the mean of those that are made."""
        kinds = [step for step, count in self._left.items() if count]
        known = [step for step in kinds if self._lengths[step]]
        here = sum(self._measure_left(step, now) for step in known)
        later = self.areas - self.area
        areas = _mean(self._area_lengths) if self._area_lengths else 0.0
        return Remaining(here + later * areas, len(known) == len(kinds) and (not later or bool(areas)))

    def _measure_left(self, step: str, now: float) -> float:
        """Of a kind; what runs has part of its time behind it."""
        mean = _mean(self._lengths[step])
        passed = min(now - self._begun[step], mean) if step in self._begun else 0.0
        return self._left[step] * mean - passed


def _mean(lengths: list[float]) -> float:
    return sum(lengths) / len(lengths)
