"""Species of an area: surveys by period and group, what came and went, waterbirds, habitats."""

from collections.abc import Mapping
from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.aoi import Aoi
from pipeline.assessment.species.change import compare_periods
from pipeline.assessment.species.counts import count_species, list_species
from pipeline.assessment.species.habitats import (
    describe_sites,
    link_habitats,
    measure_habitats,
    place_sites,
)
from pipeline.assessment.species.indicators import build_species_indicators
from pipeline.assessment.species.surveys import assign_periods
from pipeline.assessment.species.waterbirds import hold_waterbirds
from pipeline.contracts import SPECIES_RECORDS, check_table
from pipeline.flow.assessment.part import Assessed
from pipeline.flow.assessment.sources import Sources
from pipeline.flow.mistakes import Check, raise_mistakes
from pipeline.geodesy import CGCS2000, measure_area_m2
from pipeline.indices.indicators import build_indicator_table
from pipeline.ingest.rejects import Advice, Reject, tabulate_rejects
from pipeline.ingest.species import faults
from pipeline.ingest.species.entries import read_entries
from pipeline.ingest.species.sites import read_sites
from pipeline.ingest.species.surveys import SpeciesTables, read_species
from pipeline.legends import INUNDATION
from pipeline.periods import PERIODS_A_YEAR
from pipeline.rights_registry.findings import build_findings, join_findings
from pipeline.rights_registry.rules import Rule
from pipeline.rights_registry.rules.species import SPECIES_RULES
from pipeline.settings.species import Species
from pipeline.zonal.ground import lay_ground

_NAMED = 10
"""So many species are named in a finding; the table has all."""

_OF_NAMES = frozenset(
    advice.todo for advice in (faults.UNKNOWN_SPECIES, faults.SEVERAL_SPECIES, faults.UNDETERMINED)
)


def assess_species(sources: Sources) -> Assessed:
    """Tables of species, their indicators, findings, and the layer of sites."""
    study, tables = sources.study, read_species(sources.block, sources.study.aoi)
    cycle = PERIODS_A_YEAR[study.settings.scenes.period]
    dated = assign_periods(tables.records, study.periods)
    records, astride = dated[~dated["between"]], dated[dated["between"]]
    counts, change = count_species(records, study.periods), compare_periods(records, study.periods, cycle)
    birds = hold_waterbirds(records, tables.estimates)
    sites, unplaced = _describe_habitats(sources, tables, records)
    rejects = [*tables.rejects, *_reject_rows(astride, "survey_date", faults.BETWEEN_PERIODS), *unplaced]
    rows = build_species_indicators(
        study.periods, cycle, counts, change, birds, has_estimates=tables.estimates is not None
    )
    return Assessed(
        tables={
            "species_counts": counts,
            "species_change": change,
            "waterbirds": birds,
            "species_sites": sites,
            "species_list": list_species(records),
            "species_records": _deliver_records(records),
            "species_rejected": tabulate_rejects(rejects),
        },
        indicators=build_indicator_table(rows, study.aoi.id),
        findings=_find(study.aoi, change, tables.rejects),
        layers={"survey_sites": place_sites(records, tables.sites)},
    )


def _deliver_records(records: pd.DataFrame) -> pd.DataFrame:
    """SPECIES_RECORDS in the order of time and species."""
    high = records["count_high"].where(np.isfinite(records["count_high"]))
    table = records.assign(count_high=high).sort_values(
        ["first_day", "site_id", "species_group", "species"], kind="stable", ignore_index=True
    )
    checked: pd.DataFrame = check_table(table[[*SPECIES_RECORDS.columns]], SPECIES_RECORDS)
    return checked


def _reject_rows(rows: pd.DataFrame, column: str, advice: Advice) -> list[Reject]:
    """Rejects of rows that know where they stand, for what is in one of their columns."""
    places = zip(rows["file"], rows["sheet"], rows["row"], rows[column], strict=True)
    return [Reject(file, sheet, int(row), column, str(found), advice) for file, sheet, row, found in places]


def _describe_habitats(
    sources: Sources, tables: SpeciesTables, records: pd.DataFrame
) -> tuple[pd.DataFrame, list[Reject]]:
    """SPECIES_SITES, and rows of the table of habitats that name no parcel."""
    parcels, measures = sources.layer("parcels", "parcels"), sources.table("statistics", "parcel_measures")
    assert parcels is not None
    assert measures is not None
    links, unknown = link_habitats(tables.sites, tables.habitats, parcels)
    shown = measure_habitats(links, measures).join(_measure_flooding(sources, links, parcels), how="outer")
    areas_m2 = parcels.set_index("parcel_id")["area_m2"]
    periods = [period.label for period in sources.study.periods]
    sites = describe_sites(records, tables.sites, links, areas_m2, shown, periods)
    return sites, _reject_rows(unknown, "parcel", faults.UNKNOWN_PARCEL)


def _measure_flooding(sources: Sources, links: pd.DataFrame, parcels: gpd.GeoDataFrame) -> pd.DataFrame:
    """Share of each habitat that was ever under water, by site and period; of what the map knows."""
    shapes = parcels.set_index("parcel_id").geometry
    outlines = {
        str(site_id): shapely.union_all(shapes[rows["parcel_id"]].to_numpy())
        for site_id, rows in links.groupby("site_id", sort=True)
    }
    shares = _sum_zones(sources, outlines) if sources.maps.of("inundation") and outlines else {}
    index = pd.MultiIndex.from_tuples([*shares], names=["site_id", "period"])
    return pd.DataFrame({"flooded_share": [*shares.values()]}, index=index, dtype=float)


def _sum_zones(sources: Sources, outlines: Mapping[str, BaseGeometry]) -> dict[tuple[str, str], float]:
    maps, dry = sources.maps, INUNDATION.code("dry")
    whole = lay_ground(sources.run.cluster, sources.study)
    flooded = {}
    for site_id, outline in outlines.items():
        ground = whole.restrict(outline, measure_area_m2(outline))
        for when in maps.of("inundation"):
            areas = ground.sum_classes(maps.path("inundation", when), "inundation")
            known = float(sum(areas[entry.code] for entry in INUNDATION.classes))
            if known > 0:
                flooded[site_id, when.label] = 1 - float(areas[dry]) / known
    return flooded


def _find(aoi: Aoi, change: pd.DataFrame, rejects: list[Reject]) -> gpd.GeoDataFrame:
    """Findings: names that no species has, and species that were not found again."""
    strange = list(dict.fromkeys(one.found for one in rejects if one.advice.todo in _OF_NAMES))
    lost = change[(change["comparison"] == "year_ago") & (change["species_change"] == "lost")]
    groups = lost.groupby(["period", "period_before"], sort=True)["species"]
    told = (
        [_name_some(strange)] if strange else [],
        [
            {"period": period, "period_before": before, **_name_some([*names])}
            for (period, before), names in groups
        ],
    )
    frames = [gpd.GeoDataFrame(rows, geometry=[aoi.geometry] * len(rows), crs=CGCS2000) for rows in told]
    return join_findings(
        [build_findings(rule, rows) for rule, rows in zip(SPECIES_RULES, frames, strict=True)]
    )


def _name_some(names: list[str]) -> Mapping[str, object]:
    more = "……" if len(names) > _NAMED else ""
    return {"count": len(names), "names": "、".join(names[:_NAMED]) + more}


def check_species(block: Species, aoi: Aoi) -> None:
    """Read the files of a block through over an area, each by itself too: all rest on names and sites."""
    checks: list[Check] = [partial(read_species, block, aoi)]
    if block.sites:
        checks.append(partial(read_sites, block.sites))
    if block.populations:
        checks.append(partial(read_entries, "populations", block.populations, ["species"]))
    if block.habitats:
        checks.append(partial(read_entries, "habitats", block.habitats, ["site", "parcel"]))
    raise_mistakes(checks)


def list_rules() -> tuple[Rule, ...]:
    """The rules that only findings of species follow."""
    return SPECIES_RULES
