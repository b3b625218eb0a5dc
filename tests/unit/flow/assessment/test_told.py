"""What offices tell the assessment: its own files, else those of the accounts, else the simulated ones."""

from types import SimpleNamespace

import geopandas as gpd
import pytest
import shapely

from pipeline.engine.study import Study
from pipeline.flow.assessment import registry, told
from pipeline.flow.assessment.part import Assessed, Part
from pipeline.flow.inputs import find_inputs
from pipeline.geodesy import CGCS2000
from pipeline.settings import Settings
from pipeline.settings.aoi import load_entry
from pipeline.storage.cause import Artifact
from pipeline.storage.tables import load_layer, load_table
from pipeline.storage.workspace import Workspace

AREA = "longyou_bay"
TIMES = {"start": "2023-01-01", "end": "2024-12-31", "period": "year", "provider": "simulated"}
REAL = TIMES | {"provider": "earth-search"}
PART = Part(
    "toy",
    "试验",
    1,
    ("told",),
    lambda settings: settings.label,
    lambda _: iter(()),
    lambda _: Assessed({}),
    print,
)


class Run:
    """A run that builds every artifact into a folder of its own."""

    def __init__(self, folder):
        self.workspace = Workspace(folder / "work")
        self.folder = folder

    def artifact(self, _, cause, build):
        folder = self.folder / cause.key
        folder.mkdir(parents=True)
        build(folder)
        return Artifact(cause.key, folder)


@pytest.fixture(autouse=True)
def _one_part(monkeypatch):
    monkeypatch.setattr(registry, "PARTS", (PART,))


@pytest.fixture
def towns(tmp_path):
    west, south, east, north = load_entry(AREA).geometry.bounds
    middle = (west + east) / 2
    boxes = [shapely.box(west, south, middle, north), shapely.box(middle, south, east, north)]
    path = tmp_path / "towns.gpkg"
    gpd.GeoDataFrame({"id": ["W", "E"], "name": ["西镇", "东镇"]}, geometry=boxes, crs=CGCS2000).to_file(path)
    return str(path)


@pytest.fixture
def yearbook(tmp_path):
    path = tmp_path / "yearbook.csv"
    path.write_text("镇,年份,GDP(亿元)\n西镇,2024,1.5\n东镇,2024,3\n北镇,2024,9\n", encoding="utf-8")
    return str(path)


def study(scenes=REAL, **given):
    return Study.of(
        AREA, Settings.model_validate({"label": "2024", "aoi": [AREA], "scenes": scenes, **given})
    )


def make(tmp_path, scenes=REAL, of_accounts=None, **given):
    run, area = Run(tmp_path), study(scenes, **given)
    return told.make_office_inputs(run, area, find_inputs(run, area), of_accounts)


def test_towns_and_statistics_of_the_assessment_need_no_accounts(tmp_path, towns, yearbook):
    given = {"statistics": [{"path": yearbook}], "regions": {"path": towns}}
    made = make(tmp_path, assessment=given)
    regions, figures = load_layer(made.path, "regions"), load_table(made.path, "statistics")
    assert {"W", "E"} <= set(regions["region"])
    gdp = figures[figures["item"] == "gdp"].set_index("region")["value"].to_dict()
    assert gdp == {"W": 1.5e8, "E": 3e8}
    assert load_table(made.path, "statistics_rejected")["found"].str.contains("北镇").any()


def test_files_of_the_assessment_are_inputs_of_the_delivery(tmp_path, towns, yearbook):
    given = {"statistics": [{"path": yearbook}], "regions": {"path": towns}}
    run = SimpleNamespace(workspace=Workspace(tmp_path / "work"))
    assert {"yearbook.csv", "towns.gpkg"} <= set(find_inputs(run, study(assessment=given)).checksums)


def test_what_the_assessment_does_not_name_is_what_the_accounts_name(tmp_path, towns, yearbook):
    accounts = {"statistics": [{"path": "/accounts/*.xlsx"}], "regions": {"path": towns}}
    run = SimpleNamespace(workspace=Workspace(tmp_path / "work"))
    area = study(accounts=accounts, assessment={"statistics": [{"path": yearbook}]})
    found = find_inputs(run, area).assessment
    assert (found.regions.path, found.statistics[0].path) == (towns, yearbook)


def test_with_nothing_of_its_own_the_assessment_reads_what_the_accounts_read(tmp_path):
    theirs = Artifact("key", tmp_path)
    assert make(tmp_path, of_accounts=theirs, accounts={}) is theirs


def test_with_neither_the_area_is_its_one_region(tmp_path):
    made = make(tmp_path)
    assert list(load_layer(made.path, "regions")["region"]) == [AREA]
    assert load_table(made.path, "statistics").empty


def test_the_simulated_world_tells_an_assessment_without_accounts_what_it_would_tell_them(tmp_path):
    run, quarters = Run(tmp_path), TIMES | {"period": "quarter"}
    found = find_inputs(run, study(quarters))
    assert found.accounts is None
    assert (
        found.simulated_accounts.key == find_inputs(run, study(quarters, accounts={})).simulated_accounts.key
    )
    assert "simulated_accounts" in found.assessment.regions.path
    assert found.checksums["simulated_accounts"] == found.simulated_accounts.key


def test_a_run_without_a_part_that_asks_makes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "PARTS", ())
    assert make(tmp_path) is None
    assert find_inputs(Run(tmp_path), study(TIMES)).simulated_accounts is None
