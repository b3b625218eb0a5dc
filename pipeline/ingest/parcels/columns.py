"""What the columns of a register mean: as the config maps them, else recognised by profile."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import pandas as pd

from pipeline import standards
from pipeline.errors import Problem
from pipeline.ingest.parcels.vector_layer import VectorLayer, vector_error
from pipeline.ingest.samples.headings import fold
from pipeline.settings.parcels import ParcelFile

ATTRIBUTES = (
    "parcel_no",
    "unit_no",
    "unit_name",
    "unit_type",
    "region_code",
    "dlbm",
    "owner_type",
    "owner_subject",
    "represent_subject",
    "agent_subject",
    "exercise_mode",
    "right_type",
    "right_holder",
    "planning_use",
    "special_protection",
    "protection_status",
    "use_status",
    "area_registered_m2",
)
"""What a survey has to record; a register that lacks one of them is told so."""

PARTS = ("state_area_m2", "collective_area_m2", "disputed_area_m2")
EXTRAS = ("resource_kind", *PARTS, "red_line", "linked_rights")
"""What only some registers have."""

AREAS = ("area_registered_m2", *PARTS)
_KNOWN = ("parcel_id", *ATTRIBUTES, *EXTRAS, "area_unit")
_OWN = "ecoledger"
_UNITS = MappingProxyType(
    {"平方米": "m2", "m2": "m2", "sqm": "m2", "公顷": "ha", "hm2": "ha", "ha": "ha", "亩": "mu", "mu": "mu"}
)
_WITH_UNIT = re.compile(rf"(?P<name>.*面积)[-(\[/_,:]?(?P<unit>{'|'.join(_UNITS)})[)\]]?")


@dataclass(frozen=True)
class RegisterColumn:
    """A column of theirs, and how it is read: the unit of an area, or the letters before a code of a kind."""

    theirs: str
    reading: str = ""


@dataclass(frozen=True)
class _Heading:
    """A column as it is spelled, as it is compared, and the unit that it names, if any."""

    spelled: str
    name: str
    unit: str


def find_columns(layer: VectorLayer, file: ParcelFile) -> dict[str, RegisterColumn]:
    """Theirs by our name: as mapped, else recognised from the `parcel_columns` table, by key or Chinese name.

    Case, blanks and width do not matter, and an area may name its unit, as 面积（亩）. By `profile: auto` the
    profile that knows most of the columns goes first, then all others. Raises InputError with every column
    that is mapped and not there, and every name that is not ours.
    """
    there = ", ".join(layer.columns) or "no attribute"
    problems = [
        Problem(f"{layer.place}, column {theirs}", f"the columns {there}", f"the column mapped to {ours}")
        for ours, theirs in file.columns.items()
        if theirs not in layer.columns
    ]
    problems += [
        Problem(f"parcels.columns, {ours}", "a name that is not ours", f"one of {', '.join(_KNOWN)}")
        for ours in file.columns
        if ours not in _KNOWN
    ]
    if problems:
        raise vector_error(*problems)
    mapped = {ours: RegisterColumn(theirs) for ours, theirs in file.columns.items()}
    return {**_recognise(layer.columns, file.profile), **mapped}


def list_missing(columns: dict[str, RegisterColumn]) -> list[str]:
    """What a survey has to record and the register does not have."""
    return [name for name in ATTRIBUTES if name not in columns]


def _recognise(columns: Sequence[str], profile: str) -> dict[str, RegisterColumn]:
    spelled = {heading.name: heading for heading in map(_read_heading, reversed(columns))}
    there = _list_names()
    there = there[there["theirs"].isin(spelled)]
    ordered = _order_by_profile(there, profile).drop_duplicates("ours")
    rows = ordered[["theirs", "ours", "reading"]].itertuples(index=False)
    return {
        str(row.ours): RegisterColumn(heading.spelled, heading.unit or str(row.reading))
        for row in rows
        if not (heading := spelled[str(row.theirs)]).unit or row.ours in AREAS
    }


@cache
def _list_names() -> pd.DataFrame:
    """The `parcel_columns` table by key, and again by Chinese name."""
    table = standards.table("parcel_columns")
    both = pd.concat([table, table.assign(theirs=table["name_zh"])], ignore_index=True)
    return both.assign(theirs=both["theirs"].map(fold)).drop_duplicates(["profile", "theirs", "ours"])


def _read_heading(column: str) -> _Heading:
    """A heading for comparison, and the unit that it names."""
    name = fold(column)
    told = _WITH_UNIT.fullmatch(name)
    return _Heading(column, told["name"], _UNITS[told["unit"]]) if told else _Heading(column, name, "")


def _order_by_profile(there: pd.DataFrame, profile: str) -> pd.DataFrame:
    """Rows of the table in the order in which they count."""
    if profile != "auto":
        return there[there["profile"].isin([_OWN, profile])]
    fits = there["profile"].map(there["profile"].value_counts()).astype(int)
    own = there["profile"].eq(_OWN)
    ordered = there.assign(own=own, fits=fits)
    return ordered.sort_values(["own", "fits"], ascending=False, kind="stable")
