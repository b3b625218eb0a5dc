"""What has to be said of an input file as a whole, so that it becomes a finding."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class FileNote:
    """A rule that says it, the column or file that it is about, and what the rule's messages name."""

    rule: str
    about: str
    facts: Mapping[str, str]
