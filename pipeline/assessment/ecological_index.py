"""The ecological index (EI) of HJ 192-2015: its sub-indices, their sum, its grade, words for its change.

Areas are in m2 or km2 as named, water in 1e6 m3, rain in mm, discharge and emission in t. What is not known
is None. Figures of the norm stand in the tables `ecological_index*` of the standards.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from functools import cache
from typing import Literal

from pipeline import standards

TOTAL = "ei"
HABITAT, COVER, WATER, STRESS, LOAD = (row["sub_index"] for row in standards.read_rows("ecological_index"))
NDVI_SCALE = 1e4
"""NDVI is normalised as rasters of it are stored."""

_HUNDRED = Decimal(100)
_TENTH = Decimal("0.1")
_FULL, _NOTHING = Decimal("1.4"), Decimal("2.4")
_M2_IN_KM2 = 1e6


@dataclass(frozen=True)
class SubIndex:
    """A sub-index of the norm and its weight; an `inverse` one counts as 100 less itself."""

    key: str
    name_zh: str
    name_en: str
    weight: Decimal
    inverse: bool

    def normalise(self, value: float) -> Decimal:
        """A value as it counts: rounded to one decimal, of an inverse one 100 less that."""
        rounded = round_tenth(value)
        return _HUNDRED - rounded if self.inverse else rounded


@dataclass(frozen=True)
class IndexTerm:
    """An input of a sub-index: `weight` times `coefficient` times the amount, `per` km2 or mm times km2."""

    input: str
    name_zh: str
    name_en: str
    weight: float
    coefficient: float
    unit: str
    per: Literal["area", "rain"]

    def add(self, amount: float, area_km2: float, rain_mm: float | None) -> float | None:
        """What an amount adds to the sub-index; None where rain is needed and not known, or 0."""
        divisor = area_km2 if self.per == "area" else area_km2 * (rain_mm or 0)
        return self.weight * self.coefficient * amount / divisor if divisor else None


@dataclass(frozen=True)
class Land:
    """A land class of the norm, within its group."""

    key: str
    name_zh: str
    name_en: str
    group: str
    weight: float


@dataclass(frozen=True)
class LandAreas:
    """Areas in m2 by land classes of the norm, and the area of the region.

    A key names the classes that ground may be of, joined by `;`: the first one counts. Ground that is of none
    of them is unknown; `note` says what may be the reason.
    """

    by_lands: Mapping[str, float]
    area_m2: float
    note: str = ""

    @property
    def known_m2(self) -> float:
        """Ground whose class is known."""
        return sum(self.by_lands.values())

    @property
    def unknown_m2(self) -> float:
        """Ground whose class is not known."""
        return max(0.0, self.area_m2 - self.known_m2)

    @property
    def known_share(self) -> float:
        """Share of the region whose class is known."""
        return min(1.0, self.known_m2 / self.area_m2)

    def measure(self, group: str) -> float:
        """Ground of a group."""
        lands = index_lands()
        return sum(area for keys, area in self.by_lands.items() if lands[list_lands(keys)[0]].group == group)


@dataclass(frozen=True)
class Habitat:
    """The habitat quality of a region: what each key of its land adds, the bounds of the sum.

    `low` and `high` hold should unknown ground be of the worst or the best class, and ground of several
    classes of its worst or best.
    """

    added: Mapping[str, float]
    low: float
    high: float

    @property
    def value(self) -> float:
        """The sum, as if unknown ground were as the rest."""
        return sum(self.added.values())


def list_lands(keys: str) -> list[str]:
    """The land classes that a key of areas names."""
    return keys.split(";")


def evaluate_habitat(areas: LandAreas, zone: str) -> Habitat:
    """Habitat quality: the coefficient of the zone times the weighted shares of land in what is known.

    HJ 192-2015, 生境质量指数. There must be ground whose class is known.
    """
    weights, coefficient = weigh_lands(zone), float(_index_zones()[zone]["coefficient"])
    added, low, high = {}, 0.0, 0.0
    for keys, area in areas.by_lands.items():
        choice = [coefficient * weights[land] for land in list_lands(keys)]
        added[keys] = choice[0] * area / areas.known_m2
        low, high = low + min(choice) * area, high + max(choice) * area
    whole = areas.known_m2 + areas.unknown_m2
    least, most = coefficient * min(weights.values()), coefficient * max(weights.values())
    return Habitat(added, (low + least * areas.unknown_m2) / whole, (high + most * areas.unknown_m2) / whole)


def measure_built_km2(areas: LandAreas) -> tuple[float, float, float]:
    """Built-up land in km2 with unknown ground as the rest; then should none or all of that be built."""
    built = areas.measure("built") / _M2_IN_KM2
    whole = areas.known_m2 + areas.unknown_m2
    return built * whole / areas.known_m2, built, built + areas.unknown_m2 / _M2_IN_KM2


def correct_water(year: float, mean: float) -> float:
    """Water resources as they count, by their ratio to the mean of years, in the same unit.

    Up to 1.4 the year's own; from there to 2.4 the mean times 2.4 less the ratio; beyond nothing.
    """
    own, usual = Decimal(repr(year)), Decimal(repr(mean))
    if own <= _FULL * usual:
        return year
    return float(max(Decimal(0), _NOTHING * usual - own))


def round_tenth(value: float) -> Decimal:
    """A value to one decimal, a half to the even one (GB/T 8170-2008)."""
    return Decimal(repr(value)).quantize(_TENTH, rounding=ROUND_HALF_EVEN)


def weigh_together(normalised: Mapping[str, Decimal]) -> Decimal:
    """EI of all five sub-indices as they count, exactly."""
    return sum((index.weight * normalised[key] for key, index in index_sub_indices().items()), Decimal(0))


def limit_total(value: Decimal, level: int) -> Decimal:
    """EI under an environmental limit: level 2 brings it a grade down, 3 to no more than fair; 1 does not."""
    bound = "" if level == 1 else _find_grade(value)[f"limited_{level}"]
    return Decimal(bound) if bound else value


def name_grade(value: Decimal) -> str:
    """The grade of EI in Chinese and English."""
    row = _find_grade(value)
    return f"{row['name_zh']} / {row['name_en']}"


def name_change(change: Decimal) -> str:
    """The word for a change of EI in Chinese and English."""
    rows = standards.read_rows("ecological_index_changes")
    row = next(row for row in reversed(rows) if abs(change) >= Decimal(row["at_least"]))
    side = "better" if change > 0 else "worse"
    return f"{row[f'{side}_zh']} / {row[f'{side}_en']}"


@cache
def index_sub_indices() -> Mapping[str, SubIndex]:
    """The five sub-indices by key, in order."""
    return {
        row["sub_index"]: SubIndex(
            row["sub_index"],
            row["name_zh"],
            row["name_en"],
            Decimal(row["weight"]),
            row["inverse"] == "yes",
        )
        for row in standards.read_rows("ecological_index")
    }


@cache
def list_terms(sub_index: str) -> tuple[IndexTerm, ...]:
    """The inputs of a sub-index that are amounts."""
    return tuple(
        IndexTerm(
            row["input"],
            row["name_zh"],
            row["name_en"],
            float(Fraction(row["weight"])),
            float(row["coefficient"]),
            row["unit"],
            "rain" if row["per"] == "rain" else "area",
        )
        for row in standards.read_rows("ecological_index_terms")
        if row["sub_index"] == sub_index
    )


@cache
def index_lands() -> Mapping[str, Land]:
    """Land classes of the norm by key, in order."""
    return {
        row["land"]: Land(row["land"], row["name_zh"], row["name_en"], row["group"], float(row["weight"]))
        for row in standards.read_rows("ecological_index_lands")
    }


def weigh_lands(zone: str) -> Mapping[str, float]:
    """The weight of each land class in a zone; in a special zone that of its group."""
    row = _index_zones()[zone]
    return {
        land.key: float(row[land.group]) * (land.weight if row["by_land"] == "yes" else 1.0)
        for land in index_lands().values()
    }


def find_coefficient(zone: str) -> float:
    """What normalises habitat quality in a zone."""
    return float(_index_zones()[zone]["coefficient"])


@cache
def index_classes(basis: str) -> Mapping[str, str]:
    """By code of the land survey, or by mapped class, the land classes of the norm that it may be of.

    Grassland is `grass`: which it is follows from its cover.
    """
    rows = standards.read_rows("ecological_index_land_classes")
    return {row["code"]: row["lands"] for row in rows if row["basis"] == basis}


@cache
def _index_zones() -> Mapping[str, Mapping[str, str]]:
    return {row["zone"]: row for row in standards.read_rows("ecological_index_zones")}


def _find_grade(value: Decimal) -> Mapping[str, str]:
    rows = standards.read_rows("ecological_index_grades")
    return next(row for row in rows if value >= Decimal(row["at_least"]))
