"""The part of the assessment that holds GDP beside GEP, by town."""

import pandas as pd

from pipeline import ingest
from pipeline.aoi import Aoi
from pipeline.assessment import gdp_gep
from pipeline.flow.assessment.part import Assessed
from pipeline.flow.assessment.sources import Sources
from pipeline.settings.gdp_gep import GdpGep

_REJECTED = "gdp_gep_rejected"


def assess_gdp_gep(sources: Sources) -> Assessed:
    """GDP and GEP of the area and its towns, as indicators besides."""
    block, aoi = sources.block, sources.study.aoi
    regions, told = sources.layer("told", "regions"), sources.table("told", "statistics")
    own = ingest.statistics.read_statistics(block.statistics, aoi, regions)
    given = [table for table in (told, own.statistics) if table is not None and len(table)]
    statistics = pd.concat(given, ignore_index=True) if given else own.statistics
    found = gdp_gep.find_statistic(statistics, gdp_gep.GDP, "GDP")
    if block.gep == "statistics":
        gep = gdp_gep.name_statistic_gep(gdp_gep.find_statistic(statistics, gdp_gep.GEP, "GEP"))
    else:
        gep = gdp_gep.find_account_gep(sources.table("accounts", "account_totals"), block.basis)
    names = {aoi.id: aoi.name_zh, **_name_regions(regions)}
    rest = [ingest.regions.name_rest(aoi.id)]
    periods = sources.study.periods
    table = gdp_gep.compare_gdp_gep(found, gep, names, periods, aoi_id=aoi.id, unranked=rest)
    tables = {"gdp_gep": table, **({_REJECTED: own.rejects} if len(own.rejects) else {})}
    return Assessed(tables, gdp_gep.build_gdp_gep_indicators(table))


def _name_regions(regions: pd.DataFrame | None) -> dict[str, str]:
    if regions is None:
        return {}
    return dict(zip(regions["region"].astype(str), regions["name"].astype(str), strict=True))


def check_gdp_gep(block: GdpGep, aoi: Aoi) -> None:
    """Read the statistics of the part through."""
    ingest.statistics.read_statistics(block.statistics, aoi)
