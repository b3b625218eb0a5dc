"""What a file was found to be."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from pipeline.commands.drafting.texts import say
from pipeline.errors import PipelineError, Problem
from pipeline.messages import Language, tell_problem, translate

Role = Literal[
    "scenes", "archive", "area", "parcels", "restricting", "samples", "sections", "other", "unread"
]
"""What a config may name a file for; `unread` is what no reader can open."""

_MOST_REASONS = 3
"""So many kinds of trouble are told of a file."""


@dataclass(frozen=True)
class Fact:
    """Something that is told of a file: a key of the texts, and what fills its slots.

    Problems, and messages with how often they are met, are told in the language of the text.
    """

    key: str
    slots: Mapping[str, object] = field(default_factory=dict)

    def tell(self, language: Language) -> str:
        """The fact in words."""
        told = {name: _tell_value(value, language) for name, value in self.slots.items()}
        return say(self.key, language, **told)


def _tell_value(value: object, language: Language) -> object:
    if isinstance(value, Problem):
        return tell_problem(value, language)
    if isinstance(value, Counter):
        counted = ((translate(str(one), language), count) for one, count in value.most_common(_MOST_REASONS))
        return "; ".join(f"{one} ({count})" for one, count in counted)
    return value


@dataclass(frozen=True)
class Found:
    """A file, or one layer of it, with what a reader says of it.

    `layer` is named where the file has several, `crs` where the file has none and another was taken; `kind`
    is that of a restriction, `missions` and the `first` and `last` day are those of scenes.
    """

    path: Path
    role: Role
    facts: tuple[Fact, ...] = ()
    layer: str | None = None
    crs: str | None = None
    kind: str = ""
    missions: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None

    @property
    def place(self) -> str:
        """Its path, with its layer where there are several."""
        return f"{self.path} (layer {self.layer})" if self.layer else str(self.path)

    def tell(self, language: Language) -> list[str]:
        """Its role and facts in words."""
        return [say(f"role.{self.role}", language), *(fact.tell(language) for fact in self.facts)]


def refuse(path: Path, error: PipelineError, layer: str | None = None) -> Found:
    """A file that a reader would not take, with its reasons."""
    reasons = error.problems or (Counter([error.message]),)
    return Found(path, "unread", tuple(Fact("unread", {"reason": one}) for one in reasons), layer)
