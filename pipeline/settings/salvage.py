"""What is right in a config that has mistakes, so that what else is wrong can be told beside them."""

import re
from collections.abc import Iterable
from copy import deepcopy
from datetime import date
from typing import Any

from pydantic_core import ErrorDetails

from pipeline.settings.text import Place, count_steps_in

_GONE = ...
_CHOICE = re.compile(r"'([^']*)'")
_STAND_INS: dict[Place, Any] = {
    ("label",): "0",
    ("aoi",): ["guangyang_island"],
    ("scenes",): {"provider": "simulated"},
    ("scenes", "start"): date(2000, 1, 1),
    ("scenes", "end"): date(2099, 12, 31),
}
"""What a config cannot be without, and what stands for it where it is wrong; nothing is told of these."""


def leave_out(content: Any, details: Iterable[ErrorDetails]) -> Any:
    """A copy of the content without what is wrong in it; what a config cannot be without has a stand-in."""
    kept = deepcopy(content) if isinstance(content, dict) else {}
    for detail in details:
        place = detail["loc"] if detail["loc"] in _STAND_INS else _find_wrong(content, detail)
        if place:
            _put(kept, place, _find_stand_in(place, detail))
    return _sweep(kept)


def _find_wrong(content: Any, detail: ErrorDetails) -> Place:
    """The value that a detail is about, that in which something is missing."""
    place = detail["loc"]
    depth = count_steps_in(content, detail)
    return place[: depth - 1] if detail["type"] == "missing" and depth == len(place) else place[:depth]


def _find_stand_in(place: Place, detail: ErrorDetails) -> Any:
    """What stands for a wrong value: of several words that are allowed the first."""
    if detail["type"] == "literal_error" and (choice := _CHOICE.match(detail["ctx"]["expected"])):
        return choice[1]
    return deepcopy(_STAND_INS.get(place, _GONE))


def _put(content: Any, place: Place, value: Any) -> None:
    *parents, last = place
    for step in parents:
        if content is _GONE:
            return
        content = content[step]
    if content is not _GONE:
        content[last] = value


def _sweep(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _sweep(value) for key, value in content.items() if value is not _GONE}
    if isinstance(content, list):
        return [_sweep(value) for value in content if value is not _GONE]
    return content
