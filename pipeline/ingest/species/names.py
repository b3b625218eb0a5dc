"""The table of names: accepted species with aliases, Latin names and groups; what a cell names of them."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from pipeline.errors import InputError, Problem
from pipeline.ingest.samples.headings import BRACKETED, fold
from pipeline.ingest.species import faults
from pipeline.ingest.species.entries import Entry, read_entries
from pipeline.ingest.species.latin import is_open, read_latin, split_latin
from pipeline.ingest.species.words import load_groups, load_species_words
from pipeline.ingest.statistics.figures import Unusable
from pipeline.settings.species import SpeciesTable

SEPARATORS = re.compile(r"[、,，;；/|]")
_LISTED = re.compile(r"^[(]?[0-9]{1,4}[)、.]\s*")
_MARKS = "*★☆▲△#"
_DOUBTS = re.compile(r"[?？]|疑似|未定|待定")
_ENDING = re.compile("(?:us|a|um|is|e|er|ra|rum)$")
_NEAREST, _LIKENESS = 3, 0.5


@dataclass(frozen=True, order=True)
class KnownSpecies:
    """A species under its accepted name, with its Latin name, None if none is given, and its group."""

    name: str
    latin: str | None
    group: str


@dataclass(frozen=True)
class SpeciesNames:
    """Known species by the folded forms of their names; a form that several bear names each of them."""

    common: Mapping[str, frozenset[KnownSpecies]]
    latin: Mapping[str, frozenset[KnownSpecies]]

    def find(self, text: str, latin: str = "") -> KnownSpecies:
        """The species that a cell names, alone or together with a cell of Latin names.

        Raises Unusable for a name that is unknown, with the nearest, one that several bear, and two names
        that are not of one species.
        """
        said = " ".join(filter(None, (text, latin)))
        before, inside = split_latin(_LISTED.sub("", text.strip()))
        doubtful = any(map(is_open, (inside, latin))) or _DOUBTS.search(text)
        if doubtful or fold(before) in load_species_words("undetermined"):
            raise Unusable(faults.UNDETERMINED, said, "species")
        scientific = [name for name in (inside, latin) if name]
        told = [*self._find_common(before), *map(self._find_latin, scientific)]
        known = [found for found in told if found]
        if not known:
            near = self._find_near(before, inside or latin)
            raise Unusable(faults.UNKNOWN_SPECIES, said, "species", near="、".join(near) or "—")
        shared = frozenset.intersection(*known)
        if len(shared) != 1:
            meant = sorted({one.name for found in known for one in found})
            raise Unusable(faults.SEVERAL_SPECIES, said, "species", names="、".join(meant))
        (species,) = shared
        strange = [name for name in scientific if not self._find_latin(name) and not _may_be(species, name)]
        if strange:
            raise Unusable(faults.SEVERAL_SPECIES, said, "species", names=f"{species.name}、{strange[0]}")
        return species

    def knows(self, text: str) -> bool:
        """Whether a text is a name of some species, of one or of several."""
        before, inside = split_latin(_LISTED.sub("", text.strip()))
        return any([*self._find_common(before), self._find_latin(inside)])

    def _find_common(self, text: str) -> Iterator[frozenset[KnownSpecies]]:
        """Those that a common name names; what stands in brackets may be another name of theirs."""
        plain = fold(text).strip(_MARKS)
        parts = BRACKETED.fullmatch(plain)
        whole = self.common.get(plain, frozenset())
        if whole or parts is None:
            yield whole
            return
        for name in (parts["base"].strip(_MARKS), parts["inner"]):
            yield self.common.get(name, frozenset())

    def _find_latin(self, text: str) -> frozenset[KnownSpecies]:
        """Those of a Latin name; of a subspecies that the table does not have, the species."""
        name = read_latin(text)
        if name is None:
            return frozenset()
        return self.latin.get(name.whole) or self.latin.get(name.species, frozenset())

    def _find_near(self, common: str, latin: str) -> list[str]:
        name = read_latin(latin)
        pairs = [(fold(common), self.common), (name.whole if name else "", self.latin)]
        near = [
            one.name
            for text, known in pairs
            if text
            for match in get_close_matches(text, known, _NEAREST, _LIKENESS)
            for one in sorted(known[match])
        ]
        return list(dict.fromkeys(near))[:_NEAREST]


def _may_be(species: KnownSpecies, latin: str) -> bool:
    """Whether a Latin name that the table lacks has the epithet of a species, in another genus or gender."""
    name = read_latin(latin)
    if name is None or species.latin is None:
        return True
    own, other = (_ENDING.sub("", text.split()[-1]) for text in (species.latin, name.species))
    return own == other


def read_species_names(table: SpeciesTable) -> SpeciesNames:
    """The table of names.

    Raises InputError, with every mistake: as `read_entries`, a species without a known group (`standards`
    species_groups), and a species that two rows tell differently.
    """
    entries = read_entries("names", table, ["species", "species_group"])
    problems = [*_find_mistakes(entries)]
    if problems:
        raise InputError("The table of names has mistakes", problems)
    common: dict[str, set[KnownSpecies]] = defaultdict(set)
    latin: dict[str, set[KnownSpecies]] = defaultdict(set)
    for entry in entries:
        known = _know(entry)
        for name in (known.name, *SEPARATORS.split(entry.texts.get("aliases", ""))):
            scientific = read_latin(name)
            if scientific:
                latin[scientific.whole].add(known)
            elif fold(name):
                common[fold(name)].add(known)
        if known.latin and (accepted := read_latin(known.latin)):
            latin[accepted.whole].add(known)
    return SpeciesNames(
        {name: frozenset(meant) for name, meant in common.items()},
        {name: frozenset(meant) for name, meant in latin.items()},
    )


def _know(entry: Entry) -> KnownSpecies:
    scientific = read_latin(entry.texts.get("latin", ""))
    latin = scientific.whole.capitalize() if scientific else None
    return KnownSpecies(entry.texts["species"], latin, load_groups()[fold(entry.texts["species_group"])])


def _find_mistakes(entries: Sequence[Entry]) -> Iterator[Problem]:
    groups = load_groups()
    told: dict[str, tuple[str, str]] = {}
    for entry in entries:
        texts = entry.texts
        if "species" not in texts:
            yield entry.find_problem("species", "an accepted name in every row")
        elif fold(texts.get("species_group", "")) not in groups:
            yield entry.find_problem("species_group", f"a group such as {'、'.join(groups)}")
        if "latin" in texts and read_latin(texts["latin"]) is None:
            yield entry.find_problem("latin", "genus and species, such as Grus monacha")
        said = fold(texts.get("latin", "")), fold(texts.get("species_group", ""))
        if told.setdefault(fold(texts.get("species", "")), said) != said:
            yield entry.find_problem("species", "rows of a species that say the same")
