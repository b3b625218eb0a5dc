"""Registers of rights and of trades out of all their files, as long tables; what is not used and why."""

from collections.abc import Sequence
from typing import NamedTuple

import geopandas as gpd
import pandas as pd

from pipeline.errors import InputError, Problem
from pipeline.geodesy import CGCS2000
from pipeline.ingest import rejects
from pipeline.ingest.rejects import Reject, explain_rejects, tabulate_rejects
from pipeline.ingest.rights import advice
from pipeline.ingest.rights.amounts import RightAmount
from pipeline.ingest.rights.headings import RightsLayout, find_rights_layout
from pipeline.ingest.rights.holders import IDENTITIES, identify_holders
from pipeline.ingest.rights.licences import LICENCE_COLUMNS, read_licences
from pipeline.ingest.rights.merging import merge_amounts, merge_rights, merge_trades, name_rights
from pipeline.ingest.rights.sheets import RightsSheet, find_rights_paths, read_rights_sheets
from pipeline.ingest.rights.tables import RightsTable
from pipeline.ingest.rights.trades import TradeSide, read_trades
from pipeline.ingest.samples.sheets import Sheet
from pipeline.settings.rights import RightsFile

_PLACE = ["file", "sheet", "row"]
_TOLD = ["right_kind", "masked", *_PLACE]
_NO_LICENCES = gpd.GeoDataFrame(
    columns=[*LICENCE_COLUMNS, *_TOLD, "geometry"], geometry="geometry", crs=CGCS2000
)
_NO_AMOUNTS = pd.DataFrame(columns=list(dict.fromkeys([*RightAmount._fields, *_PLACE])))
_NO_SIDES = pd.DataFrame(columns=list(dict.fromkeys([*TradeSide._fields, *_TOLD])))
_NO_FILE = (
    "no such file",
    "a file, or a pattern that one fits",
)


class RightTables(NamedTuple):
    """Rights with their places, their amounts, the sides of trades, and what is not used.

    `rights` has a row by `right_id` (see `merging.merge_rights`), `amounts` by right, what (granted, used),
    resource and year (null: every year), `sides` by trade, resource and side, `value` what its party gains.
    Amounts are in the units of `rights_resources`. `holder_id` is that of one unit throughout.
    """

    rights: gpd.GeoDataFrame
    amounts: pd.DataFrame
    sides: pd.DataFrame
    rejects: pd.DataFrame


class _Read(NamedTuple):
    """What the tables hold, row by row."""

    licences: gpd.GeoDataFrame = _NO_LICENCES
    amounts: pd.DataFrame = _NO_AMOUNTS
    sides: pd.DataFrame = _NO_SIDES
    lost: Sequence[Reject] = ()


def read_rights(registers: Sequence[RightsFile]) -> RightTables:
    """Rights and trades of all registers.

    Raises InputError, with every problem, for paths that lead nowhere, files that cannot be opened or placed,
    and where nothing of any file can be used.
    """
    read = _join([_read_sheet(sheet, register) for register, sheet in _open_all(registers)])
    if registers and read.licences.empty and read.sides.empty:
        table = tabulate_rejects(read.lost)
        raise InputError("No register of rights can be used", explain_rejects(table))
    licences, sides = _identify(read.licences, read.sides)
    licences = licences.assign(right_id=name_rights(licences))
    known = licences.set_index(_PLACE)[["right_id", "outlet"]]
    amounts, repeats = merge_amounts(read.amounts.join(known, on=_PLACE))
    trades, doubles = merge_trades(sides)
    rejected = tabulate_rejects([*read.lost, *repeats, *doubles])
    return RightTables(merge_rights(licences), amounts, trades, rejected)


def _open_all(registers: Sequence[RightsFile]) -> list[tuple[RightsFile, RightsSheet]]:
    """Sheets of all files with their registers; InputError with all that is wrong with any of them."""
    sheets: list[tuple[RightsFile, RightsSheet]] = []
    problems: list[Problem] = []
    for register in registers:
        paths = find_rights_paths(register.path)
        problems += [] if paths else [Problem(register.path, *_NO_FILE)]
        for path in paths:
            try:
                sheets += [(register, sheet) for sheet in read_rights_sheets(path, register)]
            except InputError as error:
                problems += error.problems
    if problems:
        raise InputError("Registers of rights cannot be read", problems)
    return [(register, sheet) for register, sheet in sheets if not sheet.sheet.is_empty]


def _read_sheet(placed: RightsSheet, register: RightsFile) -> _Read:
    sheet = placed.sheet
    said = [
        Reject(sheet.file, sheet.name, 0, "", f"{remark}: {found}", rejects.SAID)
        for found, remark in sheet.traits.remarks
    ]
    layout = find_rights_layout(sheet, register)
    if fault := _find_fault(sheet, layout):
        return _Read(lost=[*said, fault])
    assert layout
    table = RightsTable(placed, layout, register)
    table.lose_columns()
    read = _read_trades(table) if register.kind.endswith("_trade") else _read_licences(table)
    return read._replace(lost=[*said, *table.lost])


def _find_fault(sheet: Sheet, layout: RightsLayout | None) -> Reject | None:
    """Why nothing of a sheet is used; None where it can be."""
    if sheet.traits.is_hidden:
        return Reject(sheet.file, sheet.name, 0, "", sheet.name, rejects.HIDDEN)
    if layout is None:
        top = " ".join(text for text in sheet.head[0] if text)[:60]
        return Reject(sheet.file, sheet.name, 0, "", top, advice.NO_HEADINGS)
    if layout.doubled:
        doubled = [layout.texts[place] for place, one in layout.columns.items() if one.ours in layout.doubled]
        return Reject(sheet.file, sheet.name, layout.heading_row, "", ", ".join(doubled), rejects.DOUBLED)
    return None


def _read_licences(table: RightsTable) -> _Read:
    rows, amounts = read_licences(table)
    places = table.tell_places(rows.index)
    told = rows.assign(right_kind=table.register.kind, masked=table.register.mask_holders, **places)
    figures = pd.DataFrame(amounts, columns=list(RightAmount._fields))
    known = figures.assign(**table.tell_places(pd.Index(figures["row"])))
    return _Read(licences=told.reset_index(drop=True), amounts=known)


def _read_trades(table: RightsTable) -> _Read:
    sides = pd.DataFrame(read_trades(table), columns=list(TradeSide._fields))
    told = {"right_kind": table.register.kind, "masked": table.register.mask_holders, "column": ""}
    return _Read(sides=sides.assign(**told, **table.tell_places(pd.Index(sides["row"]))))


def _join(parts: Sequence[_Read]) -> _Read:
    """All tables under one another."""
    return _Read(
        gpd.GeoDataFrame(_concat([part.licences for part in parts], _NO_LICENCES), crs=CGCS2000),
        _concat([part.amounts for part in parts], _NO_AMOUNTS),
        _concat([part.sides for part in parts], _NO_SIDES),
        [one for part in parts for one in part.lost],
    )


def _concat(tables: Sequence[pd.DataFrame], none: pd.DataFrame) -> pd.DataFrame:
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else none


def _identify(licences: gpd.GeoDataFrame, sides: pd.DataFrame) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Rights and sides with `holder_id` and `holder` of one unit throughout, persons masked."""
    asked = [*IDENTITIES, "masked"]
    both = pd.concat([licences.rename(columns={"holder": "party"})[asked], sides[asked]], ignore_index=True)
    found = identify_holders(both)
    ours, theirs = found[: len(licences)], found[len(licences) :].set_axis(sides.index)
    hidden = ["person", "masked"]
    named = licences.drop(columns=[*hidden, "holder"]).join(ours)
    return named, sides.drop(columns=[*hidden, "party"]).join(theirs)


def add_outside(read: RightTables, inside: pd.Series) -> pd.DataFrame:
    """What is not used of the registers, with one row a file for its rights that are not `inside` (ids)."""
    others = read.rights[~read.rights["right_id"].isin(inside)]
    counts = others.groupby("file", sort=True)["right_id"].size()
    lost = [
        Reject(str(file), "", 0, "", str(count), advice.ELSEWHERE).fill(count=count)
        for file, count in counts.items()
    ]
    return pd.concat([read.rejects, tabulate_rejects(lost)], ignore_index=True)
