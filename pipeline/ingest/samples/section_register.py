"""The register of river sections: ids, names, aliases, water bodies, target classes, places."""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from pipeline.errors import InputError, Problem
from pipeline.ingest.samples import cells
from pipeline.ingest.samples.figures import read_numbers
from pipeline.ingest.samples.headings import read_heading
from pipeline.ingest.samples.layouts import HEADING_ROWS
from pipeline.ingest.samples.levels import join_levels
from pipeline.ingest.samples.notes import HIDDEN_SHEET
from pipeline.ingest.samples.opening import read_sheets
from pipeline.ingest.samples.places import AXES, read_angles
from pipeline.ingest.samples.sheets import Sheet

REGISTER_COLUMNS = [
    "section_id", "province", "basin", "river", "section", "aliases", "water_body", "target_class",
    "lon", "lat", "altitude_m", "aoi", "reach", "upstream_unit", "downstream_unit", "control",
]  # fmt: skip

WATER_BODIES = {
    "river": "river", "河流": "river", "河": "river", "江河": "river",
    "lake": "lake", "湖泊": "lake", "湖库": "lake", "湖": "lake", "水库": "lake", "湖泊水库": "lake",
}  # fmt: skip
"""Kinds of bodies of water by the words for them."""

_CLASSES = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "1": 1, "2": 2, "3": 3, "4": 4, "5": 5,
            "一": 1, "二": 2, "三": 3, "四": 4, "五": 5}  # fmt: skip

_NUMBERS = {**AXES, "altitude_m": (-500.0, 9000.0)}


def read_sections(path: Path) -> pd.DataFrame:
    """Register of sections from a CSV or Excel table, or a vector file, one row per section.

    All sheets, and layers, that have the headings are read, but for hidden ones; where there are no columns
    of longitude and latitude, the place of a feature is that of its section.

    `section_id` and `section` are given for all, `aliases` are joined by `;` (also read as `、`, `,`),
    `water_body` is river, lake or null, `target_class` 1 to 5 (`Int64`, read from Ⅲ, III, 3, Ⅲ类), `lon` and
    `lat` degrees or NaN, `altitude_m` metres above the sea or NaN. `aoi` is the id of the area that a section
    belongs to, `reach` the parcel or unit of the land register that it assesses, `control` the id of the
    section that it is compared with (read from its id or name); these, the names of places and the units up-
    and downstream are null where unknown.

    Raises InputError with every mistake and its place.
    """
    if not path.is_file():
        problem = Problem(str(path), "no such file", "a CSV or XLSX register of sections")
        raise InputError("The register of sections cannot be read", [problem])
    sheets = [join_levels(sheet, {}) for sheet in read_sheets(path)]
    parts = [(sheet, *found) for sheet in sheets if (found := _find_headings(sheet))]
    shown = [part for part in parts if not part[0].traits.is_hidden]
    if not shown:
        expected = "a row of headings with section_id and section"
        hidden = [Problem(f"{path.name}, {sheet.name}", HIDDEN_SHEET, expected) for sheet, *_ in parts]
        problems = hidden or [Problem(path.name, "none", expected)]
        raise InputError("The register of sections cannot be read", problems)
    return _read_parts(path, shown)


def _read_parts(path: Path, parts: list[tuple[Sheet, int, dict[str, int]]]) -> pd.DataFrame:
    contradictions = [problem for sheet, row, _ in parts for problem in _find_contradictions(sheet, row)]
    if contradictions:
        raise InputError(f"The register of sections {path.name} says two things", contradictions)
    named = len(parts) > 1
    return _build_register(path.name, pd.concat([_read_texts(*part, named=named) for part in parts]))


def _find_headings(sheet: Sheet) -> tuple[int, dict[str, int]] | None:
    """Row of the headings and position of each column that is known."""
    for row, texts in enumerate(sheet.head[:HEADING_ROWS], 1):
        names = [read_heading(text) for text in texts]
        positions = {
            name.means: position
            for position, name in reversed(list(enumerate(names)))
            if name and name.means in REGISTER_COLUMNS
        }
        if {"section_id", "section"} <= set(positions):
            return row, positions
    return None


def _find_contradictions(sheet: Sheet, heading_row: int) -> Iterator[Problem]:
    """Columns that mean the same and say another thing in some row."""
    headings, body = sheet.cells.loc[heading_row], sheet.cells.loc[heading_row + 1 :]
    names = [read_heading(str(text)) for text in headings]
    for role in REGISTER_COLUMNS:
        first, *others = [place for place, name in enumerate(names) if name and name.means == role] or [-1]
        for other in others:
            rows = body.index[(body[other] != "") & (body[other] != body[first])]
            if len(rows):
                said = [f"{headings[column]} {body[column][rows[0]]!r}" for column in (first, other)]
                place = f"{sheet.file}, {sheet.name or 'table'}, row {rows[0]}, {role}"
                yield Problem(
                    place, ", ".join(said), "one column for it", "Remove or rename the other column"
                )


def _read_texts(sheet: Sheet, heading_row: int, positions: dict[str, int], *, named: bool) -> pd.DataFrame:
    """What stands under the headings, by where it stands; with the name of the sheet if it is `named`."""
    body = sheet.cells.loc[heading_row + 1 :]
    body = body[(body != "").any(axis=1)]
    found = {name: body[position] for name, position in positions.items()}
    if sheet.points is not None and not set(AXES) & set(positions):
        places = sheet.points.reindex(body.index)
        found |= {axis: places[axis].map(repr).where(places[axis].notna(), "") for axis in AXES}
    none = pd.Series("", index=body.index, dtype=str)
    where = f"{sheet.name}, " if named else ""
    texts = pd.DataFrame({name: found.get(name, none) for name in REGISTER_COLUMNS}, index=body.index)
    return texts.set_axis([f"{where}row {row}" for row in body.index])


def _build_register(file: str, texts: pd.DataFrame) -> pd.DataFrame:
    register = pd.DataFrame({name: cells.tidy_names(texts[name]) for name in texts}, index=texts.index)
    register["aliases"] = cells.map_once(texts["aliases"], _read_aliases)
    water_body = register["water_body"].str.casefold().map(WATER_BODIES)
    target_class = pd.to_numeric(register["target_class"].map(read_class, na_action="ignore")).astype("Int64")
    places = {axis: read_angles(texts[axis]) for axis in AXES}
    numbers = {
        name: _read_within(places.get(name, texts[name]), *bounds) for name, bounds in _NUMBERS.items()
    }
    parsed: dict[str, pd.Series] = {"water_body": water_body, "target_class": target_class, **numbers}
    parsed["control"] = _find_controls(register)
    problems = [
        *_find_missing(register),
        *_find_duplicates(register),
        *_find_unreadable(register, parsed),
        *_find_open_cells(register.drop(columns=[*parsed])),
    ]
    if problems:
        found = [Problem(f"{file}, {place}", *rest) for place, *rest in sorted(problems)]
        raise InputError(f"The register of sections {file} has mistakes", found)
    return register.assign(**parsed)[REGISTER_COLUMNS].reset_index(drop=True)


def _read_aliases(text: str) -> str:
    names = (" ".join(part.split()) for part in re.split(r"[;；、,，]", text))
    return ";".join(name for name in names if name)


def read_class(text: str) -> float:
    """The water class that a text names, 1 to 5; NaN for none."""
    plain = unicodedata.normalize("NFKC", text).casefold().removesuffix("类").replace(" ", "")
    return _CLASSES.get(plain, float("nan"))


def _read_within(texts: pd.Series, low: float, high: float) -> pd.Series:
    values = read_numbers(texts)["value"]
    return values.where(values.between(low, high))


def _find_controls(register: pd.DataFrame) -> pd.Series:
    """Ids of the sections that are named by their id or, where only one has it, their name."""
    single = register[~register["section"].duplicated(keep=False)].dropna(subset=["section", "section_id"])
    by_name = dict(zip(single["section"], single["section_id"], strict=True))
    by_id = {name: name for name in register["section_id"].dropna()}
    return register["control"].map({**by_name, **by_id}, na_action="ignore").astype(object)


def _find_missing(register: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    for name in ("section_id", "section"):
        for row in register.index[register[name].isna()]:
            yield f"{row}, {name}", "nothing", "a value for every section"
    if register.empty:
        yield "all rows", "no section", "at least one section below the headings"


def _find_duplicates(register: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    rules = {
        "section_id": (["section_id"], "an id of its own for every section"),
        "section": (["province", "basin", "section"], "one row for a name in a province and basin"),
    }
    for column, (keys, expected) in rules.items():
        given = register[register[column].notna()]
        for row, value in given.loc[given.duplicated(keys), column].items():
            yield f"{row}, {column}", repr(value), expected


def _find_open_cells(texts: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    """Errors, and formulas without a result that holds, where any text may stand."""
    for column in texts:
        given = texts[column].dropna()
        for row, value in given[given.map(cells.is_unresolved).astype(bool)].items():
            yield f"{row}, {column}", repr(value), "a text, or a formula with the result that Excel stores"


def _find_unreadable(register: pd.DataFrame, parsed: dict[str, pd.Series]) -> Iterator[tuple[str, str, str]]:
    expected = {
        "water_body": "river or lake",
        "target_class": "a class from Ⅰ to Ⅴ",
        "lon": "degrees from -180 to 180, such as 121.504 or 121°30′15″E; not metres of a map",
        "lat": "degrees from -90 to 90, such as 31.401 or 31°24′4″N; not metres of a map",
        "altitude_m": "metres above the sea, from -500 to 9000",
        "control": "the id or the name of a section of this register",
    }
    for column, values in parsed.items():
        bad = register[column].notna() & values.isna()
        for row, value in register.loc[bad, column].items():
            yield f"{row}, {column}", repr(value), expected[column]
    half = parsed["lon"].isna() ^ parsed["lat"].isna()
    for row in register.index[half & register["lon"].isna() | half & register["lat"].isna()]:
        yield f"{row}, lon and lat", "one of them", "both or none"
