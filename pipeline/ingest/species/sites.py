"""Where surveys are made: sites with their place, and the complex that they are counted together in."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import pandas as pd
import shapely

from pipeline.aoi import Aoi
from pipeline.errors import InputError, Problem
from pipeline.ingest.samples.figures import read_numbers
from pipeline.ingest.samples.headings import fold
from pipeline.ingest.samples.places import AXES, read_angles
from pipeline.ingest.species import faults
from pipeline.ingest.species.entries import Entry, read_entries
from pipeline.ingest.species.names import SEPARATORS
from pipeline.ingest.statistics.figures import Unusable
from pipeline.settings.species import SpeciesTable

_NEAREST, _LIKENESS = 3, 0.5


@dataclass(frozen=True)
class Site:
    """A place of surveys: `lon` and `lat` in degrees, None where only its area is told."""

    site_id: str
    name: str
    complex_name: str
    aoi: str | None
    lon: float | None
    lat: float | None

    def is_of(self, aoi: Aoi) -> bool:
        """Whether it belongs to an area, as the table says, else by its place."""
        if self.aoi is not None:
            return fold(self.aoi) in {fold(name) for name in (aoi.id, aoi.name_zh, aoi.name_en)}
        if self.lon is None or self.lat is None:
            return False
        return bool(shapely.intersects_xy(aoi.geometry, self.lon, self.lat))


@dataclass(frozen=True)
class Sites:
    """Sites by the folded forms of their names and ids."""

    known: Mapping[str, Site]

    def find(self, text: str) -> Site:
        """The site of a cell; Unusable, with the nearest, where it is none."""
        found = self.known.get(fold(text))
        if found is None:
            near = get_close_matches(fold(text), self.known, _NEAREST, _LIKENESS)
            named = list(dict.fromkeys(self.known[name].name for name in near))
            raise Unusable(faults.UNKNOWN_SITE, text, "site", near="、".join(named) or "—")
        return found

    def list_of(self, aoi: Aoi) -> list[Site]:
        """The sites of an area, each once, by id."""
        every = {site.site_id: site for site in self.known.values()}
        return [every[name] for name in sorted(every) if every[name].is_of(aoi)]


def read_sites(table: SpeciesTable) -> Sites:
    """The table of sites.

    Without an id the name is the id, without a complex a site is one by itself. Raises InputError, with every
    mistake: as `read_entries`, a site without a name, without an area and a place, a place that is not in
    degrees, and a name or id of two sites.
    """
    entries = read_entries("sites", table, ["site"])
    places = {axis: _read_axis(axis, entries) for axis in AXES}
    problems = [*_find_mistakes(entries, places)]
    built = [
        _build_site(entry, lon, lat) for entry, lon, lat in zip(entries, *places.values(), strict=True)
    ] if not problems else []  # fmt: skip
    named: dict[str, set[Site]] = defaultdict(set)
    for entry, site in zip(entries, built, strict=False):
        aliases = SEPARATORS.split(entry.texts.get("aliases", ""))
        for name in (site.site_id, site.name, *aliases):
            if name:
                named[fold(name)].add(site)
    problems += [
        Problem(
            f"species.sites, {name}",
            "、".join(sorted(site.name for site in meant)),
            "one site of a name",
        )
        for name, meant in named.items()
        if len(meant) > 1
    ]
    if problems:
        raise InputError("The table of sites has mistakes", problems)
    return Sites({name: next(iter(meant)) for name, meant in named.items()})


def _read_axis(axis: str, entries: Sequence[Entry]) -> list[float | None]:
    texts = pd.Series([entry.texts.get(axis, "") for entry in entries], dtype=str)
    values = read_numbers(read_angles(texts).astype(str))["value"]
    low, high = AXES[axis]
    return [value if low <= value <= high else None for value in values]


def _find_mistakes(
    entries: Sequence[Entry], places: Mapping[str, Sequence[float | None]]
) -> Iterator[Problem]:
    for number, entry in enumerate(entries):
        if "site" not in entry.texts:
            yield entry.find_problem("site", "the name of the site")
        for axis, values in places.items():
            if axis in entry.texts and values[number] is None:
                yield entry.find_problem(axis, "degrees such as 121.95 or 121°57′E")
        is_placed = all(values[number] is not None for values in places.values())
        if not is_placed and "aoi" not in entry.texts:
            expected = "lon and lat, or the area that it belongs to (aoi)"
            yield entry.find_problem("lon", expected)


def _build_site(entry: Entry, lon: float | None, lat: float | None) -> Site:
    texts, name = entry.texts, entry.texts["site"]
    site_id, complex_name = texts.get("site_id", name), texts.get("site_complex", name)
    is_placed = lon is not None and lat is not None
    return Site(site_id, name, complex_name, texts.get("aoi"), *((lon, lat) if is_placed else (None, None)))
