"""Projects of an area: riverside belts, villages, pledged units, carbon projects."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

import geopandas as gpd
import pandas as pd

from pipeline import contracts, standards
from pipeline.aoi import Aoi
from pipeline.errors import InputError, Problem
from pipeline.geodesy import CGCS2000
from pipeline.ingest.parcels.holders import mask_persons
from pipeline.ingest.parcels.named_polygons import read_named_polygons
from pipeline.ingest.samples.headings import fold
from pipeline.settings.statistics import ProjectFile

_MARKED = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?:[T ].*)?")
_BARE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_YES = frozenset({"是", "有", "yes", "y", "true", "t", "1"})
_NO = frozenset({"否", "无", "没有", "no", "n", "false", "f", "0", "none"})


def read_projects(files: Sequence[ProjectFile], aoi: Aoi) -> gpd.GeoDataFrame:
    """Projects that reach into an area (`contracts.PROJECTS`), their ground cut to it; they may overlap.

    Rows of one id are one project. `attrs["shifts"]` tells of each file how its coordinates came to CGCS2000.

    Raises InputError, with every mistake and its row: as `read_named_polygons`, a project without an id or
    name, an unknown kind, a day that is none, an end before the start, an answer that is neither yes nor no,
    rows or files that say two things of one project.
    """
    parts = [_read_file(file, aoi) for file in files]
    table = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True)) if parts else _build_none()
    twice = table["project"][table["project"].duplicated()].unique()
    if len(twice):
        problems = [
            Problem(f"projects, {name}", "in several files", "one project of an id") for name in twice
        ]
        raise _explain(problems)
    checked = contracts.check_table(table, contracts.PROJECTS)
    checked.attrs["shifts"] = [part.attrs["shift"] for part in parts]
    return checked


def _read_file(file: ProjectFile, aoi: Aoi) -> gpd.GeoDataFrame:
    rows = read_named_polygons(
        file.path, "projects", aoi, file.columns, layer=file.layer, encoding=file.encoding, crs=file.crs
    )
    rows = rows.assign(
        project=rows["project"].fillna(rows["name"]),
        name=rows["name"].fillna(rows["project"]),
        kind=rows["kind"].fillna(file.kind) if file.kind else rows["kind"],
        start=rows["start"].fillna(file.start.isoformat()) if file.start else rows["start"],
        end=rows["end"].fillna(file.end.isoformat()) if file.end else rows["end"],
    )
    problems: list[Problem] = []
    read = {name: _read_column(file.path, rows[name], name, problems) for name in _READERS}
    full = rows.assign(**read)
    problems += [*_find_mistakes(file.path, full, rows)]
    if problems:
        raise _explain(problems)
    if file.mask_holders:
        full["holder"] = mask_persons(full["holder"])
    joined = full.dissolve("project", aggfunc="first", sort=True).reset_index()
    joined.attrs["shift"] = rows.attrs["shift"]
    return joined


def _read_column(path: str, texts: pd.Series, name: str, problems: list[Problem]) -> pd.Series:
    """Values of a column; null where there is no text, and a problem where it cannot be read."""
    expected, read = _READERS[name]
    values = texts.map(read, na_action="ignore").astype(object)
    wrong = texts.notna() & values.isna()
    problems += [
        Problem(f"{path}, row {row}, {name}", repr(text), expected) for row, text in texts[wrong].items()
    ]
    return values.where(values.notna(), None)


def _read_kind(text: str) -> str | None:
    names = {
        fold(alias): row["kind"]
        for row in standards.read_rows("project_kinds")
        for alias in row["aliases"].split(";")
    }
    return names.get(fold(text))


def _read_day(text: str) -> str | None:
    parts = _MARKED.fullmatch(text) or _BARE.fullmatch(text)
    try:
        return date(*(int(part) for part in parts.groups())).isoformat() if parts else None
    except ValueError:
        return None


def _read_answer(text: str) -> bool | None:
    plain = fold(text)
    return True if plain in _YES else False if plain in _NO else None


def _read_species(text: str) -> str:
    return "none" if fold(text) in _NO else text


_READERS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "kind": (
        "one of belt, village, pledged, carbon",
        _read_kind,
    ),
    "start": ("a day such as 2024-03-01", _read_day),
    "end": ("a day such as 2024-03-01", _read_day),
    "intertidal": ("yes or no", _read_answer),
    "alien_species": ("names, or none", _read_species),
}


def _find_mistakes(path: str, full: gpd.GeoDataFrame, rows: gpd.GeoDataFrame) -> Iterator[Problem]:
    for row in full.index[full["project"].isna()]:
        yield Problem(
            f"{path}, row {row}",
            "no id and no name",
            "an id or a name",
            "columns: project, name",
        )
    for row in full.index[rows["kind"].isna()]:
        yield Problem(f"{path}, row {row}, kind", "nothing", _READERS["kind"][0], "kind: belt")
    dated = full.dropna(subset=["start", "end"])
    for row in dated.index[dated["end"] < dated["start"]]:
        found = f"{full['start'][row]} .. {full['end'][row]}"
        yield Problem(f"{path}, row {row}", found, "an end that is not before the start")
    said = full.drop(columns="geometry").groupby("project", sort=True).nunique(dropna=True)
    for project, counts in said.iterrows():
        for column in counts.index[counts > 1]:
            values = ", ".join(
                sorted(map(str, full.loc[full["project"] == project, column].dropna().unique()))
            )
            yield Problem(f"{path}, {project}, {column}", values, "one value of a project")


def _explain(problems: list[Problem]) -> InputError:
    return InputError("The projects cannot be used", problems)


def _build_none() -> gpd.GeoDataFrame:
    columns = {name: pd.Series(dtype=object) for name in contracts.PROJECTS.columns}
    return gpd.GeoDataFrame(columns, geometry=[], crs=CGCS2000)
