"""What the simulated world gives for accounts comes in through the readers, all of it, as it was planted."""

from datetime import date
from pathlib import Path

import pytest
import shapely

from pipeline.aoi import Aoi, Part
from pipeline.geodesy import measure_areas_m2, unproject
from pipeline.ingest.projects import read_projects
from pipeline.ingest.regions import read_regions
from pipeline.ingest.simulate import accounts
from pipeline.ingest.simulate.account_sources import describe_accounts
from pipeline.ingest.simulate.world import plan_world
from pipeline.ingest.simulate.yearbook import list_figures, list_price_index
from pipeline.ingest.statistics import read_statistics
from pipeline.periods import list_periods
from pipeline.settings.parameters import read_parameters
from pipeline.settings.price_index import read_price_index

CRS = "EPSG:32651"
YEARS = list_periods(date(2023, 1, 1), date(2024, 12, 31), "year")


@pytest.fixture(scope="module")
def world():
    square = shapely.box(395_000, 3_486_000, 397_000, 3_488_000)
    part = Part("dongtan", "小滩", "Flat", unproject(square, CRS), None)
    return plan_world(Aoi("tiny", "小区", "Tiny", (part,), CRS, "test", "exact"), YEARS)


@pytest.fixture(scope="module")
def made(world, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sources")
    accounts.write_accounts(world, folder)
    return describe_accounts(folder)


def test_towns_are_read_as_the_whole_area(world, made):
    regions = read_regions(made.regions, world.aoi)
    assert list(regions["region"]) == ["310151100", "310151101", "310151102"]
    assert measure_areas_m2(regions.geometry).sum() == pytest.approx(world.aoi.area_m2, rel=1e-8)


def test_projects_are_read_with_what_carbon_methods_ask(world, made):
    projects = read_projects(made.projects, world.aoi).set_index("project")
    assert set(projects["kind"]) == {"belt", "village", "pledged", "carbon"}
    carbon = projects.loc["SIM-CARBON"]
    assert carbon["methodology"] == "SHCER01030012024I"
    assert carbon["intertidal"]
    assert carbon["alien_species"] == "none"


def test_every_planted_figure_of_the_messy_tables_is_read(world, made):
    tables = read_statistics(made.statistics, world.aoi, read_regions(made.regions, world.aoi))
    keys = ["region", "year", "item", "product"]
    found = tables.statistics.astype({"product": object}).fillna({"product": ""}).set_index(keys)["value"]
    planted = {
        (entry.region, entry.year, entry.kept.item, entry.kept.product or ""): entry.value
        for entry in list_figures(world)
    }
    assert set(found.index) == set(planted)
    assert found.to_dict() == pytest.approx(planted, rel=1e-12)


def test_a_figure_that_is_not_asked_for_is_rejected_by_place(world, made):
    tables = read_statistics(made.statistics, world.aoi, read_regions(made.regions, world.aoi))
    assert set(tables.rejects["sheet"]) == {"综合"}
    assert "一般公共预算收入" in " ".join(tables.rejects["found"])


def test_prices_and_parameters_are_read_without_a_mistake(world, made):
    assert read_price_index(Path(made.price_index))[""] == list_price_index(world)
    (rows,) = read_parameters([Path(made.parameters)])
    assert len(rows) > 15
    assert not any(row.confirmed for row in rows)
