"""What the columns of a register mean: as the config maps them, else recognised by profile."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from pipeline import standards
from pipeline.errors import Problem
from pipeline.ingest.parcels.vectors import VectorLayer, vector_error
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


@dataclass(frozen=True)
class RegisterColumn:
    """A column of theirs, and how it is read: the unit of an area, or the letters before a code of a kind."""

    theirs: str
    reading: str = ""


def find_columns(layer: VectorLayer, file: ParcelFile) -> dict[str, RegisterColumn]:
    """Theirs by our name: as mapped, else recognised from the `parcel_columns` table, whatever the case.

    With `profile: auto` the profile that knows most of the columns goes first, then all others. Raises
    InputError with every column that is mapped and not there, and every name that is not ours.
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
    spelled = {name.lower(): name for name in reversed(columns)}
    table = standards.table("parcel_columns")
    there = table[table["theirs"].isin(spelled)]
    ordered = _order_by_profile(there, profile).drop_duplicates("ours")
    rows = ordered[["theirs", "ours", "reading"]].itertuples(index=False)
    return {str(row.ours): RegisterColumn(spelled[str(row.theirs)], str(row.reading)) for row in rows}


def _order_by_profile(there: pd.DataFrame, profile: str) -> pd.DataFrame:
    """Rows of the table in the order in which they count."""
    if profile != "auto":
        return there[there["profile"].isin([_OWN, profile])]
    fits = there["profile"].map(there["profile"].value_counts()).astype(int)
    own = there["profile"].eq(_OWN)
    ordered = there.assign(own=own, fits=fits)
    return ordered.sort_values(["own", "fits"], ascending=False, kind="stable")
