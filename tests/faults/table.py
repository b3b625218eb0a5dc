"""The table of faults: what was tried, what must happen, what happened, and whether that holds.

`make faults` writes it. A test states its cases by the fixture `fault`; one that states none is a case
by its name.
"""

import csv
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

LONGEST = 300
"""Characters of what happened that are kept."""


@dataclass(frozen=True)
class Row:
    """A case: by which door it came in, and whether what happened is what must happen.

    `hits` are requests that a foreign host saw, `secrets` places where a secret was found, `lost` files that
    were no business of the run and are gone or changed.
    """

    case: str
    kind: str
    door: str
    must: str
    happened: str
    seconds: float
    holds: str
    hits: int = 0
    secrets: int = 0
    lost: int = 0


HOLDS, FALLS_SHORT, NOT_TRIED = "yes", "no", "not tried"


@dataclass
class Seen:
    """What a test saw of its case; nothing may be hit, found or lost."""

    happened: str = ""
    hits: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def check(self) -> None:
        """That it says what happened, and that no stranger was asked, no secret told, no file lost."""
        for harm in ("hits", "secrets", "lost"):
            assert getattr(self, harm) == [], harm
        assert self.happened, "the case does not say what happened"


@contextmanager
def try_case(
    rows: list[Row], hits: list[str], case: str, *, kind: str, door: str, must: str
) -> Iterator[Seen]:
    """A case that becomes a row whatever becomes of it; `hits` is where a stranger notes who asks it."""
    seen, began, failure = Seen(hits=hits), time.monotonic(), ""
    try:
        yield seen
        seen.check()
    except BaseException as error:
        failure = f"{type(error).__name__}: {error}"
        raise
    finally:
        harm = {name: len(getattr(seen, name)) for name in ("hits", "secrets", "lost")}
        happened, holds = (failure, FALLS_SHORT) if failure else (seen.happened, HOLDS)
        seconds = time.monotonic() - began
        rows.append(Row(case, kind, door, must, shorten(happened), round(seconds, 2), holds, **harm))


def shorten(text: str) -> str:
    """One line, not too long."""
    return " ".join(text.split())[:LONGEST]


def write_table(rows: Iterable[Row], path: Path) -> None:
    """The rows in order as CSV; no row depends on which of the tests ran first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [one.name for one in fields(Row)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in sorted(rows, key=lambda row: (row.kind, row.door, row.case)))


def count(rows: list[Row]) -> str:
    """The counts that must be 0, and how many cases there are."""
    short = sum(row.holds == FALLS_SHORT for row in rows)
    not_tried = sum(row.holds == NOT_TRIED for row in rows)
    hits, secrets, lost = (sum(getattr(row, harm) for row in rows) for harm in ("hits", "secrets", "lost"))
    return (
        f"{len(rows)} cases, {short} fall short, {not_tried} not tried here; "
        f"foreign-host hits {hits}, secrets found {secrets}, files lost {lost}"
    )
