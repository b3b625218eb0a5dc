"""Tables of water function zones: their sections, their target classes, where they are."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pandas as pd

from pipeline.ingest.health.columns import HeadedTable, open_tables
from pipeline.ingest.rejects import Advice, Reject
from pipeline.ingest.samples.cells import NOTHING
from pipeline.ingest.samples.headings import fold
from pipeline.ingest.samples.section_register import read_class
from pipeline.settings.health import ZoneFile

NO_ZONE = Advice("水功能区的编码或名称 / the id or name of a zone", "补填 / fill it in")
NO_CLASS = Advice("目标类别 Ⅰ 至 Ⅴ / a target class from I to V", "改正 / mend it")
TWO_CLASSES = Advice(
    "一个水功能区一个目标类别 / one target class of a zone",
    "与 {place} 不同，目标按未知计；改正其一 / differs from {place}: taken as unknown; mend one",
)
COLUMNS = ["zone", "name", "kind", "body", "section", "target_class", "place", "file", "sheet", "row"]


class Zones(NamedTuple):
    """`rows`, one for each zone and section (COLUMNS, the last three say where), and what is not used."""

    rows: pd.DataFrame
    lost: list[Reject]


def read_zones(files: Sequence[ZoneFile]) -> Zones:
    """Zones with their sections, of which a cell may name several; `target_class` is 1 to 5 or null.

    A zone with two targets has none. Raises InputError where no file fits a path or none can be read.
    """
    found: list[dict[str, object]] = []
    opened = [open_tables(file.path, "zones", file.columns, lambda _: False) for file in files]
    lost = [one for _, more in opened for one in more]
    for table in (table for tables, _ in opened for table in tables):
        for one in _read_table(table):
            (lost if isinstance(one, Reject) else found).append(one)  # type: ignore[arg-type]
    rows = pd.DataFrame(found, columns=COLUMNS)
    clashes = list(_find_clashes(rows))
    rows["target_class"] = (
        rows["target_class"].astype("Int64").mask(rows["zone"].isin([zone for zone, _ in clashes]))
    )
    return Zones(rows, [*lost, *(reject for _, reject in clashes)])


def _read_table(table: HeadedTable) -> Iterator[dict[str, object] | Reject]:
    named = {
        role: table.find(role)
        for role in ("zone", "name", "kind", "body", "section", "target_class", "place")
    }
    for row in table.rows():
        texts = {role: row.texts[column.place] if column else "" for role, column in named.items()}
        known = {role: None if fold(text) in NOTHING else text for role, text in texts.items()}
        zone, name = known["zone"] or known["name"], known["name"] or known["zone"]
        if zone is None:
            yield Reject(
                row.file, row.sheet, row.number, "", " ".join(row.texts.values())[:60].strip(), NO_ZONE
            )
            continue
        target = read_class(known["target_class"]) if known["target_class"] else None
        if target is not None and target != target:  # noqa: PLR0124 NaN is what is no class
            heading = named["target_class"].heading if named["target_class"] else ""
            yield Reject(row.file, row.sheet, row.number, heading, str(known["target_class"]), NO_CLASS)
            target = None
        facts = {
            **known,
            "zone": zone,
            "name": name,
            "target_class": target,
            "file": row.file,
            "sheet": row.sheet,
            "row": row.number,
        }
        for section in _split(known["section"]):
            yield {**facts, "section": section}


def _split(cell: str | None) -> list[str | None]:
    named = [part.strip() for part in re.split(r"[;；、,，\n]", cell or "") if part.strip()]
    return [*named] or [None]


def _find_clashes(rows: pd.DataFrame) -> Iterator[tuple[str, Reject]]:
    for zone, own in rows.dropna(subset="target_class").groupby("zone", sort=False):
        classes = own["target_class"].unique()
        if len(classes) > 1:
            first, second = (own[own["target_class"] == one].iloc[0] for one in classes[:2])
            found = f"{zone} {classes[1]:g}"
            reject = Reject(second["file"], second["sheet"], int(second["row"]), "", found, TWO_CLASSES)
            yield str(zone), reject.fill(place=f"row {first['row']} {first['file']}")
