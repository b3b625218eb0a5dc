"""Fact sheets 一地一档 of a published delivery, as one PDF."""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import Problem, SettingsError
from pipeline.operating_system import refuse_link
from pipeline.outputs.fact_sheets.facts import ParcelFacts, read_parcel_facts
from pipeline.outputs.fact_sheets.printing import print_fact_sheets
from pipeline.outputs.published import open_published

MOST_SHEETS = 1000
"""Sheets of one PDF, which take about a megabyte of memory each; more parcels fill several volumes."""
_MOST_NEAR = 3


@dataclass(frozen=True)
class MadeSheets:
    """Where the sheets stand, in one or several volumes, and of how many parcels they are."""

    documents: tuple[Path, ...]
    delivery: str
    parcels: int

    @property
    def summary(self) -> dict[str, object]:
        """The same for machines."""
        documents = [str(path) for path in self.documents]
        return {"documents": documents, "delivery": self.delivery, "parcels": self.parcels}


def make_sheets(place: Path, *, parcels: Sequence[str] = (), to: Path | None = None) -> MadeSheets:
    """Print the fact sheets of some parcels, of all unless named, by default beside the folder of the area.

    `place` is the folder of a delivery, or the file `latest` of an area. SettingsError for a place without a
    delivery, parcels that it does not have (all are said at once), and a target that cannot be written;
    InputError for files that were changed since they were published. Nothing is written then.
    """
    published = open_published(place)
    target = _choose_target(
        to or published.folder.parents[1] / f"{published.aoi}_{published.label}_sheets.pdf"
    )
    facts = read_parcel_facts(published)
    chosen = choose_parcels(facts, parcels)
    volumes = [chosen[start : start + MOST_SHEETS] for start in range(0, len(chosen), MOST_SHEETS)]
    targets = _name_volumes(target, len(volumes))
    with _hold_parts(targets) as parts:
        for part, volume in zip(parts, volumes, strict=True):
            part.write_bytes(print_fact_sheets(facts, published, volume))
    return MadeSheets(targets, published.id, len(chosen))


def choose_parcels(facts: ParcelFacts, asked: Iterable[str]) -> list[str]:
    """Ids of the parcels that are asked for by id or by real-estate unit code, each once; all for none."""
    known = facts.parcels.index
    by_number = dict(zip(facts.parcels["parcel_no"].astype(object), known, strict=True))
    named = list(dict.fromkeys(asked))
    problems = [
        Problem("--parcel", key, f"a parcel of the delivery: {_list_near(key, known)}")
        for key in named
        if key not in known and key not in by_number
    ]
    if problems:
        raise SettingsError("No such parcels", problems)
    chosen = [key if key in known else by_number[key] for key in named]
    return list(dict.fromkeys(chosen)) or list(known)


def _list_near(key: str, known: Sequence[str]) -> str:
    return ", ".join(difflib.get_close_matches(key, known, _MOST_NEAR, 0)) or "—"


def _choose_target(path: Path) -> Path:
    if path.suffix.lower() != ".pdf":
        raise _refuse(path, f"the ending {path.suffix!r}", ".pdf")
    if not path.parent.is_dir():
        raise _refuse(path, "no such folder", "a folder that is there")
    return path


def _name_volumes(target: Path, count: int) -> tuple[Path, ...]:
    """The target itself for one volume, else numbered ones beside each other."""
    if count == 1:
        return (target,)
    digits = len(str(count))
    return tuple(target.with_stem(f"{target.stem}_{number:0{digits}}") for number in range(1, count + 1))


@contextmanager
def _hold_parts(targets: Sequence[Path]) -> Iterator[list[Path]]:
    """Files beside the targets, which take their places when all are written, or go."""
    parts = [target.with_name(f".{target.name}.part") for target in targets]
    todo = "Close the program that has it open, or choose another --to"
    try:
        for target in targets:
            refuse_link(target)
        yield parts
        for part, target in zip(parts, targets, strict=True):
            part.replace(target)
    except OSError as error:
        found = f"{type(error).__name__}: {error}"
        raise _refuse(targets[0], found, "a place to write to", todo) from error
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def _refuse(path: Path, found: str, expected: str, todo: str = "") -> SettingsError:
    problem = Problem(f"--to {path}", found, expected, todo)
    return SettingsError("The fact sheets cannot be written there", [problem])
