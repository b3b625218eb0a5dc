"""What texts of a table of statistics say, by the tables of words, items, products and units."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cache

from pipeline import standards
from pipeline.ingest.samples.cells import narrow
from pipeline.ingest.samples.headings import BRACKETED, fold
from pipeline.settings.statistics import STATISTIC_COLUMNS

YEARS = range(1950, 2100)
LONGEST_WORD = 60

_YEAR = re.compile(r"((?:19|20)[0-9]{2})(?:年[度末]?)?")
_YEAR_BEFORE = re.compile(r"((?:19|20)[0-9]{2})年?[度末]?(?P<rest>[^0-9]+.*)")
_NUMBERED = re.compile(r"^(?:其中[:,]?|#|[(]?(?:[一二三四五六七八九十]+|[0-9]{1,2})(?:[)、]|[.](?![0-9])))+")
_IMPLIED = re.compile(r"(?P<alias>.+)\[(?P<unit>.+)\]")
_BRACKETS = "()[]"


@dataclass(frozen=True)
class Meaning:
    """What a text says: what a column is of, or parts of what a figure is of; None where it says nothing.

    `measure` is output or price of a product that stands elsewhere, `implied` the unit that an item's own
    name tells.
    """

    role: str | None = None
    year: int | None = None
    region: str | None = None
    item: str | None = None
    measure: str | None = None
    product: str | None = None
    unit: str | None = None
    implied: str | None = None

    def join(self, other: "Meaning") -> "Meaning | None":
        """What both say together; None where they contradict each other."""
        both = {
            one.name: {getattr(self, one.name), getattr(other, one.name)} - {None} for one in fields(self)
        }
        if any(len(values) > 1 for values in both.values()):
            return None
        return Meaning(**{name: next(iter(values), None) for name, values in both.items()})


@dataclass(frozen=True)
class Words:
    """Words of the standards with those of one area and one config: its regions, its columns."""

    regions: Mapping[str, str]
    columns: Mapping[str, str]
    _known: dict[str, Meaning | None] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, regions: Iterable[tuple[str, Iterable[str]]], columns: Mapping[str, str]) -> "Words":
        """From names by the id of a region, and from the headings of a config by our names.

        A name that several regions have names none of them.
        """
        names = [(fold(name), region) for region, known in regions for name in {region, *known} if name]
        said: dict[str, set[str]] = {}
        for name, region in names:
            said.setdefault(name, set()).add(region)
        single = {name: next(iter(meant)) for name, meant in said.items() if len(meant) == 1}
        return cls(single, {fold(theirs): ours for ours, theirs in columns.items()})

    def read(self, text: str) -> Meaning | None:
        """What a text says, None where it is in no table."""
        if text not in self._known:
            self._known[text] = self._read(_strip_number(fold(text)))
        return self._known[text]

    def _read(self, text: str) -> Meaning | None:
        if not text or len(text) > LONGEST_WORD:
            return None
        found = self._find(text) or self._read_year(text) or self._split_unit(text) or _split_product(text)
        return found or (Meaning(unit=text.strip(_BRACKETS)) if names_unit(text) else None)

    def _find(self, text: str) -> Meaning | None:
        """What the whole of a text says."""
        if text in self.columns:
            ours = self.columns[text]
            return Meaning(role=ours) if ours in STATISTIC_COLUMNS else Meaning(item=ours)
        if text in self.regions:
            return Meaning(region=self.regions[text])
        return _load_meanings().get(text)

    def _read_year(self, text: str) -> Meaning | None:
        """A year, or what stands behind one with it."""
        if year := _YEAR.fullmatch(text):
            return Meaning(year=int(year[1]))
        before = _YEAR_BEFORE.fullmatch(text)
        rest = self._read(before["rest"]) if before else None
        return rest.join(Meaning(year=int(before[1]))) if before and rest else None

    def _split_unit(self, text: str) -> Meaning | None:
        """What stands before a unit in brackets or at its end, with the unit."""
        parts = BRACKETED.fullmatch(text)
        pairs = [(parts["base"], parts["inner"])] if parts else list(_split_bare_units(text))
        found = [
            (self._find(base) or self._read_year(base) or _split_product(base), unit) for base, unit in pairs
        ]
        notes = load_words("note")
        told = ((base, None if unit in notes else unit) for base, unit in found)
        return next((base.join(Meaning(unit=unit)) for base, unit in told if base), None)


def is_total(text: str) -> bool:
    """Whether a text names a sum over regions or products."""
    return _strip_number(fold(text)) in load_words("total")


def is_subtotal(text: str) -> bool:
    """Whether a text names the sum of some rows above it."""
    return _strip_number(fold(text)) in load_words("subtotal")


def is_of_another(text: str) -> bool:
    """Whether a text says that figures are of something else than a whole year: growth, months, plans."""
    plain = fold(text)
    return any(word in plain for word in load_words("another"))


def names_unit(text: str) -> bool:
    """Whether a text is the name of a unit."""
    return fold(text).strip(_BRACKETS) in _load_factors()


def find_factor(item: str, unit: str) -> tuple[str, float] | None:
    """Unit of an item, and what values in another are multiplied by; None where that cannot be its."""
    text = fold(unit)
    parts = BRACKETED.fullmatch(text)
    plain = parts["base"] if parts and parts["inner"] in load_words("note") else text
    factors = _load_factors().get(plain.strip(_BRACKETS), {})
    return next(((own, factors[own]) for own in list_units(item) if own in factors), None)


def list_units(item: str) -> list[str]:
    """The units that an item is kept in."""
    return load_items()[item]["unit"].split(";")


def name_product(text: str) -> str:
    """The name of a product in the table, or the text itself where it has none."""
    return index_products().get(fold(text), {}).get("product", " ".join(narrow(text).split()))


def find_kind(product: str) -> str | None:
    """Which output a product is of, such as agriculture_managed; None where the table does not tell."""
    return index_products().get(fold(product), {}).get("kind")


@cache
def load_items() -> Mapping[str, Mapping[str, str]]:
    """Items of `statistic_items` by code."""
    return {row["code"]: row for row in standards.read_rows("statistic_items")}


@cache
def index_products() -> Mapping[str, Mapping[str, str]]:
    """Products of `statistic_products` by every name."""
    rows = standards.read_rows("statistic_products")
    return {fold(alias): row for row in rows for alias in row["aliases"].split(";")}


@cache
def load_words(means: str) -> frozenset[str]:
    """Words of `statistic_words` that mean the same."""
    rows = standards.read_rows("statistic_words")
    return frozenset(fold(row["alias"]) for row in rows if row["means"] == means)


@cache
def _load_factors() -> Mapping[str, Mapping[str, float]]:
    """By the name of a unit, what values in it are multiplied by to be in each unit of ours."""
    found: dict[str, dict[str, float]] = {}
    for row in standards.read_rows("statistic_units"):
        found.setdefault(fold(row["alias"]), {})[row["unit"]] = float(row["factor"])
    return found


@cache
def _load_meanings() -> Mapping[str, Meaning]:
    roles = {word: Meaning(role=role) for role in STATISTIC_COLUMNS for word in load_words(role)}
    measures = {word: Meaning(measure=name) for name in ("output", "price") for word in load_words(name)}
    products = {name: Meaning(product=row["product"]) for name, row in index_products().items()}
    return {**products, **measures, **roles, **dict(_list_item_names())}


def _list_item_names() -> Iterator[tuple[str, Meaning]]:
    for code, row in load_items().items():
        for alias in (code, *row["aliases"].split(";")):
            told = _IMPLIED.fullmatch(alias)
            yield fold(told["alias"] if told else alias), Meaning(item=code, implied=told and told["unit"])


def _split_bare_units(text: str) -> Iterator[tuple[str, str]]:
    """A text without the unit at its end, and the unit, the longest first."""
    for unit in sorted(_load_factors(), key=len, reverse=True):
        if text.endswith(unit):
            yield text.removesuffix(unit).rstrip("/,_:;"), unit


def _split_product(text: str) -> Meaning | None:
    """A product and a measure of it in one text, such as 稻谷产量."""
    for name in ("output", "price"):
        for word in load_words(name):
            row = index_products().get(text.removesuffix(word))
            if row and text.endswith(word):
                return Meaning(measure=name, product=row["product"])
    return None


def _strip_number(text: str) -> str:
    """A folded text without the number or the words that a list has before it."""
    return _NUMBERED.sub("", text)
