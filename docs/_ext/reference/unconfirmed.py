"""What is unconfirmed, from every table and config that says so: nothing is listed by hand."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from pipeline import standards
from pipeline.settings.paths import PROJECT_ROOT
from reference.chapters import Cell, Chapter, Code, Row, Said
from reference.norms import list_names

_NO = {"no", "n", "false"}
_WHAT, _VALUE, _SOURCE = Said("内容", "what"), Said("取值", "value"), Said("来源", "source")
_NOT_NAMES = {"source", "confirmed", "name_zh", "name_en", "unit", "value"}
Cells = Mapping[str, str]


def list_unconfirmed() -> Iterator[Chapter]:
    """A chapter for each file that holds anything unconfirmed: configs first, then the standards."""
    for path in sorted((PROJECT_ROOT / "configs").rglob("*.yaml")):
        if rows := tuple(_list_in_config(yaml.safe_load(path.read_text("utf-8")))):
            yield _build(path.relative_to(PROJECT_ROOT), (_WHAT, _VALUE, _SOURCE), rows)
    for path in sorted((PROJECT_ROOT / "configs").rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found = [row for row in csv.DictReader(file) if is_unconfirmed(row)]
        if found:
            rows = tuple((_name_row(row), f"{row['value']} {row['unit']}", row["source"]) for row in found)
            yield _build(path.relative_to(PROJECT_ROOT), (_WHAT, _VALUE, _SOURCE), rows)
    for name in list_names():
        if found := [row for row in standards.read_rows(name) if is_unconfirmed(row)]:
            yield _build(Path(f"pipeline/standards/{name}.csv"), (_WHAT, _SOURCE), _group(found))


def is_unconfirmed(row: Cells) -> bool:
    """Whether a row of a table says that it is, in a column of its own or in its source."""
    marked = any(value in _NO for key, value in row.items() if key.endswith("confirmed"))
    return marked or "unconfirmed" in row.get("source", "") or "未核实" in row.get("source", "")


def _build(path: Path, heads: tuple[Said, ...], rows: tuple[Row, ...]) -> Chapter:
    anchor = path.as_posix().replace("/", "-").replace(".", "-").replace("_", "-")
    return Chapter(anchor, Code(path.as_posix()), heads, rows)


def _group(rows: list[Cells]) -> tuple[Row, ...]:
    """Rows of one source together."""
    groups: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        groups[row.get("source", "")].append(_name_row(row))
    return tuple(("; ".join(names), source) for source, names in groups.items())


def _name_row(row: Cells) -> str:
    """What a row is about: its first cells, and its name in brackets."""
    keys = [value for key, value in row.items() if value and key not in _NOT_NAMES and "confirmed" not in key]
    name = row.get("name_zh", "")
    return " ".join(keys[:2]) + (f" ({name})" if name and name not in keys[:2] else "")


def _list_in_config(content: Any, place: str = "") -> Iterator[Row]:
    """What a config marks: `confirmed: false` beside a value, and the lists called `unconfirmed`."""
    if isinstance(content, list):
        for number, one in enumerate(content):
            yield from _list_in_config(one, f"{place}.{_call(one, number)}")
    if not isinstance(content, dict):
        return
    if content.get("confirmed") is False:
        yield Code(place.strip(".")), _say_value(content), str(content.get("source", ""))
    for key, inner in content.items():
        if key == "unconfirmed":
            yield from ((text, "", "") for text in map(str, inner))
        else:
            yield from _list_in_config(inner, f"{place}.{key}")


def _call(entry: Any, number: int) -> str:
    return str(entry.get("key", number)) if isinstance(entry, dict) else str(number)


def _say_value(content: Mapping[str, Any]) -> Cell:
    rest = {key: value for key, value in content.items() if key not in {"confirmed", "source"}}
    if set(rest) == {"value"}:
        return str(rest["value"])
    return Code(yaml.safe_dump(rest, default_flow_style=True, allow_unicode=True, width=10_000).strip())
