"""A part of one's own, in one file, is found in every file of a delivery, in its manifest and by validate."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest

from pipeline.errors import InputError, Problem
from pipeline.flow.assessment import registry
from pipeline.flow.assessment.assessing import _name_part
from pipeline.flow.assessment.part import Assessed, Part, Simulated
from pipeline.flow.deliveries import deliver
from pipeline.flow.inputs import find_inputs
from pipeline.flow.steps import list_steps
from pipeline.flow.validation import validate_all
from pipeline.geodesy import CGCS2000
from pipeline.indices.indicators import build_share
from pipeline.outputs.assessment import registry as sections
from pipeline.outputs.assessment.section import Section, build_section_table
from pipeline.rights_registry.findings import build_findings
from pipeline.rights_registry.rules import Rule
from pipeline.settings.strict import Strict
from pipeline.storage.tables import load_json
from pipeline.storage.workspace import Workspace

NESTS = "巢,数\nA,3\nB,5\n"
EMPTY_NEST = Rule("empty_nest", "warning", "空巢", "Empty nest", "试验", "{nest} 为空", "{nest} is empty")


class Toy(Strict):
    """Nests by a table."""

    nests: str
    least: int = 1


def read_nests(path):
    found = pd.read_csv(path).set_axis(["nest", "eggs"], axis=1)
    negative = found[found["eggs"] < 0]
    if len(negative):
        places = [Problem(f"{path}, row {row + 2}", "-1", "at least 0") for row in negative.index]
        raise InputError("巢数不能为负 Nests cannot be negative", places)
    return found


def assess(sources):
    nests = read_nests(sources.block.nests)
    aoi, period = sources.study.aoi, sources.study.periods[-1].label
    full, whole = int((nests["eggs"] >= sources.block.least).sum()), len(nests)
    rows = [
        build_share("nest_share", period, full, whole, unseen=0, source="nests.csv") | {"aoi": place}
        for place in (aoi.id, "town-1")
    ]
    places = [aoi.geometry.representative_point()] * whole
    sites = gpd.GeoDataFrame(nests, geometry=places, crs=CGCS2000)
    return Assessed(
        {"nests": nests.assign(indicative=True)},
        pd.DataFrame(rows).assign(target=None),
        build_findings(EMPTY_NEST, sites[sites["eggs"] < sources.block.least]),
        {"nest_sites": sites.assign(parcel_id=None)},
    )


def write(_, world, folder):
    folder.mkdir(parents=True)
    (folder / "nests.csv").write_text(f"巢,数\n{world.name},1\n", encoding="utf-8")


def build_part(path, **told):
    return Part(
        name="nests",
        title="巢",
        version=3,
        reads=("parcels",),
        find_block=lambda _: Toy(nests=str(path), **told),
        list_paths=lambda block: iter([block.nests]),
        assess=assess,
        check=lambda block, _: read_nests(block.nests),
        simulated=Simulated(1, write, lambda _, folder: Toy(nests=str(folder / "nests.csv"))),
    )


def build_section(delivery):
    table = build_section_table("各巢", "nests", delivery.tables["nests"], delivery)
    return Section("nests", "巢", ("共 2 处巢。",), tables=(table,))


@pytest.fixture
def nests(tmp_path):
    path = tmp_path / "nests.csv"
    path.write_text(NESTS, encoding="utf-8")
    return path


@pytest.fixture
def listed(nests, monkeypatch):
    monkeypatch.setattr(registry, "PARTS", (build_part(nests, least=4),))
    monkeypatch.setattr(sections, "BUILDERS", (build_section,))


def table_of(folder, name):
    return pd.read_csv(folder / "tables" / f"{name}.csv", encoding="utf-8-sig")


@pytest.mark.usefixtures("listed")
def test_a_part_in_one_file_is_found_everywhere(run, planted, nests):
    folder = deliver(run, planted).folder
    outlook = run.bars.outlook
    assert outlook.done == outlook.total == len(list_steps(planted, find_inputs(run, planted)))
    assert list(table_of(folder, "nests")["eggs"]) == [3, 5]
    own = table_of(folder, "indicators").set_index("indicator").loc["nest_share"]
    assert (own["aoi"], own["value"], own["numerator"], own["denominator"]) == ("field", 0.5, 1, 2)
    assert list(table_of(folder, "indicators_regions")["aoi"]) == ["town-1"]

    manifest = load_json(folder / "manifest.json")
    assert manifest["parts"] == {"nests": 3}
    assert "nests.csv" in manifest["inputs"]
    assert len(manifest["artifacts"]["nests"]) == 64

    package = folder / "inventory.gpkg"
    sites = gpd.read_file(package, layer="nest_sites")
    assert (list(sites["nest"]), sites.geom_type.unique()) == (["A", "B"], ["Point"])
    assert pyogrio.read_info(package, layer="nest_sites")["crs"] == "EPSG:4490"
    findings = gpd.read_file(package, layer="findings")
    assert findings.loc[findings["rule"] == "empty_nest", "message_zh"].tolist() == ["A 为空"]

    sheet = openpyxl.load_workbook(folder / "inventory.xlsx")["nests"]
    assert [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)] == [
        ["A", 3, "参考"],
        ["B", 5, "参考"],
    ]
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "共 2 处巢。" in page
    assert 'href="tables/nests.csv"' in page

    assert deliver(run, planted).kept
    nests.write_text("巢,数\nA,4\nB,5\n", encoding="utf-8")
    again = deliver(run, planted)
    assert not again.kept
    assert table_of(again.folder, "indicators").set_index("indicator")["value"]["nest_share"] == 1
    other = load_json(folder / "manifest.json")["artifacts"]
    assert {name for name in other if other[name] != manifest["artifacts"][name]} == {"nests", "inventory"}


@pytest.mark.usefixtures("listed")
def test_what_is_wrong_in_the_file_of_a_part_is_said_by_validate(planted, nests):
    nests.write_text("巢,数\nA,-1\nB,5\n", encoding="utf-8")
    with pytest.raises(InputError) as error:
        validate_all(planted.settings)
    assert [problem.place for problem in error.value.problems] == [f"{nests}, row 2"]


@pytest.mark.usefixtures("listed")
def test_the_simulated_world_writes_what_the_config_does_not_name(planted, tmp_path):
    scenes = planted.settings.scenes.model_copy(update={"provider": "simulated"})
    study = replace(planted, settings=planted.settings.model_copy(update={"scenes": scenes}))
    found = find_inputs(SimpleNamespace(workspace=Workspace(tmp_path / "work")), study)
    cause = found.simulated_parts["nests"]
    assert Path(found.blocks["nests"].nests).parts[-3:] == (
        "simulated_part_nests",
        cause.key[:24],
        "nests.csv",
    )
    assert found.checksums["simulated_part_nests"] == cause.key
    assert found.list_part_keys("nests")[-1] == cause.key


def test_only_a_part_that_says_it_reads_the_maps_is_another_with_other_maps(planted, nests):
    def name(*reads, keys):
        part = replace(build_part(nests), find_block=lambda _: Toy(nests="nests.csv"), reads=reads)
        maps = SimpleNamespace(study=planted, keys={"cover": keys})
        sources = SimpleNamespace(study=planted, maps=maps, artifacts={}, parts={})
        return _name_part(part, SimpleNamespace(list_part_keys=lambda _: []), sources).key

    assert name("maps", keys=["a"]) != name("maps", keys=["b"])
    assert name("told", keys=["a"]) == name("told", keys=["b"])
