"""Other rights in the report: what is wrong first, then those in force, balances, and the rights."""

from collections.abc import Iterator, Mapping

import pandas as pd

from pipeline.contracts import Delivery
from pipeline.outputs.assessment.layer_maps import draw_layer_map
from pipeline.outputs.assessment.section import Section, SectionCard, SectionTable, State, build_section_table
from pipeline.outputs.columns import name_values
from pipeline.outputs.texts import choose_words, find_texts, name_unit

_STEM = "rights"
_LAYERS = ("licences", "licence_points")
_RULES = (
    "right_expired", "right_overused", "right_two_holders", "right_ground_shared", "carbon_projects_overlap",
    "right_restricted", "trade_unbalanced", "trade_oversold", "trade_total_differs", "rights_unlinked",
)  # fmt: skip
_BALANCED = 1e-9
"""So small a part of a book is what rounding of sums leaves."""

_RIGHT_COLUMNS = [
    "right_kind", "number", "holder", "valid_to", "state", "amounts", "parcel_id", "restricted_kind",
    "reason",
]  # fmt: skip
_BALANCE_COLUMNS = [
    "resource", "period", "holder", "right_count", "granted", "bought", "sold", "used", "left_amount",
    "used_share", "unit", "reason",
]  # fmt: skip
_BOOK_COLUMNS = ["resource", "period", "granted", "bought", "sold", "traded_difference", "used", "unit"]


def build_rights_section(delivery: Delivery) -> Section | None:
    """Rights of the area on the last day of the delivery; None where it has no such table."""
    rights = delivery.tables.get(_STEM)
    if rights is None:
        return None
    words, balance = find_texts("rights", delivery.language), delivery.tables["rights_balance"]
    kinds = delivery.count_findings()
    findings = kinds[kinds["rule"].isin(_RULES)]
    books = balance[balance["level"].eq("all") & balance["bought"].notna()]
    return Section(
        _STEM,
        words["title"],
        (
            *_write_findings(findings, delivery, words),
            *_write_rights(rights, words),
            *_write_books(books, delivery, words),
        ),
        tuple(_list_cards(delivery, books, findings, words)),
        tuple(_list_tables(rights, balance, delivery, words)),
        maps=tuple(found for layer in _LAYERS if (found := draw_layer_map(layer, delivery)) is not None),
        notes=(words["note.day"], words["note.balance"], words["note.links"]),
    )


def _write_findings(findings: pd.DataFrame, delivery: Delivery, words: Mapping[str, str]) -> Iterator[str]:
    """How often each rule found something, the gravest first."""
    order = {severity: number for number, severity in enumerate(("error", "warning", "info"))}
    by_rule = findings.sort_values("rule", kind="stable")
    ranked = by_rule.sort_values("severity", key=lambda column: column.map(order), kind="stable")
    said = [
        words["finding"].format(rule=delivery.rules[rule][delivery.language != "zh"], count=count)
        for rule, count in zip(ranked["rule"], ranked["count"], strict=True)
    ]
    yield words["findings"].format(findings=words["between"].join(said)) if said else words["sound"]


def _write_rights(rights: pd.DataFrame, words: Mapping[str, str]) -> Iterator[str]:
    if len(rights):
        states = rights["state"].value_counts()
        counts = {state: int(states.get(state, 0)) for state in ("in_force", "expired", "unknown")}
        yield words["states"].format(day=rights["state_day"].iloc[0], count=len(rights), **counts)
    else:
        yield words["none"]


def _write_books(books: pd.DataFrame, delivery: Delivery, words: Mapping[str, str]) -> Iterator[str]:
    """What was bought and sold of each resource by year, the books that do not balance first."""
    names = name_values("resource", books["resource"], delivery.language)
    rows = books.assign(name=names, apart=books["traded_difference"].abs())
    for row in rows.sort_values("apart", ascending=False, kind="stable").to_dict("records"):
        if row["bought"] or row["sold"]:
            key = "apart" if row["apart"] > _BALANCED * max(row["bought"], row["sold"]) else "balanced"
            figures = {name: f"{row[name]:,.10g}" for name in ("bought", "sold", "traded_difference")}
            unit = name_unit(row["unit"], delivery.language)
            yield words[key].format(period=row["period"], resource=row["name"], unit=unit, **figures)


def _list_cards(
    delivery: Delivery, books: pd.DataFrame, findings: pd.DataFrame, words: Mapping[str, str]
) -> Iterator[SectionCard]:
    shares = delivery.tables["indicators"].set_index("indicator")
    for name in ("rights_in_force_share", "rights_linked_share", "licensed_water_use_share"):
        rows = shares[shares.index == name]
        if len(rows):
            row = rows.iloc[-1]
            value = "—" if pd.isna(row["value"]) else f"{row['value']:.1%}"
            note = _write_note(row, delivery)
            yield SectionCard(words[f"card.{name}"], value, note, "unknown" if value == "—" else "plain")
    traded = books[books[["bought", "sold"]].gt(0).any(axis=1)]
    even = int(traded["traded_difference"].abs().le(_BALANCED * traded["bought"]).sum())
    state: State = "good" if even == len(traded) else "bad"
    yield SectionCard(words["card.books"], f"{even} / {len(traded)}", words["card.books.note"], state)
    errors = int(findings.loc[findings["severity"].eq("error"), "count"].sum())
    yield SectionCard(words["card.errors"], str(errors), "", "bad" if errors else "good")


def _write_note(row: pd.Series, delivery: Delivery) -> str:
    """What a share is of, or why it is not known."""
    if pd.isna(row["value"]):
        return choose_words(str(row["reason"]), delivery.language)
    return f"{row['period']}: {row['numerator']:,.10g} / {row['denominator']:,.10g}"


def _list_tables(
    rights: pd.DataFrame, balance: pd.DataFrame, delivery: Delivery, words: Mapping[str, str]
) -> Iterator[SectionTable]:
    holders = balance[balance["level"].eq("holder")]
    ranked = holders.sort_values(["period", "used_share"], ascending=False, kind="stable")
    books = balance[balance["level"].eq("all")]
    expired_first = rights.sort_values("state", key=lambda state: state.ne("expired"), kind="stable")
    yield build_section_table(words["table.rights"], _STEM, expired_first[_RIGHT_COLUMNS], delivery)
    yield build_section_table(words["table.balance"], "rights_balance", ranked[_BALANCE_COLUMNS], delivery)
    yield build_section_table(words["table.books"], "rights_balance", books[_BOOK_COLUMNS], delivery)
    lost = delivery.tables["rights_rejected"]
    if len(lost):
        yield build_section_table(words["table.rejected"], "rights_rejected", lost, delivery)
