"""Published deliveries as they stand in a folder: found, chosen by period, read as they were published."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio

from pipeline.errors import InputError, Problem, SettingsError
from pipeline.outputs.assessment.layers import REGISTER_PARTS
from pipeline.outputs.columns import Language
from pipeline.periods import PERIODS_A_YEAR, Period, PeriodKind, list_complete_before, list_periods
from pipeline.settings import Scenes
from pipeline.storage.cause import sha256_of_file
from pipeline.storage.csv_texts import restore_texts
from pipeline.storage.delivered import find_delivered
from pipeline.storage.ownership import find_wrong_signs, read_latest
from pipeline.storage.tables import load_json

FIRST_LINE = 2
"""Line of a CSV file that its first row stands in."""
_TOLD = ("aoi", "label", "simulated", "as_of", "config", "files")
_ASKED = ("start", "end", "period")
_WORDS = (
    *("period", "from_period", "to_period", "before_period", "year_ago_period", "target_period"),
    *("baseline_period", "region", "place", "section_id"),
)
"""Columns of words, also where all of them look like numbers."""


@dataclass(frozen=True)
class Cell:
    """A number of a delivered table: its delivery (area/label), the table, its line in the file (from 1)."""

    delivery: str
    table: str
    line: int
    column: str
    value: float
    unit: str


@dataclass(frozen=True)
class Row:
    """A row of a delivered table: its delivery, the table, its line in the file (from 1), its cells.

    InputError for a column that the table does not have, as another version wrote it.
    """

    delivery: str
    table: str
    line: int
    cells: Mapping[str, Any]

    def cell(self, column: str, unit: str) -> Cell | None:
        """The number of a column; None where it is not known."""
        value = self.find(column)
        if pd.isna(value):
            return None
        return Cell(self.delivery, self.table, self.line, column, float(value), unit)

    def text(self, column: str) -> str:
        """The words of a column; empty where there are none."""
        value = self.find(column)
        return "" if pd.isna(value) else str(value)

    def find(self, column: str) -> Any:
        """What stands in a column."""
        if column not in self.cells:
            raise build_column_refusal(self.delivery, self.table, column)
        return self.cells[column]


@dataclass(frozen=True)
class Published:
    """A delivery: its folder, what its manifest says, and the days and periods that it asked for."""

    folder: Path
    manifest: Mapping[str, Any]
    scenes: Scenes

    @property
    def aoi(self) -> str:
        """The id of its area."""
        return str(self.manifest["aoi"])

    @property
    def label(self) -> str:
        """Its label."""
        return str(self.manifest["label"])

    @property
    def id(self) -> str:
        """Area and label, as its folder is found."""
        return f"{self.folder.parent.name}/{self.folder.name}"

    @property
    def simulated(self) -> bool:
        """Whether anything in it is."""
        return bool(self.manifest["simulated"])

    @cached_property
    def as_of(self) -> datetime:
        """The time of its latest scene, in UTC."""
        return datetime.fromisoformat(self.manifest["as_of"]).astimezone(UTC)

    @property
    def kind(self) -> PeriodKind:
        """How long its periods are."""
        return self.scenes.period

    @cached_property
    def periods(self) -> Mapping[str, Period]:
        """Its periods by label, in order."""
        scenes = self.scenes
        return {one.label: one for one in list_periods(scenes.start, scenes.end, scenes.period)}

    @property
    def language(self) -> Language:
        """The language that its words are in."""
        language: Language = self.manifest["config"].get("language", "zh")
        return language

    @cached_property
    def outline(self) -> gpd.GeoDataFrame:
        """The area, a row per part, in EPSG:4490."""
        path = find_delivered(self.folder, ".gpkg")
        try:
            return pyogrio.read_dataframe(path, layer="aoi")
        except pyogrio.errors.DataSourceError as error:
            problem = Problem(str(path), str(error), "the GeoPackage of a delivery")
            raise InputError("A delivery cannot be read", [problem]) from error

    def name(self, language: Language) -> str:
        """The name of the area."""
        return str(self.outline[f"aoi_name_{language}"].iloc[0])

    def find_file(self, name: str) -> Path:
        """One of its files; InputError for one that is not as it was published."""
        path, promised = self.folder / name, self.manifest["files"][name]["sha256"]
        if not path.is_file() or sha256_of_file(path) != promised:
            found = "not what was published" if path.is_file() else "no such file"
            todo = "Run again to restore it"
            problem = Problem(str(path), found, f"sha256 {promised[:12]}… (manifest.json)", todo)
            raise InputError("A delivery was changed since", [problem])
        return path

    def has(self, name: str) -> bool:
        """Whether it was published with a file of that name."""
        return name in self.manifest["files"]

    def list_rows(self, stem: str, **chosen: Sequence[object]) -> list[Row]:
        """The rows of a table whose columns hold one of the chosen values, None for null; none without it."""
        table = self.table(stem)
        if table is None:
            return []
        for column, values in chosen.items():
            if column not in table:
                raise build_column_refusal(self.id, stem, column)
            held = table[column].isin([value for value in values if value is not None])
            table = table[held | table[column].isna() if None in values else held]
        return [
            Row(self.id, stem, line, dict(zip(table.columns, cells, strict=True)))
            for line, *cells in table.astype(object).itertuples(name=None)
        ]

    def table(self, stem: str) -> pd.DataFrame | None:
        """A table by the stem of its file, its index the lines of the file; None where it has none such.

        A table that is too long for CSV is one of Parquet, whose rows have the lines that they would have.
        """
        if self.has(f"tables/{stem}.parquet"):
            table = pd.read_parquet(self.find_file(f"tables/{stem}.parquet"))
            return table.set_axis(pd.RangeIndex(FIRST_LINE, FIRST_LINE + len(table)), axis=0)
        name = f"tables/{stem}.csv"
        if not self.has(name):
            return None
        table = pd.read_csv(
            self.find_file(name),
            encoding="utf-8-sig",
            dtype=dict.fromkeys(_WORDS, "object"),
            low_memory=False,
        )
        return restore_texts(table).set_axis(pd.RangeIndex(FIRST_LINE, FIRST_LINE + len(table)), axis=0)


@dataclass(frozen=True)
class Moment:
    """A period, and the one before it, by their labels; figures of change stand under both."""

    label: str
    earlier: str

    @property
    def pair(self) -> str:
        """How tables name the change from the period before to this one."""
        return f"{self.earlier}/{self.label}"


@dataclass(frozen=True)
class PeriodTriple:
    """A period, the one before, and the same one a year ago; the last two are one where periods are years."""

    now: Moment
    before: Moment
    year_ago: Moment


def find_deliveries(out: Path) -> list[Published]:
    """All deliveries of a folder, by area and label.

    SettingsError where there is none, InputError for manifests that are none of ours, all at once.
    """
    found, problems = survey_deliveries(out)
    if problems:
        raise InputError("Manifests that cannot be read", problems)
    return found


def open_published(place: Path) -> Published:
    """The delivery of a folder, or the last one of an area: of its folder, or its file `latest`.

    SettingsError for a place without one, InputError for a manifest that is none of ours.
    """
    area = place if place.is_dir() else place.parent
    pointed = place.name == "latest" or (place.is_dir() and os.path.lexists(place / "latest"))
    folder = (pointed and read_latest(area)) or place
    if not (folder / "manifest.json").is_file():
        todo = "such as delivery/<aoi>/<label>, delivery/<aoi>/latest"
        problem = Problem(str(place), "no manifest.json", "folder of a delivery", todo)
        raise SettingsError("No delivery", [problem])
    problems: list[Problem] = []
    found = _open_delivery(folder / "manifest.json", problems)
    if found is None:
        raise InputError("A manifest that cannot be read", problems)
    return found


def survey_deliveries(out: Path) -> tuple[list[Published], list[Problem]]:
    """The deliveries of a folder, by area and label, and what is wrong with manifests that are none of ours.

    SettingsError where there is neither.
    """
    paths = sorted(path for path in out.glob("*/*/manifest.json") if not path.parent.name.startswith("."))
    if not paths:
        problem = Problem(str(out), "no deliveries", "the --out of a run")
        raise SettingsError("No deliveries", [problem])
    problems: list[Problem] = []
    found = [one for path in paths if (one := _open_delivery(path, problems)) is not None]
    return found, problems


def choose_delivery(found: Sequence[Published], label: str) -> Published | None:
    """The delivery that tells of a period first of all: that ends with it, or goes the least beyond it.

    So a later run with other scenes does not change the bulletin of a period that is past. Of equals the one
    with the latest scene, then the last label.
    """
    holding = [one for one in found if label in one.periods]
    return min(
        sorted(holding, key=lambda one: (one.as_of, one.label), reverse=True),
        key=lambda one: len(one.periods) - list(one.periods).index(label),
        default=None,
    )


def find_newest_period(found: Sequence[Published]) -> str:
    """The label of the last period of all deliveries; of equal ends the shortest."""
    lasts = [list(one.periods.values())[-1] for one in found]
    return max(lasts, key=lambda period: (period.last, period.first)).label


def find_moments(delivery: Published, label: str) -> PeriodTriple:
    """A period of a delivery, and those that it is compared with."""
    first = find_whole_period(delivery.kind, delivery.periods[label]).first
    count = PERIODS_A_YEAR[delivery.kind] + 1
    labels = [one.label for one in list_complete_before(first, delivery.kind, count)]
    return PeriodTriple(
        Moment(label, labels[-1]), Moment(labels[-1], labels[-2]), Moment(labels[1], labels[0])
    )


def find_whole_period(kind: PeriodKind, period: Period) -> Period:
    """The period from its first day to its last, also where a run reaches over a part of it only."""
    year = period.last.year
    whole = list_periods(date(year - 1, 1, 1), date(year + 1, 12, 31), kind)
    return next(one for one in whole if one.label == period.label)


def _open_delivery(path: Path, problems: list[Problem]) -> Published | None:
    """The delivery of a manifest; None, and a problem, for a file that is no manifest of a delivery."""
    expected = "a manifest of ecoledger"
    try:
        manifest = load_json(path)
        asked = manifest["config"]["scenes"]
        found = Published(path.parent, manifest, Scenes(**{key: asked[key] for key in _ASKED}))
        datetime.fromisoformat(manifest.get("as_of", ""))
    except (KeyError, TypeError, ValueError) as error:
        problems.append(Problem(str(path), f"{type(error).__name__}: {error}", expected))
        return None
    lacking = [key for key in _TOLD if key not in manifest] or find_wrong_signs(manifest)
    if lacking:
        problems.append(Problem(str(path), f"no {', '.join(lacking)}", expected))
        return None
    return found


def group_by_area(found: Sequence[Published]) -> Mapping[str, list[Published]]:
    """Deliveries by the id of their area, in order."""
    areas: dict[str, list[Published]] = {}
    for one in found:
        areas.setdefault(one.aoi, []).append(one)
    return areas


def list_labels(found: Sequence[Published]) -> Iterator[str]:
    """All labels of periods, each once, in order."""
    yield from dict.fromkeys(label for one in found for label in one.periods)


def build_column_refusal(delivery: str, table: str, column: str) -> InputError:
    """What is said of a column that a delivered table does not have."""
    place, found = f"{delivery}/tables/{table}.csv", f"no column {column}"
    todo = "Run again with this version"
    problem = Problem(place, found, "a delivery of this version", todo)
    return InputError("A table of a delivery lacks a column", [problem])


def refuse_parts(package: Path) -> None:
    """InputError for the GeoPackage of a register of which no single one holds all rows."""
    if REGISTER_PARTS in {str(name) for name, _ in pyogrio.list_layers(package)}:
        expected, todo = "a register that one GeoPackage holds", "Open those in parts/"
        problem = Problem(str(package), "a register in parts", expected, todo)
        raise InputError("A register in parts is not read as a whole", [problem])
