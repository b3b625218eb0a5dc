"""Access of homes to green and parks in the report: who is near enough, where, and who is not."""

from collections.abc import Hashable, Iterator
from typing import Any

import pandas as pd

from pipeline.contracts import Delivery
from pipeline.outputs.assessment.layer_maps import draw_layer_map
from pipeline.outputs.assessment.section import (
    Section,
    SectionCard,
    SectionTable,
    build_section_table,
)
from pipeline.outputs.columns import name_values
from pipeline.outputs.texts import find_text

_LAYER = "homes_unserved"
_SHOWN = (
    *("region_name", "green_kind", "access_way", "access_basis", "homes_counted", "served", "unserved"),
    *("unserved_near_edge", "not_reached", "access_share", "access_share_low", "access_share_high"),
    *("indicative", "reason"),
)
_LISTED = (
    *("home_id", "home_name", "region_name", "green_kind", "access_way", "homes_from", "access_status"),
    *("unserved_m2", "unserved_people", "nearest_m", "nearest_place", "near_edge", "reason"),
)
_SHARES = ("access_share", "access_share_low", "access_share_high")
_DECIMALS = 1

Record = dict[Hashable, Any]
"""A row of the table of shares."""


def build_access_section(delivery: Delivery) -> Section | None:
    """The last period by town, the list and the map of those that are not served."""
    shares = delivery.tables.get("access")
    if shares is None or shares.empty:
        return None
    last = shares[shares["period"] == delivery.periods[-1].label]
    area = last[last["region"] == delivery.aoi.id]
    drawn = draw_layer_map(_LAYER, delivery)
    return Section(
        key="access",
        title=find_text("access.title", delivery.language),
        sentences=tuple(_say(area, last, delivery)),
        cards=tuple(_build_card(row, delivery) for row in _list_main(area)),
        tables=tuple(_list_tables(last, delivery)),
        maps=(drawn,) if drawn else (),
        notes=tuple(_list_notes(last, delivery)),
    )


def _list_main(area: pd.DataFrame) -> Iterator[Record]:
    """The straight shares of the whole area, of which there is one for each kind of place and basis."""
    straight = area[area["access_way"] == "straight"]
    yield from straight.to_dict("records")


def _build_card(row: Record, delivery: Delivery) -> SectionCard:
    words = _name_row(row, delivery)
    name = find_text("access.card", delivery.language).format(**words)
    if pd.isna(row["access_share"]):
        return SectionCard(name, "—", str(row["reason"] or ""), "unknown")
    return SectionCard(name, f"{row['access_share']:.2%}", _write_range(row, delivery))


def _write_range(row: Record, delivery: Delivery) -> str:
    """What is between the least and the greatest share, and whether it is indicative."""
    mark = find_text("assessment.indicative", delivery.language) if row["indicative"] else ""
    low, high = row["access_share_low"], row["access_share_high"]
    between = "" if low == high else f"{low:.2%} – {high:.2%}"
    return " · ".join(filter(None, (between, mark)))


def _name_row(row: Record, delivery: Delivery) -> dict[str, str]:
    """Words for the kind of place, the way and the basis of a row, and its limit."""
    coded = ("green_kind", "access_way", "access_basis")
    named = {key: _name_code(key, row[key], delivery) for key in coded}
    return {**named, "limit": f"{row['limit_m']:g}", "period": str(row["period"])}


def _name_code(column: str, code: str, delivery: Delivery) -> str:
    return str(name_values(column, pd.Series([code]), delivery.language).iloc[0])


def _say(area: pd.DataFrame, last: pd.DataFrame, delivery: Delivery) -> Iterator[str]:
    """Conclusions: the shares of the area by kind of place and way, and the town that is served least."""
    for _, rows in area.groupby(["green_kind", "access_way"], sort=True):
        records: list[Record] = rows.to_dict("records")
        shares = [_tell_share(row, delivery) for row in records]
        yield find_text("access.told", delivery.language).format(
            **_name_row(records[0], delivery),
            shares=find_text("access.between", delivery.language).join(shares),
        )
    yield from _say_least(last[last["region"] != delivery.aoi.id], delivery)


def _tell_share(row: Record, delivery: Delivery) -> str:
    """The share of one basis in words, or why it is unknown."""
    words = _name_row(row, delivery)
    if pd.isna(row["access_share"]):
        return find_text("access.unknown", delivery.language).format(**words, reason=row["reason"])
    amounts = {name: _write_amount(row[name]) for name in ("served", "unserved", "not_reached")}
    unit = find_text(f"access.unit.{row['unit']}", delivery.language)
    return find_text("access.share", delivery.language).format(
        **words, **amounts, unit=unit, share=f"{row['access_share']:.2%}"
    )


def _say_least(towns: pd.DataFrame, delivery: Delivery) -> Iterator[str]:
    """The town with the least share of each kind of place, by the first basis that there is."""
    known = towns[(towns["access_way"] == "straight") & towns["access_share"].notna()]
    for _, rows in known.groupby("green_kind", sort=True):
        first = rows[rows["access_basis"] == rows["access_basis"].iloc[0]]
        if len(first) > 1:
            row = first.sort_values(["access_share", "region"]).iloc[0].to_dict()
            yield find_text("access.least", delivery.language).format(
                **_name_row(row, delivery), town=row["region_name"], share=f"{row['access_share']:.2%}"
            )


def _write_amount(value: object) -> str:
    return f"{value:,.{_DECIMALS}f}"


def _list_tables(last: pd.DataFrame, delivery: Delivery) -> Iterator[SectionTable]:
    for unit, rows in last.groupby("unit", sort=True):
        caption = find_text(f"access.table.{unit}", delivery.language)
        yield build_section_table(caption, "access", rows[[*_SHOWN]], delivery, percent=_SHARES)
    unserved = delivery.tables["access_unserved"]
    if len(unserved):
        caption = find_text("access.unserved", delivery.language)
        yield build_section_table(caption, "access_unserved", unserved[[*_LISTED]], delivery)


def _list_notes(last: pd.DataFrame, delivery: Delivery) -> Iterator[str]:
    """The rule, what is indicative, what lies near the border, and what else the inputs call for."""
    yield find_text("access.note", delivery.language)
    if last["indicative"].any():
        yield find_text("access.indicative", delivery.language)
    if last["unserved_near_edge"].gt(0).any():
        yield find_text("access.edge", delivery.language)
    remarks = delivery.tables["access_inputs"]
    for row in remarks[remarks[f"remark_{delivery.language}"].fillna("") != ""].itertuples():
        yield f"{row.input} {row.file}: {getattr(row, f'remark_{delivery.language}')}"
