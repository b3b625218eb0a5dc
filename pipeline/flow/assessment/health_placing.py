"""Which bodies an area shares in, which sections are on them, and which zones they belong to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline import standards
from pipeline.assessment.health.bodies import Body, link_bodies, name_sides
from pipeline.assessment.health.ground import WHOLE, measure_share_inside
from pipeline.assessment.health.zones import ZoneSamples
from pipeline.flow.assessment.health_inputs import HealthInputs
from pipeline.flow.assessment.sources import Sources
from pipeline.flow.section_rules import find_evaluation_rules
from pipeline.indices.sections.grades import grade_periods
from pipeline.indices.sections.months import date_samples
from pipeline.indices.sections.places import PlacedSamples
from pipeline.ingest.rejects import Advice, Reject
from pipeline.ingest.samples.headings import fold
from pipeline.storage.tables import load_table

AMBIGUOUS = Advice(
    "一个水体 / one body of water", "名录中几个水体同名 / several bodies of the list have that name"
)
ELSEWHERE = Advice(
    "在本区的水体，或有断面属于本区 / a body of this area, or with sections in it",
    "不在本区评价 / not assessed here",
)
NO_SECTION = Advice(
    "一个监测断面的编号或名称 / the id or name of one section",
    "改正，或列入断面名录 / mend it, or register it",
)
_OF_ZONE = ["name", "kind", "body", "place", "target_class"]


@dataclass(frozen=True)
class Waters:
    """The sections on the bodies of an area, graded: `status` has body, side, linked_by and distance_m."""

    bodies: tuple[Body, ...]
    whole: frozenset[str]
    shares: Mapping[str, float]
    status: pd.DataFrame


def load_waters(folder: Path) -> PlacedSamples:
    """Samples and sections of an artifact of `waters.make_waters`."""
    return PlacedSamples(load_table(folder, "samples"), load_table(folder, "sections"))


def place_waters(sources: Sources, told: HealthInputs, found: PlacedSamples) -> tuple[Waters, list[Reject]]:
    """Bodies of the area with the sections of all registers on them, and what is not used.

    A body is shown that lies in the area by more than what may miss of a whole one, or has a section in it;
    its card rests on this area alone where it lies in it, and all of its sections do.
    """
    study = sources.study
    rivers = found.sections["river"].map(fold, na_action="ignore").astype(object)
    rivers = rivers.where(rivers.notna(), None)
    links = link_bodies(told.bodies, found.sections, rivers, study.grid.crs, sources.block.nearest_m)
    here = links.links["place"].map(found.sections["here"]).astype(bool)
    with_own, beyond = (set(links.links.loc[flags, "body"]) for flags in (here, ~here))
    shares = {body.id: measure_share_inside(body, study.aoi.geometry, study.grid.crs) for body in told.bodies}
    bodies = tuple(body for body in told.bodies if body.id in with_own or shares[body.id] > 1 - WHOLE)
    whole = frozenset(body.id for body in bodies if shares[body.id] >= WHOLE and body.id not in beyond)
    lost = [
        Reject(
            "", "", 0, "", f"{found.sections['section'][place]} {found.sections['river'][place]}", AMBIGUOUS
        )
        for place in links.ambiguous
    ]
    lost += [Reject("", "", 0, "", body.name, ELSEWHERE) for body in told.bodies if body not in bodies]
    kept = links.links[links.links["body"].isin([body.id for body in bodies])]
    return Waters(bodies, whole, shares, _grade(sources, found, kept)), lost


def _grade(sources: Sources, found: PlacedSamples, links: pd.DataFrame) -> pd.DataFrame:
    """Status of the linked sections by period, with what links them."""
    study = sources.study
    places = links["place"].to_numpy()
    sections = found.sections.iloc[places].reset_index(drop=True)
    number = pd.Series(range(len(places)), index=places)
    place = found.samples["place"].map(number)
    samples = found.samples[place.notna()].assign(place=place.dropna().astype(int))
    limits = standards.table("water_limits")
    graded = grade_periods(
        PlacedSamples(samples, sections), study.periods, limits, rules=find_evaluation_rules(study)
    )
    linked = links.drop(columns="place").assign(
        side=name_sides(sections).to_numpy(), register=sections["register"].to_numpy()
    )
    rows = pd.concat([linked] * len(study.periods), ignore_index=True)
    return graded.status.reset_index(drop=True).join(rows)


def place_zones(told: HealthInputs, found: PlacedSamples) -> tuple[ZoneSamples, list[Reject]]:
    """Zones with the places of their sections, and a reject for each section that is not known."""
    known: dict[str, set[int]] = {}
    for column in ("section", "section_id"):
        for place, name in enumerate(found.sections[column]):
            known.setdefault(fold(str(name)), set()).add(place)
    zones, lost = [], []
    for zone, rows in told.zones.groupby("zone", sort=False):
        named = rows.dropna(subset="section")
        fitting = [known.get(fold(section), set()) for section in named["section"]]
        places = sorted({place for one in fitting if len(one) == 1 for place in one})
        lost += list(_reject_strangers(named, fitting))
        first = {name: next(iter(rows[name].dropna()), None) for name in _OF_ZONE}
        sections = found.sections.iloc[places]
        body = _find_body(told.bodies, [first["body"], *sections["river"]])
        own = {"zone": zone, "body": body, "places": places, "here": bool(sections["here"].any())}
        zones.append({**first, **own})
    table = pd.DataFrame(zones, columns=["zone", *_OF_ZONE, "places", "here"])
    return ZoneSamples(date_samples(found.samples), found.sections, table), lost


def _reject_strangers(rows: pd.DataFrame, fitting: Sequence[set[int]]) -> Iterator[Reject]:
    for row, places in zip(rows.to_dict("records"), fitting, strict=True):
        if len(places) != 1:
            yield Reject(row["file"], row["sheet"], int(row["row"]), "", row["section"], NO_SECTION)


def _find_body(bodies: Sequence[Body], names: Sequence[object]) -> str | None:
    """The body of the first name that is one's."""
    folded = [fold(name) for name in names if isinstance(name, str)]
    return next((body.id for name in folded for body in bodies if name in body.names), None)
