"""The part of the assessment that holds the figures of a run against the targets that an area has."""

from pipeline import ingest, standards
from pipeline.aoi import Aoi
from pipeline.assessment import target_summary
from pipeline.assessment.figures import Figures
from pipeline.assessment.targets import TargetRules, hold_targets
from pipeline.flow.assessment.part import Assessed
from pipeline.flow.assessment.sources import Sources
from pipeline.settings.targets import Targets
from pipeline.storage.tables import load_table

_TABLES = ("tables/indicators.csv", "tables/indicators_regions.csv")


def assess_targets(sources: Sources) -> Assessed:
    """Targets beside the figures of the run, what they come to, and what of their tables is not used."""
    block, aoi, periods = sources.block, sources.study.aoi, sources.study.periods
    names = _name_places(sources)
    read = ingest.targets.read_targets(block, aoi, names.items())
    units = {row["indicator"]: row["unit"] for row in standards.read_rows("indicator_names")}
    figures = Figures.of(sources.indicators(), periods, units)
    since = next((period for period in periods if period.label == block.baseline), None)
    rules = TargetRules(since, block.tolerance, block.comparison)
    held = hold_targets(
        read.targets, figures, periods, rules, names={**names, aoi.id: aoi.name_zh}, units=units
    )
    of_area = held["place"].eq(aoi.id)
    evidence = of_area.map(dict(zip((True, False), _TABLES, strict=True))).where(held["value"].notna(), None)
    targets = held.assign(evidence=evidence)
    summary = target_summary.summarize_targets(targets)
    shares = target_summary.build_share_indicators(summary, [period.label for period in periods])
    tables = {"targets": targets, "targets_summary": summary, "targets_rejected": read.rejects}
    return Assessed(tables, shares)


def _name_places(sources: Sources) -> dict[str, str]:
    """Names by id of the regions and bodies of water, and ids of all else that has figures."""
    regions = sources.layer("told", "regions")
    named = {} if regions is None else dict(zip(regions["region"], regions["name"], strict=True))
    others = set(sources.indicators()["aoi"]) - {sources.study.aoi.id}
    return {**{str(place): str(place) for place in sorted(others)}, **_name_bodies(sources), **named}


def _name_bodies(sources: Sources) -> dict[str, str]:
    """Names by id of the rivers and lakes whose health was assessed."""
    health = sources.parts.get("health")
    if health is None:
        return {}
    cards = load_table(health.path, "health_cards")
    return dict(zip(cards["body"].astype(str), cards["body_name"].astype(str), strict=True))


def check_targets(block: Targets, aoi: Aoi) -> None:
    """Read the tables of targets through, of the area alone: regions are not known yet."""
    ingest.targets.read_targets(block, aoi)
