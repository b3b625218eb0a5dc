"""Statistics of the simulated world for EI and EQI: read by the door, and what they should come to."""

import hashlib
import json
from datetime import date

import pytest
import shapely

from pipeline.aoi import Aoi, Part
from pipeline.assessment import ecological_evaluation as evaluation
from pipeline.assessment import ecological_index as norm
from pipeline.assessment.amounts import AreaStatistics
from pipeline.assessment.ecological_quality import QualitySources, evaluate_quality, name_class
from pipeline.geodesy import unproject
from pipeline.ingest.simulate import ecological_paths, world
from pipeline.ingest.simulate import ecological_sources as sources
from pipeline.ingest.simulate.parcels import write_register
from pipeline.ingest.simulate.yearbook import SOURCE, write_statistics
from pipeline.ingest.statistics import read_statistics
from pipeline.periods import list_periods
from pipeline.settings.ecological_index import QualityIndex, StatusIndex, load_quality_scheme
from pipeline.settings.statistics import StatisticsFile

CRS = "EPSG:32651"
YEARS = list_periods(date(2023, 1, 1), date(2024, 12, 31), "year")
SQUARE = shapely.box(395_000, 3_486_000, 396_500, 3_487_200)


def plan(periods=YEARS):
    part = Part("guangyang", "小岛", "Islet", unproject(SQUARE, CRS), None)
    return world.plan_world(Aoi("tiny", "小区", "Tiny", (part,), CRS, "test", "exact"), periods)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    base = tmp_path_factory.mktemp("world")
    tiny = plan()
    write_register(tiny, base)
    sources.write_status(tiny, base, base / "status")
    sources.write_quality(tiny, base, base / "quality")
    write_statistics(tiny, base)
    return base


def truth_of(folder, name):
    return json.loads((folder / name / "truth.json").read_text(encoding="utf-8"))


def read(folder, block):
    files = [*block.statistics, StatisticsFile(path=str(folder / "statistics" / "*"))]
    found = read_statistics(files, plan().aoi)
    return AreaStatistics(found.statistics, "tiny"), found.rejects


def test_every_planted_figure_comes_back_whatever_its_unit_and_spelling(folder):
    area, _ = read(folder, ecological_paths.complete_status(StatusIndex(), folder / "status"))
    units = {"ha": "ha", "m3": "m3"}
    for figure in sources.list_status_figures(plan()):
        item = figure.kept.item
        unit = {"river_length": "km", "rain": "mm", "growing_ndvi": "1", "solid_waste_dumped": "t"}.get(item)
        unit = unit or ("m3" if item.startswith("water") else units["ha"])
        assert area.find(item, figure.year, unit).value == pytest.approx(figure.value), item


def test_planted_sub_indices_of_statistics_come_back(folder):
    area, _ = read(folder, ecological_paths.complete_status(StatusIndex(), folder / "status"))
    area_km2 = plan().aoi.area_m2 / 1e6
    truth = truth_of(folder, "status")["years"]
    ratios = [year["water_ratio"] for year in truth.values()]
    assert min(ratios) < max(ratios)
    for label, year in truth.items():

        def tell(key, label=label):
            return {term.input: area.find(term.input, int(label), term.unit) for term in norm.list_terms(key)}

        ndvi = area.find("growing_ndvi", int(label), "1")
        mean = area.find("water_resources_mean", int(label), "1e6 m3")
        found = {
            norm.COVER: evaluation.evaluate_vegetation(ndvi, (), 0.0121165124),
            norm.WATER: evaluation.evaluate_water(tell(norm.WATER), mean, area_km2),
            norm.LOAD: evaluation.evaluate_load(
                tell(norm.LOAD), area.find("rain", int(label), "mm"), area_km2
            ),
        }
        for key, one in found.items():
            assert one.value == pytest.approx(year["values"][key], rel=1e-9), key


def test_planted_eqi_comes_back(folder):
    area, _ = read(folder, ecological_paths.complete_quality(QualityIndex(), folder / "quality"))
    scheme = load_quality_scheme(QualityIndex())
    for label, year in truth_of(folder, "quality")["years"].items():
        told = QualitySources(
            lambda key, label=label: area.find(f"eqi.{key}", int(label), "1"), lambda _: None
        )
        found = evaluate_quality(scheme, told)
        assert float(found.value) == pytest.approx(year["eqi"])
        assert name_class(found.value, scheme).startswith(year["grade"])


def test_everything_says_that_it_is_simulated(folder):
    _, rejects = read(folder, ecological_paths.complete_status(StatusIndex(), folder / "status"))
    assert "模拟" in SOURCE
    assert "模拟" in truth_of(folder, "status")["simulated"]
    assert not rejects["file"].str.contains("生态环境状况资料").any()


def test_the_same_world_gives_the_same_bytes(folder, tmp_path):
    tiny = plan()
    sources.write_status(tiny, folder, tmp_path / "again")
    for path in (tmp_path / "again").iterdir():
        old = folder / "status" / path.name
        assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(old.read_bytes()).digest()


def test_what_a_config_names_is_not_simulated(folder):
    own = [StatisticsFile(path="own.csv")]
    assert ecological_paths.complete_status(StatusIndex(statistics=own), folder).statistics == own
    assert ecological_paths.complete_quality(QualityIndex(statistics=own), folder).statistics == own


def test_a_world_of_quarters_has_no_year_to_be_true(tmp_path):
    quarters = plan(list_periods(date(2024, 1, 1), date(2024, 6, 30), "quarter"))
    write_register(quarters, tmp_path)
    sources.write_status(quarters, tmp_path, tmp_path / "status")
    sources.write_quality(quarters, tmp_path, tmp_path / "quality")
    assert truth_of(tmp_path, "status")["years"] == truth_of(tmp_path, "quality")["years"] == {}
