"""Species in a run: tables, figures, findings, the layer of sites, habitats under the maps, the report."""

from dataclasses import replace
from types import SimpleNamespace

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely

from pipeline.errors import InputError, SettingsError
from pipeline.flow.assessment import registry
from pipeline.flow.assessment.entries.species import SPECIES
from pipeline.flow.assessment.species import assess_species
from pipeline.flow.deliveries import deliver
from pipeline.flow.validation import validate_all
from pipeline.outputs.assessment.species import build_species_section
from pipeline.settings.parcels import ParcelFile
from pipeline.settings.species import Species
from pipeline.storage.tables import load_json
from tests.unit.assessment.species.records import YEARS
from tests.unit.ingest.species.tables import AREA, ESTIMATES, HEADINGS, NAMES, build_block, write_csv

SURVEYS = [
    [*HEADINGS, "调查人"],
    ["白头鹤", "田甲", "2024年5月12日", "6", "张三"],
    ["白头鹤", "田乙", "2024年5月12日", "4", "张三"],
    ["小天鹅", "田甲", "2024年5月12日", ">900", "张三"],
    ["斑嘴鸭", "田甲", "2024年5月12日", "0", "张三"],
    ["芦苇", "田甲", "2024年5月13日", "有", "张三"],
    ["白头鹳", "田甲", "2024年5月13日", "2", "张三"],
    ["麻雀", "田甲", "2024年4月28日至5月2日", "2", "张三"],
]


@pytest.fixture
def study(planted, tmp_path):
    left, bottom, right, top = planted.aoi.geometry.bounds
    middle = (left + right) / 2
    halves = [shapely.box(left, bottom, middle, top), shapely.box(middle, bottom, right, top)]
    register = gpd.GeoDataFrame({"parcel_no": ["C1", "C2"]}, geometry=halves, crs="EPSG:4490")
    register.to_file(tmp_path / "register.geojson")
    y = (bottom + top) / 2
    sites = [
        ["样点名称", "样点群", "经度", "纬度"],
        ["田甲", "田", f"{(left + middle) / 2}", f"{y}"],
        ["田乙", "田", f"{(middle + right) / 2}", f"{y}"],
    ]
    habitats = [["样点", "宗地编码"], ["田乙", "C2"], ["田乙", "C9"]]
    block = {
        "surveys": [{"path": write_csv(tmp_path / "surveys.csv", SURVEYS)}],
        "names": write_csv(tmp_path / "names.csv", NAMES),
        "sites": write_csv(tmp_path / "sites.csv", sites),
        "populations": write_csv(tmp_path / "populations.csv", ESTIMATES),
        "habitats": write_csv(tmp_path / "habitats.csv", habitats),
    }
    water = planted.settings.water.model_copy(update={"inundation": True, "least_looks": 1})
    told = {
        "species": Species.model_validate(block),
        "parcels": ParcelFile(path=str(tmp_path / "register.geojson")),
        "water": water,
    }
    return replace(planted, settings=planted.settings.model_copy(update=told))


@pytest.fixture
def listed(monkeypatch):
    monkeypatch.setattr(registry, "PARTS", (SPECIES,))


def table_of(folder, name):
    return pd.read_csv(folder / "tables" / f"{name}.csv", encoding="utf-8-sig")


@pytest.mark.usefixtures("listed")
def test_surveys_of_a_run_stand_in_every_file_of_its_delivery(run, study):
    folder = deliver(run, study).folder
    figures = table_of(folder, "indicators").set_index("indicator")
    assert {name: figures["value"][name] for name in ("plant_species_count", "waterbird_species_count")} == {
        "plant_species_count": 1, "waterbird_species_count": 2,
    }  # fmt: skip
    reached = figures.loc["waterbird_species_1pct"]
    assert (reached["value"], reached["low"], reached["high"]) == (1, 1, 2)
    assert figures["unit"]["animal_species_count"] == "species"

    birds = table_of(folder, "waterbirds").set_index("species")
    assert (birds["count_low"]["白头鹤"], birds["sites"]["白头鹤"]) == (10, 2)
    assert birds["reaches_one_percent"]["白头鹤"] in {True, "True"}
    assert pd.isna(birds["reaches_one_percent"]["小天鹅"])
    counts = table_of(folder, "species_counts").set_index("species_group")
    assert counts.loc["waterbird", ["species_count", "not_found_count", "surveys"]].tolist() == [2, 1, 2]
    assert set(table_of(folder, "species_list")["species"]) == {"白头鹤", "小天鹅", "斑嘴鸭", "芦苇"}

    rejects = table_of(folder, "species_rejected")
    assert sorted(rejects["found"]) == ["2024-04-28/2024-05-02", "C9", "白头鹳"]
    assert set(table_of(folder, "species_records")["observers"].dropna()) == {"张＊"}

    parcels = gpd.read_file(folder / "inventory.gpkg", layer="parcels").set_index("parcel_no")
    sites = table_of(folder, "species_sites").set_index("site")
    for site, code, basis in (("田甲", "C1", "place"), ("田乙", "C2", "table")):
        row, parcel = sites.loc[site], parcels.loc[code]
        assert (row["parcels"], row["habitat_basis"]) == (parcel["parcel_id"], basis)
        assert row["habitat_area_m2"] == pytest.approx(parcel["area_m2"])
        measures = table_of(folder, "parcel_measures").set_index(["parcel_id", "measure"])["value"]
        for name in ("fvc_mean", "water_share"):
            assert row[name] == pytest.approx(measures[parcel["parcel_id"], name])
        assert 0 <= row["flooded_share"] <= 1

    layer = gpd.read_file(folder / "inventory.gpkg", layer="survey_sites")
    assert list(layer["species_count"]) == [1, 3]
    told = gpd.read_file(folder / "inventory.gpkg", layer="findings").set_index("rule")["message_zh"]
    assert "白头鹳" in told["species_names_unknown"]
    sheets = openpyxl.load_workbook(folder / "inventory.xlsx").sheetnames
    assert {"物种数", "物种变化", "物种名录", "样点与生境", "物种资料剔除表"} <= set(sheets)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "2024-05 有 1 种水鸟达到种群数量的 1%：白头鹤。" in page
    assert load_json(folder / "manifest.json")["parts"] == {"species": SPECIES.version}
    assert deliver(run, study).kept


@pytest.mark.usefixtures("listed")
def test_what_is_wrong_with_tables_of_species_is_said_by_validate(study, tmp_path):
    validate_all(study.settings)
    write_csv(tmp_path / "names.csv", [*NAMES, ["鸳鸯", "Aix galericulata", "", "飞禽"]])
    with pytest.raises(InputError) as error:
        validate_all(study.settings)
    assert [problem.place for problem in error.value.problems] == ["names.csv, row 11, 类群"]
    bare = study.settings.model_copy(update={"species": Species()})
    with pytest.raises(SettingsError) as error:
        validate_all(bare)
    assert {problem.place for problem in error.value.problems} == {
        "species.surveys", "species.names", "species.sites",
    }  # fmt: skip


def test_a_delivery_without_species_has_no_section(study):
    assert build_species_section(SimpleNamespace(tables={})) is None
    assert study.settings.model_copy(update={"species": None}).model_dump().get("species") is None


@pytest.mark.parametrize(
    ("sites", "placed", "records"),
    [
        ([["样点名称", "经度", "纬度"], ["外滩", "120.5", "31.4"], ["东滩", "121.85", "31.45"]], 1, 0),
        ([["样点名称", "试点区"], ["外滩", "岛"]], 0, 1),
        ([["样点名称", "试点区"], ["外滩", "别处"]], 0, 0),
    ],
    ids=["site elsewhere", "site without a place", "no site"],
)
def test_an_area_without_surveys_or_places_has_its_tables_and_no_figure_of_0(
    tmp_path, sites, placed, records
):
    block = build_block(
        tmp_path, [HEADINGS, ["白头鹤", "外滩", "2024-01-15", "3"]], sites=sites, estimates=ESTIMATES
    )
    codes = {name: pd.Series(dtype=object) for name in ("parcel_id", "parcel_no", "unit_no", "area_m2")}
    nothing = gpd.GeoDataFrame(codes, geometry=[], crs="EPSG:4490")
    measures = pd.DataFrame(columns=["parcel_id", "period", "measure", "value", "covered_area_m2"])
    settings = SimpleNamespace(scenes=SimpleNamespace(period="year"))
    sources = SimpleNamespace(
        block=block,
        study=SimpleNamespace(aoi=AREA, periods=YEARS, settings=settings),
        maps=SimpleNamespace(of=lambda _: {}),
        layer=lambda *_: nothing,
        table=lambda *_: measures,
    )
    found = assess_species(sources)
    assert (len(found.layers["survey_sites"]), len(found.tables["species_records"])) == (placed, records)
    figures = found.indicators.set_index(["indicator", "period"])
    assert figures["value"].dropna().to_dict() == (
        {} if not records else {
            ("animal_species_count", "2024"): 1, ("animal_species_known", "2024"): 1,
            ("bird_species_count", "2024"): 1, ("bird_species_known", "2024"): 1,
            ("waterbird_species_count", "2024"): 1, ("waterbird_species_known", "2024"): 1,
            ("waterbird_species_1pct", "2024"): 0,
        }
    )  # fmt: skip
    assert figures.loc[figures["value"].isna(), "reason"].notna().all()
