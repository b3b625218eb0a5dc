"""The ecological index (EI, HJ 192-2015) of each calendar year, from maps, register and statistics."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import geopandas as gpd
import pandas as pd

from pipeline import ingest
from pipeline.aoi import Aoi
from pipeline.assessment import ecological_evaluation as evaluation
from pipeline.assessment import ecological_index as norm
from pipeline.assessment.amounts import Amount
from pipeline.assessment.ecological_evaluation import Evaluation
from pipeline.assessment.ecological_tables import Year, build_index_rows, build_indicators, build_input_rows
from pipeline.assessment.years import explain_no_year
from pipeline.flow.assessment.land_areas import sum_lands
from pipeline.flow.assessment.part import Assessed
from pipeline.flow.assessment.sources import Sources
from pipeline.flow.assessment.yearly import YearlyStatistics, gather_statistics
from pipeline.flow.measures import list_stores, sum_ground
from pipeline.geodesy import CGCS2000
from pipeline.maps.accounts.registered import RegisteredGround
from pipeline.maps.look_ndvi import list_growing_months
from pipeline.periods import Period
from pipeline.rights_registry.findings import build_findings, join_findings
from pipeline.rights_registry.rules import ECOLOGICAL_RULES
from pipeline.settings.ecological_index import (
    StatusIndex,
    StatusScheme,
    load_status_scheme,
)
from pipeline.zonal.ground import Ground, lay_ground
from pipeline.zonal.layers import MapLayer
from pipeline.zonal.sums import ParcelSums
from pipeline.zonal.tallies import Weighted

_M2_IN_KM2 = 1e6
_NDVI = Weighted(MapLayer("month_ndvi", "ndvi"))


@dataclass(frozen=True)
class _Inputs:
    """What the years of an area are evaluated from."""

    sources: Sources
    block: StatusIndex
    scheme: StatusScheme
    statistics: YearlyStatistics
    registered: RegisteredGround
    ground: Ground

    @property
    def area_km2(self) -> float:
        return self.sources.study.aoi.area_m2 / _M2_IN_KM2

    def tell(self, item: str, year: int, unit: str) -> Amount:
        """What statistics tell."""
        return self.statistics.area.find(item, year, unit)


def assess_ecological_index(sources: Sources) -> Assessed:
    """EI by year with its sub-indices and their inputs; null with a reason for periods that are no years."""
    block, study = sources.block, sources.study
    scheme, statistics = load_status_scheme(block), gather_statistics(sources, block.statistics)
    parcels = sources.layer("parcels", "parcels")
    assert parcels is not None
    registered = RegisteredGround.of(parcels, study.grid.crs)
    given = _Inputs(sources, block, scheme, statistics, registered, lay_ground(sources.run.cluster, study))
    years = [_evaluate_period(given, period) for period in study.periods]
    tables = {
        "ecological_index": build_index_rows(years, study.aoi.id),
        "ecological_index_inputs": build_input_rows(years, study.aoi.id),
        "ecological_index_rejected": statistics.rejected,
    }
    rows = tables["ecological_index"]
    return Assessed(tables, build_indicators(rows), _find_doubts(rows, study.aoi))


def _find_doubts(rows: pd.DataFrame, aoi: Aoi) -> gpd.GeoDataFrame:
    """Findings of a clear fall of EI, and of sub-indices that cannot be."""
    places = [aoi.geometry] * len(rows)
    shown = gpd.GeoDataFrame(rows.assign(key=rows["sub_index"]), geometry=places, crs=CGCS2000)
    return join_findings([build_findings(rule, shown[rule.applies(shown)]) for rule in ECOLOGICAL_RULES])


def _evaluate_period(given: _Inputs, period: Period) -> Year:
    year = period.whole_year
    if year is None:
        return Year(period.label, None, (), None, explain_no_year(period.label))
    most = given.scheme.most_plausible.value
    bound = given.scheme.greatest.value if given.scheme.greatest else None
    bounded = tuple(one.refuse(most).bound(bound) for one in _evaluate_year(given, period, year))
    limit = next((one for one in given.block.limits if one.year == year), None)
    binding = (limit.level, limit.reason) if limit else (None, None)
    return Year(period.label, year, bounded, evaluation.total_year(bounded, *binding))


def _evaluate_year(given: _Inputs, period: Period, year: int) -> Iterator[Evaluation]:
    """The sub-indices in the order of the norm, those of land once for each basis."""
    lands = sum_lands(given.sources.maps, given.ground, given.registered, period)
    for basis, areas in lands.items():
        yield _evaluate_biology(given, areas, basis)
    yield _evaluate_cover(given, year)
    amounts = {term.input: given.tell(term.input, year, term.unit) for term in norm.list_terms(norm.WATER)}
    mean = given.tell("water_resources_mean", year, "1e6 m3")
    yield evaluation.evaluate_water(amounts, mean, given.area_km2)
    for basis, areas in lands.items():
        yield _evaluate_stress(given, areas, basis, year)
    amounts = {term.input: given.tell(term.input, year, term.unit) for term in norm.list_terms(norm.LOAD)}
    yield evaluation.evaluate_load(amounts, given.tell("rain", year, "mm"), given.area_km2)


def _evaluate_biology(given: _Inputs, areas: norm.LandAreas, basis: str) -> Evaluation:
    least = given.scheme.least_known_share.value
    found = evaluation.evaluate_biology(areas, given.block.zone, basis, _name_land(given, basis), least)
    return replace(found, counted=basis == given.block.class_basis)


def _evaluate_stress(given: _Inputs, areas: norm.LandAreas, basis: str, year: int) -> Evaluation:
    least = given.scheme.least_known_share.value
    built = evaluation.measure_built_land(areas, least, _name_land(given, basis))
    amounts = {
        term.input: built if term.input == "built_area" else given.tell(term.input, year, term.unit)
        for term in norm.list_terms(norm.STRESS)
    }
    found = evaluation.evaluate_stress(amounts, given.area_km2, basis, _name_land(given, basis))
    return replace(found, counted=basis == given.block.class_basis)


def _evaluate_cover(given: _Inputs, year: int) -> Evaluation:
    coefficient, least = given.scheme.vegetation_coefficient, given.scheme.least_seen_share
    if given.block.ndvi == "statistics":
        ndvi = given.tell("growing_ndvi", year, "1")
        unsure = not coefficient.confirmed
        return evaluation.evaluate_vegetation(ndvi, (), coefficient.value, indicative=unsure)
    months = [(month.first.month, _measure_month(given, month)) for month in list_growing_months(year)]
    unsure = not (coefficient.confirmed and least.confirmed)
    ndvi = evaluation.average_months(months)
    return evaluation.evaluate_vegetation(ndvi, months, coefficient.value, indicative=unsure)


def _measure_month(given: _Inputs, month: Period) -> Amount:
    """Mean over the area of the greatest NDVI of a month; not known where too little of it was seen."""
    maps, jobs = given.sources.maps, ((_NDVI, month),)
    parts = given.ground.map(
        partial(sum_ground, stores=list_stores(maps), places=_NDVI.list_places(month), jobs=jobs)
    )
    sums = ParcelSums.total(parts).by_job[_NDVI, month]
    seen, whole = float(_NDVI.covered(sums)[0]), given.sources.study.aoi.area_m2
    least, source = given.scheme.least_seen_share.value, f"{month.label} 晴空影像 clear looks"
    if seen < least * whole:
        reason = (
            f"{month.label} 只有 {seen / whole:.1%} 的面积有 NDVI，低于 {least:.0%} / "
            f"{seen / whole:.1%} of the area has an NDVI in {month.label}, less than {least:.0%}"
        )
        return Amount(None, source, reason, seen, whole)
    return Amount(float(_NDVI.mean(sums)[0]), source, None, seen, whole)


def _name_land(given: _Inputs, basis: str) -> str:
    method = given.sources.study.settings.land_cover.method
    words = {
        "registered": "登记地类 registered land classes",
        "mapped": f"制图地类 mapped land cover: {method}",
    }
    return f"HJ 192-2015; {words[basis]}; standards/ecological_index_land_classes.csv"


def check_ecological_index(block: StatusIndex, aoi: Aoi) -> None:
    """Read its files through; raises the errors of their doors."""
    load_status_scheme(block)
    ingest.statistics.read_statistics(block.statistics, aoi)
