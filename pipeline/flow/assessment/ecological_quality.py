"""The ecological quality index (EQI) of each calendar year of a run, by a scheme."""

from collections.abc import Mapping
from functools import partial

from pipeline import ingest
from pipeline.aoi import Aoi
from pipeline.assessment.amounts import Amount, AreaStatistics
from pipeline.assessment.ecological_quality import (
    QualitySources,
    QualityYear,
    build_quality_indicators,
    build_quality_rows,
    evaluate_quality,
    index_indicators,
)
from pipeline.assessment.years import explain_no_year
from pipeline.flow.assessment.part import Assessed
from pipeline.flow.assessment.sources import Sources
from pipeline.flow.assessment.yearly import gather_statistics
from pipeline.settings.ecological_index import QualityIndex, load_quality_scheme


def assess_ecological_quality(sources: Sources) -> Assessed:
    """EQI by year with all indices of the scheme; null with the reason for periods that are no years."""
    scheme, aoi = load_quality_scheme(sources.block), sources.study.aoi
    statistics, indicators = gather_statistics(sources, sources.block.statistics), sources.indicators()
    years = []
    for period in sources.study.periods:
        year = period.whole_year
        if year is None:
            years.append(QualityYear(period.label, None, None, explain_no_year(period.label)))
            continue
        known = index_indicators(indicators, aoi.id, period.label)
        index = partial(_tell, statistics.area, year)
        told = QualitySources(index, partial(_find_indicator, known))
        years.append(QualityYear(period.label, year, evaluate_quality(scheme, told)))
    rows = build_quality_rows(years, scheme, aoi.id)
    tables = {"ecological_quality": rows, "ecological_quality_rejected": statistics.rejected}
    return Assessed(tables, build_quality_indicators(rows))


def _tell(statistics: AreaStatistics, year: int, key: str) -> Amount:
    return statistics.find(f"eqi.{key}", year, "1")


def _find_indicator(known: Mapping[str, Amount], name: str) -> Amount:
    reason = f"本次运行没有指标 {name} / the run has no indicator {name}"
    return known.get(name, Amount(None, "indicators", reason))


def check_ecological_quality(block: QualityIndex, aoi: Aoi) -> None:
    """Read its files through; raises the errors of their doors."""
    load_quality_scheme(block)
    ingest.statistics.read_statistics(block.statistics, aoi)
