"""What a file was found to be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from pipeline.commands.drafting.texts import Language, say
from pipeline.errors import PipelineError

Role = Literal[
    "scenes", "archive", "area", "parcels", "restricting", "samples", "sections", "other", "unread"
]
"""What a config may name a file for; `unread` is what no reader can open."""


@dataclass(frozen=True)
class Fact:
    """Something that is told of a file: a key of the texts, and what fills its slots."""

    key: str
    slots: Mapping[str, object] = field(default_factory=dict)


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
        return [say(f"role.{self.role}", language), *(say(f.key, language, **f.slots) for f in self.facts)]


def refuse(path: Path, error: PipelineError, layer: str | None = None) -> Found:
    """A file that a reader would not take, with its reasons."""
    problems = error.problems or (error,)
    return Found(
        path, "unread", tuple(Fact("unread", {"reason": str(problem)}) for problem in problems), layer
    )
