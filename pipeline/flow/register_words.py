"""What `validate` says of a land register: how it is read, and how many of its parcels lie in the area."""

from pipeline import ingest
from pipeline.aoi import Aoi
from pipeline.errors import InputError, Problem


def describe_register(register: "ingest.parcels.LandRegister", aoi: Aoi, inside: int, classed: int) -> str:
    """A register in words: its parcels in the area, those with a land class, and what its columns mean."""
    read = ", ".join(f"{theirs} → {ours}" for ours, theirs in register.columns.items())
    counted = f"{inside} parcels in {aoi.id}, {classed} of them with a land class"
    lines = [
        f"{register.place}: {counted}",
        f"  columns as read: {read or 'none'}",
        f"  columns not used: {', '.join(register.unread) or 'none'}",
        f"  columns that it lacks: {', '.join(register.missing) or 'none'}",
    ]
    return "\n".join(lines)


def explain_absence(register: "ingest.parcels.LandRegister", aoi: Aoi) -> InputError:
    """The error for a register without a parcel in an area: where its parcels are."""
    west, south, east, north = aoi.geometry.bounds
    where = register.elsewhere
    found = (
        f"{where.count} parcels around {where.lon:.3f}, {where.lat:.3f}{where.likely and f', {where.likely}'}"
        if where
        else "parcels beside the outline of the area"
    )
    expected = f"parcels in {aoi.id} ({west:.3f} to {east:.3f}, {south:.3f} to {north:.3f})"
    todo = "Name the register of this area, or the CRS that it is in (parcels.crs)"
    problem = Problem(register.place, found, expected, todo)
    return InputError("No parcel of the register lies in the area", [problem])


def explain_columns(register: "ingest.parcels.LandRegister") -> InputError:
    """The error for a register of which no column is known by its name."""
    found = ", ".join(register.unread) or "no column"
    expected = "at least one column that is known by its name"
    todo = "Map them in parcels.columns, such as parcel_no and dlbm"
    problem = Problem(f"{register.place}, columns", found, expected, todo)
    return InputError("No column of the register is known", [problem])
