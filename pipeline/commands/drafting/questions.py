"""What is asked of somebody at a terminal: what no flag has told, with what the files propose."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import NamedTuple, get_args

from pipeline.commands.drafting.choices import PROVIDER, Wishes
from pipeline.commands.drafting.found import Found, Role
from pipeline.errors import Problem, SettingsError
from pipeline.periods import PeriodKind


class Question(NamedTuple):
    """A field of the wishes to ask for, whose text is `ask.<field>`; `default` is what Enter answers."""

    field: str
    default: str
    candidates: tuple[str, ...] = ()


def list_questions(wishes: Wishes, found: Sequence[Found]) -> Iterator[Question]:
    """The questions in their order; files are proposed where there is only one that may be meant."""
    for field, roles in _FILES.items():
        there = tuple(dict.fromkeys(str(one.path) for one in found if one.role in roles))
        fallback = PROVIDER if field == "scenes" else ""
        is_told = getattr(wishes, field) or (field == "scenes" and wishes.provider)
        if not is_told:
            yield Question(field, there[0] if len(there) == 1 else "" if there else fallback, there)
    yield Question("period", wishes.period)
    for field in ("start", "end"):
        if getattr(wishes, field) is None:
            yield Question(field, "")


_FILES: dict[str, tuple[Role, ...]] = {
    "aoi": ("area",),
    "parcels": ("parcels",),
    "sections": ("sections",),
    "scenes": ("scenes", "archive"),
}


def take_answer(wishes: Wishes, field: str, text: str) -> Wishes:
    """The wishes with an answer; an empty one leaves it to the files. SettingsError for a wrong one."""
    text = text.strip()
    if not text:
        return wishes
    match field:
        case "aoi":
            return replace(wishes, aoi=text)
        case "scenes":
            is_file = Path(text).exists()
            return replace(wishes, scenes=Path(text)) if is_file else replace(wishes, provider=text)
        case "start" | "end":
            return replace(wishes, **{field: _read_day(field, text)})  # type: ignore[arg-type]
        case "period":
            return replace(wishes, period=_read_period(text))
        case _:
            return replace(wishes, **{field: Path(text)})  # type: ignore[arg-type]


def _read_day(field: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(
            "No such day", [Problem(f"--{field}", text, "a day such as 2024-01-01")]
        ) from error


def _read_period(text: str) -> PeriodKind:
    for kind in get_args(PeriodKind):
        if kind == text:
            known: PeriodKind = kind
            return known
    raise SettingsError("No such period", [Problem("--period", text, " | ".join(get_args(PeriodKind)))])
