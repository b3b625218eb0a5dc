"""What staff completed of the catalogue by hand: templates read back, and what of them is not used."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from pipeline import contracts, standards
from pipeline.contracts import KEY_CHECK, SUPPLEMENT_FACTS, SUPPLEMENT_ITEMS, SUPPLEMENT_KEYS
from pipeline.errors import InputError, Problem
from pipeline.ingest import rejects
from pipeline.ingest.rejects import Advice, Reject
from pipeline.ingest.samples.cells import NOTHING
from pipeline.ingest.samples.headings import fold
from pipeline.ingest.samples.notes import ERROR, FORMULA
from pipeline.ingest.samples.opening import find_paths, read_sheets
from pipeline.ingest.samples.sheets import Sheet

_MOST_HEAD_ROWS = 10
"""Above the headings there may be a title and remarks."""
_MOST_LETTERS = 500
_UNIT = re.compile(r"\([^()]*\)$")
_TEMPLATE = "用交付中的补录表填写 / complete the template of the delivery"
NO_KEY = Advice("“地块标识”列 / a column parcel id", _TEMPLATE)
NO_ITEM = Advice("可填写的列：{names} / columns to complete", _TEMPLATE)
STRANGE_COLUMN = Advice(
    "补录表的列 / a column of the template", "改正表头，或删去此列 / mend the heading or delete it"
)
STRANGE_AREA = Advice("试点区：{names} / an area", "从补录表复制该列 / copy it from the template")
STRANGE_PARCEL = Advice(
    "本试点区登记的地块标识 / the id of a parcel of this area",
    "从补录表复制编码；长数字编码请按文本保存 / copy it from the template; keep long numbers as text",
)
STRANGE_PRODUCT = Advice(
    "该地块供给的产品：{names} / a product that the parcel supplies", "从补录表复制产品代码 / copy its code"
)
CHANGED_KEY = Advice(
    "与编码一致的校验码 {check} / the check of these keys",
    "编码或校验码被改动：恢复该行的编码 / a key of the row was changed: restore it",
)
NO_TEXT = Advice("文字 / text", "改成文字；公式请粘贴为值 / write text; paste formulas as values")
LONG = Advice(f"不超过 {_MOST_LETTERS} 字 / at most {_MOST_LETTERS} letters", "缩短 / shorten it")


class Supplement(NamedTuple):
    """What is used (SUPPLEMENT, `as_registered` and `cat3_name` null), and what is not and why (REJECTED)."""

    entries: pd.DataFrame
    rejects: pd.DataFrame


@dataclass(frozen=True)
class SupplementKeys:
    """What a row may be of: `aoi` with its parcels and the codes of the products of each, other `areas`."""

    aoi: str
    areas: frozenset[str]
    products: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Entry:
    """A text that someone wrote: of which parcel or product, which item, and where."""

    parcel_id: str
    cat2_code: str | None
    item: str
    text: str
    file: str
    sheet: str
    row: int

    @property
    def place(self) -> str:
        """Where it stands, in words."""
        return ", ".join(part for part in (self.file, self.sheet, f"row {self.row}") if part)


@dataclass(frozen=True)
class _Layout:
    """Where the headings stand, and which column is of what."""

    row: int
    columns: Mapping[str, int]

    @property
    def kind(self) -> str:
        return "products" if "cat2_code" in self.columns else "parcels"


def read_supplement(patterns: Iterable[str], known: SupplementKeys) -> Supplement:
    """What tables say of the parcels and products of an area: workbooks of any office program, or CSV.

    Rows of other areas are left to these, rows in which nothing is completed are passed over. An id that the
    area does not have, a product that its parcel does not supply, keys that were changed and what two places
    say differently are rejected, each by name; equal repetitions count once. Raises InputError for a path
    that leads nowhere, a file that cannot be read or has no headings of the template, and where all that was
    completed is rejected.
    """
    paths = _find_files(patterns)
    found: list[Entry] = []
    lost: list[Reject] = []
    for path in paths:
        entries, more = _read_file(path, known)
        found += entries
        lost += more
    kept, more = _settle(found)
    table = rejects.tabulate_rejects([*lost, *more])
    if lost and not found:
        raise InputError("Nothing of the supplement can be used", rejects.explain_rejects(table))
    return Supplement(_tabulate(kept), table)


def _find_files(patterns: Iterable[str]) -> list[Path]:
    listed = [(pattern, find_paths(pattern)) for pattern in patterns]
    missing = [
        Problem(pattern, "no such file", "a table, or a pattern that one fits")
        for pattern, paths in listed
        if not paths
    ]
    if missing:
        raise InputError("The supplement cannot be found", missing)
    return list(dict.fromkeys(path.resolve() for _, paths in listed for path in paths))


def check_supplement(patterns: Iterable[str]) -> None:
    """InputError where a path leads nowhere, or a file is no completed template."""
    for path in _find_files(patterns):
        _open_tables(path)


def _open_tables(path: Path) -> list[tuple[Sheet, _Layout]]:
    """Sheets with headings of the template; others, such as how to complete it, are none."""
    sheets = [(sheet, _find_layout(sheet)) for sheet in read_sheets(path) if not sheet.is_empty]
    tables = [(sheet, layout) for sheet, layout in sheets if layout]
    if all(sheet.traits.is_hidden for sheet, _ in tables):
        found = "no headings of the template"
        problem = Problem(path.name, found, NO_KEY.expected, NO_KEY.todo)
        raise InputError("A supplement cannot be read", [problem])
    return tables


def _read_file(path: Path, known: SupplementKeys) -> tuple[list[Entry], list[Reject]]:
    found: list[Entry] = []
    lost: list[Reject] = []
    for sheet, layout in _open_tables(path):
        if sheet.traits.is_hidden:
            lost.append(Reject(sheet.file, sheet.name, 0, "", sheet.name, rejects.HIDDEN))
            continue
        lost += _explain_headings(sheet, layout)
        for read in _read_rows(sheet, layout, known):
            if isinstance(read, Reject):
                lost.append(read)
            else:
                found.append(read)
    return found, lost


def _find_layout(sheet: Sheet) -> _Layout | None:
    """The headings of the first row that names parcels; of two columns of one thing the first."""
    head = sheet.cells.head(_MOST_HEAD_ROWS)
    for number, row in zip(head.index, head.to_numpy(dtype=object).tolist(), strict=True):
        roles = [_name_column(str(text)) for text in row]
        if "parcel_id" in roles:
            columns = {role: place for place, role in reversed(list(enumerate(roles))) if role}
            return _Layout(int(number), columns)
    return None


def _name_column(text: str) -> str | None:
    """Which column of the template a heading names, with its unit in brackets or without."""
    known, folded = _load_headings(), fold(text)
    return known.get(folded) or known.get(_UNIT.sub("", folded))


@cache
def _load_headings() -> Mapping[str, str]:
    """Columns of the template by their folded key and names."""
    columns = [KEY_CHECK, "data_label"]
    for part in (SUPPLEMENT_KEYS, SUPPLEMENT_FACTS, SUPPLEMENT_ITEMS):
        columns += [name for names in part.values() for name in names]
    schema = standards.table("inventory_schema").rename(columns={"field": "column"})
    names = pd.concat([schema, standards.table("column_names")])[["column", "name_zh", "name_en"]]
    known = names[names["column"].isin(columns)]
    return {fold(name): key for key, *both in known.to_numpy().tolist() for name in (key, *both)}


def _explain_headings(sheet: Sheet, layout: _Layout) -> Iterator[Reject]:
    """Columns that the template does not have, those that stand twice, and a table with none to complete."""
    texts = [str(text) for text in sheet.cells.loc[[layout.row]].to_numpy(dtype=object)[0]]
    for place, text in enumerate(texts):
        role = _name_column(text)
        column = sheet.cells.loc[layout.row + 1 :, place]
        if role is None and (text.strip() or (column != "").any()):
            yield Reject(
                sheet.file, sheet.name, layout.row, text, text or "空表头 / no heading", STRANGE_COLUMN
            )
        elif role is not None and layout.columns[role] != place:
            yield Reject(sheet.file, sheet.name, layout.row, text, text, rejects.DOUBLED)
    items = SUPPLEMENT_ITEMS[layout.kind]
    if not set(items) & set(layout.columns):
        one = Reject(sheet.file, sheet.name, layout.row, "", " ".join(texts)[:60], NO_ITEM)
        yield one.fill(names="、".join(items))


def _read_rows(sheet: Sheet, layout: _Layout, known: SupplementKeys) -> Iterator[Entry | Reject]:
    body = sheet.cells.loc[layout.row + 1 :]
    places = layout.columns
    for number, row in zip(body.index, body.to_numpy(dtype=object).tolist(), strict=True):
        cells = {role: str(row[place]).strip() for role, place in places.items()}
        told = {item: cells[item] for item in SUPPLEMENT_ITEMS[layout.kind] if cells.get(item)}
        told = {item: text for item, text in told.items() if fold(text) not in NOTHING}
        if told and not _is_elsewhere(cells, known):
            yield from _read_row(cells, told, known, (sheet.file, sheet.name, int(number)))


def _is_elsewhere(cells: Mapping[str, str], known: SupplementKeys) -> bool:
    return cells.get("aoi", known.aoi) in known.areas - {known.aoi}


def _read_row(
    cells: Mapping[str, str], told: Mapping[str, str], known: SupplementKeys, at: tuple[str, str, int]
) -> Iterator[Entry | Reject]:
    """What a row says, or why all of it is not used."""
    fault = _find_fault(cells, known)
    if fault is not None:
        column, advice = fault
        yield Reject(*at, column, cells.get(column) or "空 nothing", advice)
        return
    for item, text in told.items():
        advice_of_text = _find_fault_of_text(text)
        if advice_of_text:
            yield Reject(*at, item, text[:60], advice_of_text)
        else:
            yield Entry(cells["parcel_id"], cells.get("cat2_code"), item, text, *at)


def _find_fault(cells: Mapping[str, str], known: SupplementKeys) -> tuple[str, Advice] | None:
    """The key that is wrong in a row, and what it should be."""
    parcel, code = cells["parcel_id"], cells.get("cat2_code")
    if cells.get("aoi", known.aoi) != known.aoi:
        return "aoi", _fill(STRANGE_AREA, names=known.aoi)
    if parcel not in known.products:
        return "parcel_id", STRANGE_PARCEL
    if code is not None and code not in known.products[parcel]:
        return "cat2_code", _fill(STRANGE_PRODUCT, names="、".join(sorted(known.products[parcel])))
    check = contracts.compute_key_check(known.aoi, parcel, *([code] if code is not None else []))
    if cells.get(KEY_CHECK) and cells[KEY_CHECK] != check:
        return KEY_CHECK, _fill(CHANGED_KEY, check=check)
    return None


def _fill(advice: Advice, **facts: str) -> Advice:
    return Advice(advice.expected.format(**facts), advice.todo)


def _find_fault_of_text(text: str) -> Advice | None:
    if text.startswith(FORMULA) or ERROR.fullmatch(text):
        return NO_TEXT
    return LONG if len(text) > _MOST_LETTERS else None


def _settle(found: Sequence[Entry]) -> tuple[list[Entry], list[Reject]]:
    """Each thing once; none of what two places say differently."""
    groups: dict[Any, list[Entry]] = defaultdict(list)
    for one in found:
        groups[one.parcel_id, one.cat2_code, one.item].append(one)
    kept: list[Entry] = []
    lost: list[Reject] = []
    for first, *others in groups.values():
        same = all(other.text == first.text for other in others)
        kept += [first] if same else []
        lost += [_reject(other, first, same=same) for other in others]
        lost += [] if same else [_reject(first, others[0], same=False)]
    return kept, lost


def _reject(one: Entry, other: Entry, *, same: bool) -> Reject:
    advice = rejects.REPEATED if same else rejects.CONTRADICTED
    return Reject(one.file, one.sheet, one.row, one.item, one.text[:60], advice).fill(place=other.place)


def _tabulate(entries: Iterable[Entry]) -> pd.DataFrame:
    rows = [
        {
            "parcel_id": one.parcel_id, "cat2_code": one.cat2_code, "cat3_name": None, "item": one.item,
            "text": one.text, "as_registered": None, "file": one.file, "sheet": one.sheet or None,
            "row": one.row,
        }
        for one in entries
    ]  # fmt: skip
    ordered = sorted(rows, key=lambda row: (row["parcel_id"], row["cat2_code"] or "", row["item"]))
    return contracts.columns.tabulate_rows(ordered, contracts.SUPPLEMENT)
