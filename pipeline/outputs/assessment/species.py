"""Species in the report: what was found, what came and went, waterbirds, sites and their habitats."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from pipeline.contracts import Delivery
from pipeline.outputs.assessment.layer_maps import draw_layer_map
from pipeline.outputs.assessment.section import Section, SectionCard, SectionTable, build_section_table
from pipeline.outputs.columns import list_values
from pipeline.outputs.texts import find_text

_HEADLINES = ("plant", "animal", "bird", "waterbird")
_NAMED = 12
_SHARES = ("share_low", "share_high", "water_share", "flooded_share", "fvc_mean")
_NOTES = ("species.note.effort", "species.note.one_percent")


def build_species_section(delivery: Delivery) -> Section | None:
    """Species of the last period; None where a delivery has none."""
    if "species_counts" not in delivery.tables:
        return None
    period = delivery.periods[-1].label
    drawn = draw_layer_map("survey_sites", delivery)
    return Section(
        "species",
        _say("species.title", delivery),
        sentences=(
            *_tell_changes(delivery, period),
            *_tell_counts(delivery, period),
            *_tell_waterbirds(delivery, period),
            *_tell_rejects(delivery),
        ),
        cards=(*_list_cards(delivery, period), _show_one_percent(delivery, period)),
        tables=tuple(_list_tables(delivery, period)),
        maps=(drawn,) if drawn else (),
        notes=tuple(_say(key, delivery) for key in _NOTES),
    )


def _say(key: str, delivery: Delivery, **facts: object) -> str:
    return find_text(key, delivery.language).format(**facts)


def _join(names: Sequence[str], delivery: Delivery) -> str:
    """Names in a sentence, the first of many."""
    more = ["……"] if len(names) > _NAMED else []
    return _say("species.joint", delivery).join([*names[:_NAMED], *more])


def _name_groups(groups: Sequence[str], delivery: Delivery) -> list[str]:
    names = {entry.code: entry.name(delivery.language) for entry in list_values("species_group")}
    return [names[group] for group in groups]


def _tell_counts(delivery: Delivery, period: str) -> Iterator[str]:
    counts = delivery.tables["species_counts"]
    rows = counts[counts["period"] == period]
    seen, unseen = rows[rows["species_count"].notna()], rows[rows["species_count"].isna()]
    if len(seen):
        pairs = zip(_name_groups(list(seen["species_group"]), delivery), seen["species_count"], strict=True)
        told = [_say("species.group", delivery, name=name, count=int(count)) for name, count in pairs]
        yield _say("species.found", delivery, period=period, groups=_join(told, delivery))
    if len(unseen):
        names = _name_groups(list(unseen["species_group"]), delivery)
        yield _say("species.unseen", delivery, period=period, groups=_join(names, delivery))


def _tell_changes(delivery: Delivery, period: str) -> Iterator[str]:
    """Lost species first."""
    rows = _select_changes(delivery, period)
    for change in ("lost", "new"):
        names = list(rows.loc[rows["species_change"] == change, "species"])
        if names:
            before = rows["period_before"].iloc[0]
            told = _join(names, delivery)
            yield _say(f"species.{change}", delivery, before=before, count=len(names), names=told)
    open_ = rows[rows["species_change"].str.startswith("unknown")]
    if len(open_):
        yield _say("species.open", delivery, before=open_["period_before"].iloc[0], count=len(open_))


def _select_changes(delivery: Delivery, period: str) -> pd.DataFrame:
    change = delivery.tables["species_change"]
    of_year = change["comparison"] == "year_ago"
    return change[of_year & (change["period"] == period) & (change["species_change"] != "kept")]


def _tell_waterbirds(delivery: Delivery, period: str) -> Iterator[str]:
    rows = _select_waterbirds(delivery, period)
    known = rows[rows["one_percent"].notna()]
    reached = list(known.loc[known["reaches_one_percent"].eq(other=True).fillna(value=False), "species"])
    undecided = list(known.loc[known["reaches_one_percent"].isna(), "species"])
    if len(known):
        names = _join(reached, delivery) or _say("species.none", delivery)
        yield _say("species.reached", delivery, period=period, count=len(reached), names=names)
    if undecided:
        yield _say("species.undecided", delivery, count=len(undecided), names=_join(undecided, delivery))


def _select_waterbirds(delivery: Delivery, period: str) -> pd.DataFrame:
    rows = delivery.tables["waterbirds"]
    return rows[rows["period"] == period]


def _tell_rejects(delivery: Delivery) -> Iterator[str]:
    count = len(delivery.tables["species_rejected"])
    if count:
        yield _say("species.unused", delivery, count=count)


def _list_cards(delivery: Delivery, period: str) -> Iterator[SectionCard]:
    counts = delivery.tables["species_counts"]
    rows = counts[counts["period"] == period].set_index("species_group")
    for group, name in zip(_HEADLINES, _name_groups(_HEADLINES, delivery), strict=True):
        row = rows.loc[group]
        known = _find_number(row["known_count"])
        note = "" if known is None else _say("species.card.known", delivery, count=known)
        found = _find_number(row["species_count"])
        if found is None:
            yield SectionCard(name, "—", _say("species.card.not_surveyed", delivery), "unknown")
        else:
            yield SectionCard(name, _say("species.group", delivery, name="", count=found).strip(), note)


def _show_one_percent(delivery: Delivery, period: str) -> SectionCard:
    table = delivery.tables["indicators"]
    row = table[(table["indicator"] == "waterbird_species_1pct") & (table["period"] == period)].iloc[0]
    name = _say("species.card.one_percent", delivery)
    reached, most = _find_number(row["value"]), _find_number(row["high"])
    if reached is None:
        return SectionCard(name, "—", str(row["reason"]), "unknown")
    open_ = (most or reached) - reached
    note = _say("species.card.open", delivery, count=open_) if open_ else ""
    return SectionCard(name, str(reached), note)


def _find_number(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


def _list_tables(delivery: Delivery, period: str) -> Iterator[SectionTable]:
    sites = delivery.tables["species_sites"]
    shown = {
        "species_counts": ("counts", delivery.tables["species_counts"]),
        "waterbirds": ("waterbirds", _select_waterbirds(delivery, period)),
        "species_change": ("change", _select_changes(delivery, period)),
        "species_sites": ("sites", sites[sites["period"] == period]),
        "species_rejected": ("rejected", delivery.tables["species_rejected"]),
    }
    for stem, (key, rows) in shown.items():
        if len(rows):
            yield build_section_table(_say(f"species.{key}", delivery), stem, rows, delivery, percent=_SHARES)
