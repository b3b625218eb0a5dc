"""What of the files a config takes: what was asked for, else the only one of its kind."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from pipeline.aoi import list_aois
from pipeline.commands.drafting.discovery import inspect_file
from pipeline.commands.drafting.found import Found, Role
from pipeline.errors import Problem, SettingsError
from pipeline.periods import PeriodKind, list_complete_before, list_periods

PROVIDER = "earth-search"
"""Where scenes come from when no file of them was found."""

_YEARS = 2
"""So many whole years where nothing tells the days."""
_MARGIN = timedelta(days=400)
"""More than any period has."""
_FLAGS: Mapping[Role, str] = {
    "area": "--aoi",
    "parcels": "--parcels",
    "sections": "--sections",
    "scenes": "--scenes",
}


@dataclass(frozen=True)
class Wishes:
    """What somebody asks for; what is None or empty is for the files to tell."""

    aoi: str | None = None
    parcels: Path | None = None
    samples: tuple[Path, ...] = ()
    sections: Path | None = None
    scenes: Path | None = None
    provider: str | None = None
    start: date | None = None
    end: date | None = None
    period: PeriodKind = "year"
    label: str | None = None
    crs: str | None = None


@dataclass(frozen=True)
class Choices:
    """What goes into a config; without `area` its id stands in `shipped`, else it is drawn from `parcels`."""

    area: Found | None
    shipped: str | None
    parcels: Found | None
    samples: tuple[Found, ...]
    sections: Found | None
    scenes: Found | None
    restricting: tuple[Found, ...]
    provider: str
    start: date
    end: date
    period: PeriodKind
    label: str


def choose_inputs(found: Sequence[Found], wishes: Wishes, day: date) -> Choices:
    """What a config takes of the files that were found; days before `day` where neither tells any.

    SettingsError with every kind of which there are several files, or whose file is not there: nothing is
    taken first-come.
    """
    problems: list[Problem] = []
    shipped = wishes.aoi if wishes.aoi in list_aois() else None
    asked = Path(wishes.aoi) if wishes.aoi and not shipped else None
    areas = [] if shipped else found
    area = _pick("area", asked, areas, wishes, problems)
    parcels = _pick("parcels", wishes.parcels, found, wishes, problems)
    sections = _pick("sections", wishes.sections, found, wishes, problems)
    archives = [] if wishes.provider else [_as_role(one, "scenes", ("archive",)) for one in found]
    scenes = _pick("scenes", wishes.scenes, archives, wishes, problems)
    samples = _pick_samples(found, wishes, problems)
    if not (area or shipped or parcels) and not problems:
        expected = f"an outline, a register to draw one from, or one of {', '.join(list_aois())}"
        problems.append(Problem("--aoi", "no area", expected, "Name it: --aoi ID, or --aoi FILE"))
    if problems:
        raise SettingsError("What the config is to name is not told", problems)
    start, end = _settle_days(wishes, scenes, day)
    return Choices(
        area=area,
        shipped=shipped,
        parcels=parcels,
        samples=samples,
        sections=sections,
        scenes=scenes,
        restricting=tuple(one for one in found if one.role == "restricting"),
        provider=wishes.provider or PROVIDER,
        start=start,
        end=end,
        period=wishes.period,
        label=wishes.label or list_periods(start, end, wishes.period)[-1].label,
    )


def _pick(
    role: Role, asked: Path | None, found: Sequence[Found], wishes: Wishes, problems: list[Problem]
) -> Found | None:
    """The file that is asked for, else the only one of a role; None for none."""
    flag = _FLAGS[role]
    if asked is not None and not asked.exists():
        problems.append(Problem(flag, f"{asked}, which does not exist", "a file"))
        return None
    fitting = [*_take(role, asked, wishes.crs)] if asked else [one for one in found if one.role == role]
    if len(fitting) > 1:
        names = ", ".join(one.place for one in fitting)
        todo = f"Name it, such as {flag} {fitting[0].path}"
        problems.append(Problem(flag, f"{len(fitting)} files that may be meant: {names}", "one", todo))
        return None
    return fitting[0] if fitting else None


def _take(role: Role, asked: Path, crs: str | None) -> Iterator[Found]:
    """A file as what it is asked for: its layers of that role, else all of them."""
    there = [_as_role(one, role, ("archive",)) for one in inspect_file(asked.resolve(), crs)]
    fitting = [one for one in there if one.role == role] or [replace(one, role=role) for one in there]
    yield from fitting or [Found(asked.resolve(), role)]


def _as_role(one: Found, role: Role, others: tuple[Role, ...]) -> Found:
    """A folder of downloaded scenes stands for scenes as a catalogue does."""
    return one if one.role not in others else replace(one, role=role, kind="local")


def _pick_samples(found: Sequence[Found], wishes: Wishes, problems: list[Problem]) -> tuple[Found, ...]:
    """All tables of samples: they are read together."""
    lacking = [path for path in wishes.samples if not path.exists()]
    problems += [Problem("--samples", f"{path}, which does not exist", "a file") for path in lacking]
    if wishes.samples:
        there = [path for path in wishes.samples if path.exists()]
        return tuple(one for path in there for one in _take("samples", path, None))
    return tuple(one for one in found if one.role == "samples")


def _settle_days(wishes: Wishes, scenes: Found | None, day: date) -> tuple[date, date]:
    """The days that are asked for, else whole periods around those of the scenes, else the last years."""
    years = list_complete_before(day, "year", _YEARS)
    first, last = years[0].first, years[-1].last
    if scenes and scenes.first and scenes.last:
        around = list_periods(scenes.first - _MARGIN, scenes.last + _MARGIN, wishes.period)
        held = [one for one in around if one.last >= scenes.first and one.first <= scenes.last]
        first, last = held[0].first, held[-1].last
    start, end = wishes.start or first, wishes.end or last
    if end < start:
        problem = Problem("--end", f"{end}, before the start {start}", "a day that is not before the start")
        raise SettingsError("The days are not in order", [problem])
    return start, end
