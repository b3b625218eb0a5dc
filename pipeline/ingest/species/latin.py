"""Latin names without what follows them: authors, years, brackets."""

import re
import unicodedata
from typing import NamedTuple

_RANK = r"(?:subsp|ssp|var|f|forma)\."
_EPITHET = r"[a-z]+(?:-[a-z]+)*"
_NAME = re.compile(
    rf"(?P<genus>[A-Z][a-z]+(?:-[a-z]+)?)\s+(?:\([A-Z][a-z]+\)\s+)?(?P<cross>[×x]\s*)?(?P<epithet>{_EPITHET})"
    rf"(?=$|[\s,(（*†])(?:\s+(?P<third>{_EPITHET})(?=$|[\s,(]))?(?P<rest>.*)"
)
_BELOW = re.compile(rf"(?P<rank>{_RANK})\s*(?P<epithet>{_EPITHET})")
_PARTICLES = frozenset(
    {"et", "ex", "in", "de", "von", "van", "auct", "non", "nec", "sensu", "del", "and", "f"}
)
_OPEN = re.compile(r"\b(?:sp|spp|cf|aff|indet)\b\.?", re.IGNORECASE)
_STARTS = re.compile(r"[A-Z][a-z]+\s+(?:\([A-Z][a-z]+\)\s+)?[×a-z]|[A-Z][a-z]+\s+(?:sp|cf|aff)\b")


class LatinName(NamedTuple):
    """A species, such as `calidris alpina`, and what is named below it, such as `sakhalina`, if anything."""

    species: str
    below: str | None = None

    @property
    def whole(self) -> str:
        """Both together."""
        return f"{self.species} {self.below}" if self.below else self.species


def read_latin(text: str) -> LatinName | None:
    """The name that a text begins with, in lower case, without authors; None where it names no species.

    What has no species (`Carex sp.`, `Anas cf. crecca`) is none.
    """
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    if plain.islower() or plain.isupper():
        plain = plain.capitalize()
    found = _NAME.match(plain)
    if found is None or is_open(plain):
        return None
    cross = "×" if found["cross"] else ""
    species = f"{found['genus'].lower()} {cross}{found['epithet']}"
    ranked = [parts["epithet"] for parts in _BELOW.finditer(found["rest"])]
    below = [epithet for epithet in (found["third"], *ranked) if epithet and epithet not in _PARTICLES]
    return LatinName(species, below[0] if below else None)


def is_open(text: str) -> bool:
    """Whether a Latin name leaves the species open: sp., spp., cf., aff."""
    return bool(_OPEN.search(text))


def split_latin(text: str) -> tuple[str, str]:
    """A cell as what stands before its Latin name, without brackets and blanks at its ends, and that name."""
    plain = unicodedata.normalize("NFKC", text)
    found = _STARTS.search(plain)
    if found is None:
        return ("", plain.strip()) if plain.isascii() else (plain.strip(), "")
    return plain[: found.start()].strip(" (/,"), plain[found.start() :].strip()
