"""The health of rivers and lakes: what the simulated world planted comes back; a body across two areas."""

import itertools
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.engine.executors import Threads
from pipeline.engine.progress import Bars
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.errors import SettingsError
from pipeline.flow.assessment import health
from pipeline.flow.assessment.entries.health import HEALTH
from pipeline.flow.assessment.health_inputs import check_health
from pipeline.flow.assessment.sources import Sources
from pipeline.flow.assessment.waters import make_waters
from pipeline.flow.inputs import Inputs
from pipeline.geodesy import CGCS2000, project_all, unproject
from pipeline.ingest.simulate.health import write_health
from pipeline.ingest.simulate.health_estate import LAKE, OWN, SHARED, look_at
from pipeline.ingest.simulate.health_paths import complete_health
from pipeline.ingest.simulate.landscape import KINDS
from pipeline.ingest.simulate.water import write_samples
from pipeline.ingest.simulate.world import plan_world
from pipeline.settings import SampleFile, Scenes, Settings
from pipeline.settings.health import Health
from pipeline.settings.sources import StaticCatalog
from pipeline.storage.workspace import Workspace

CRS = "EPSG:32651"
X, Y = 400_000, 3_440_000
NEAR = 1e-6
GROUND = 0.5
"""Points by which scores of ground may miss: areas are counted in pixels of 5 m on either side."""


def study_of(folder, name, box, period="quarter", days=(date(2023, 1, 1), date(2024, 12, 31))):
    """An area drawn in metres, without scenes."""
    outline = unproject(shapely.box(*box), CRS)
    path = folder / f"{name}.geojson"
    gpd.GeoDataFrame({"id": [name], "name": [name]}, geometry=[outline], crs=CGCS2000).to_file(path)
    scenes = Scenes(provider=StaticCatalog(static="none"), start=days[0], end=days[1], period=period)
    settings = Settings(label="2024", aoi=[str(path)], scenes=scenes, out=str(folder / "out"))
    return Study.of(settings.aoi[0], settings)


def assess(folder, study, block, inputs, sum_strips):
    """What the part makes over an area whose maps are told by a function."""
    inputs = replace(inputs, blocks={"health": block})
    with Workspace(folder / "out" / "work").hold() as workspace:
        run = Run(workspace, Threads(1), Bars(quiet=True))
        waters = make_waters(run, study, inputs)
        sources = Sources(run, SimpleNamespace(study=study), block, {"waters": waters}, {})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(health, "sum_strips", sum_strips)
            return health.assess_health(sources)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """The tables of eight quarters of a simulated world, its ground seen as it is, and its truth."""
    folder = tmp_path_factory.mktemp("health")
    study = study_of(folder, "tiny", (X, Y, X + 2400, Y + 2200))
    world = plan_world(study.aoi, study.periods)
    base, own = folder / "world", folder / "part"
    base.mkdir()
    write_samples(world, study.periods, base)
    write_health(world, base, own)
    inputs = Inputs(
        StaticCatalog(static="none"),
        (SampleFile(path=str(base / "water" / "*")),),
        base / "sections.csv",
        None,
    )

    def look(_run, _maps, strips):
        return pd.DataFrame(list(look_under(world, study, strips)))

    block = complete_health(Health(), own)
    found = assess(folder, study, block, inputs, look)
    return found, json.loads((own / "truth.json").read_text(encoding="utf-8"))


def look_under(world, study, strips):
    """Sums over strips from the planted kinds of ground, each pixel of 5 m counted where its middle lies."""
    for _, strip in strips.iterrows():
        shape = project_all(np.array([strip.geometry], dtype=object), study.grid.crs)[0]
        for period in study.periods:
            kinds = look_at(world, shape, period.last)
            classes = np.array([kind.cover_class for kind in KINDS])[kinds]
            for mapped, count in zip(*np.unique(classes, return_counts=True), strict=True):
                area = count * 25.0
                facts = {
                    "body": strip["body"],
                    "zone": strip["zone"],
                    "period": period.label,
                    "mapped": mapped,
                }
                yield {**facts, "area_m2": area, "fvc": 0.5 * area, "fvc_m2": area}


def test_every_planted_score_and_class_comes_back(planted):
    found, truth = planted
    cards = found.tables["health_cards"].set_index(["body", "period"])
    criteria = found.tables["health_criteria"]
    for body, facts in truth["bodies"].items():
        for period, expected in facts["periods"].items():
            own = criteria[criteria["body"].eq(body) & criteria["period"].eq(period)].set_index("criterion")
            scores = own["score"].dropna().to_dict()
            assert scores == pytest.approx(expected["scores"], abs=GROUND), (body, period)
            exact = scores.keys() - {"area_loss", "shoreline", "illegal_use"}
            assert all(scores[name] == pytest.approx(expected["scores"][name], abs=NEAR) for name in exact)
            card = cards.loc[(body, period)]
            assert card["score"] == pytest.approx(expected["score"], abs=GROUND)
            assert card["known_weight"] == pytest.approx(expected["known_weight"])
            known = None if pd.isna(card["health_class"]) else card["health_class"]
            assert known == expected["health_class"]
            assert card["indicative"]
    assert len(cards) == sum(len(facts["periods"]) for facts in truth["bodies"].values())


def test_layers_of_a_card_come_back_and_add_up_to_it(planted):
    found, truth = planted
    layers = found.tables["health_layers"].set_index(["body", "period", "layer"])["score"].dropna()
    expected = {
        (body, period, layer): score
        for body, facts in truth["bodies"].items()
        for period, told in facts["periods"].items()
        for layer, score in told["layers"].items()
    }
    assert layers.to_dict() == pytest.approx(expected, abs=GROUND)


def test_sides_of_a_shared_river_come_back_by_province(planted):
    found, truth = planted
    sides = found.tables["health_sides"].set_index(["body", "period", "side"])["class_position"]
    expected = {
        (body, period, side): position
        for body, facts in truth["bodies"].items()
        for period, told in facts["periods"].items()
        for side, position in told["sides"].items()
    }
    assert sides.to_dict() == pytest.approx(expected, abs=NEAR)
    assert len({side for body, _, side in expected if body == SHARED}) == 2


def test_rounds_of_the_planted_zones_come_back(planted):
    found, truth = planted
    rows = found.tables["zone_compliance"]
    told = rows[rows["round"].isna()].set_index(["zone", "period", "variant"]).sort_index()
    for zone, periods in truth["zones"].items():
        for period, variants in periods.items():
            for variant, expected in variants.items():
                row = told.loc[(zone, period, variant)]
                assert [row["rounds"], row["rounds_met"]] == [expected["rounds"], expected["rounds_met"]]
                assert (None if pd.isna(row["met"]) else bool(row["met"])) == expected["met"]
    assert told.loc["SIM-Z5", "met"].isna().all()
    assert told.loc["SIM-Z5", "reason"].str.contains("没有目标").all()


def test_planted_shares_of_the_ground_come_back_in_the_card_of_what_lies_here(planted):
    found, truth = planted
    rows = found.tables["health_reaches"].set_index(["body", "period", "measure"]).sort_index()
    for body in (OWN, LAKE):
        for period, told in truth["bodies"][body]["periods"].items():
            for measure, share in told["ground"].items():
                assert rows.loc[(body, period, measure), "value"] == pytest.approx(share, abs=2e-3)
                assert rows.loc[(body, period, measure), "in_card"]
    assert not rows.loc[SHARED, "in_card"].any()


def test_what_was_planted_to_be_refused_is_told_with_its_cell(planted):
    rejected = planted[0].tables["health_rejected"]
    told = set(zip(rejected["found"], rejected["expected"].str[:6], strict=True))
    assert ("无名河", "已列入河湖名录"[:6]) in told
    assert ("查无此断面", "一个监测断面"[:6]) in told
    assert {"60", "90", "0.7"} <= set(rejected["found"])
    assert (rejected["file"] != "").all()


def test_the_trend_is_known_from_the_fifth_period_on(planted):
    rows = planted[0].tables["health_criteria"].query("criterion == 'quality_trend'")
    known = rows.groupby("period")["score"].apply(lambda scores: scores.notna().all())
    assert known.tolist() == [False] * 4 + [True] * 4


def test_cards_stand_beside_the_quarter_before_and_a_year_ago(planted):
    cards = planted[0].tables["health_cards"].set_index(["body", "period"])
    last = cards.loc[(OWN, "2024Q4")]
    assert (last["before_period"], last["year_ago_period"]) == ("2024Q3", "2023Q4")
    assert last["change"] == pytest.approx(last["score"] - cards.loc[(OWN, "2024Q3"), "score"])


def test_indicators_hold_the_rates_of_zones_and_a_score_for_each_body(planted):
    rows = planted[0].indicators
    scores = rows[rows["indicator"].eq("health_score")]
    assert set(scores["aoi"]) == {SHARED, OWN, LAKE}
    rates = rows[rows["indicator"].str.startswith("zone_compliance")]
    assert (rates["value"] == rates["numerator"] / rates["denominator"]).all()
    assert set(rates["aoi"]) == {"tiny"}


def test_outlines_carry_the_class_of_the_last_period(planted):
    found, truth = planted
    layer = found.layers["water_bodies"].set_index("body")
    expected = {body: facts["periods"]["2024Q4"]["health_class"] for body, facts in truth["bodies"].items()}
    assert layer["health_class"].to_dict() == expected
    assert layer.crs == CGCS2000


@pytest.fixture(scope="module")
def across(tmp_path_factory):
    """What two areas on both sides of a border make of a river and a lake between them."""
    folder = tmp_path_factory.mktemp("across")
    west = study_of(folder, "west", (X, Y, X + 1000, Y + 1000))
    east = study_of(folder, "east", (X + 1000, Y, X + 2000, Y + 1000))
    shapes = {"太浦河": (X + 100, Y + 450, X + 1900, Y + 550), "元荡": (X + 900, Y + 700, X + 1100, Y + 900)}
    bodies = gpd.GeoDataFrame(
        {"name": list(shapes), "kind": ["river", "lake"], "management_m": [20.0, 20.0]},
        geometry=[unproject(shapely.box(*box), CRS) for box in shapes.values()],
        crs=CGCS2000,
    )
    bodies.to_file(folder / "bodies.gpkg")
    write_side(folder, "江苏", "JS", "太浦河", ((X + 300, Y + 500), (X + 800, Y + 500)), 3.0)
    write_side(folder, "上海市", "SH", "太浦河", ((X + 1500, Y + 500),), 9.0)
    other = {
        "name": "上海",
        "samples": [{"path": str(folder / "SH.csv")}],
        "register": str(folder / "SH_register.csv"),
    }
    block = Health.model_validate({"bodies": str(folder / "bodies.gpkg"), "registers": [other]})
    own = (SampleFile(path=str(folder / "JS.csv")),)
    inputs = Inputs(StaticCatalog(static="none"), own, folder / "JS_register.csv", None)

    def look(_run, _maps, strips):
        facts = {"mapped": "vegetation", "area_m2": 100.0, "fvc": 70.0, "fvc_m2": 100.0, "zone": "bank"}
        pairs = itertools.product(strips["body"].unique(), [period.label for period in west.periods])
        return pd.DataFrame([{**facts, "body": body, "period": label} for body, label in pairs])

    return {study.aoi.id: assess(folder, study, block, inputs, look) for study in (west, east)}


def write_side(folder, province, code, river, spots, demand):
    """An office's register and a year of readings, the demand for oxygen a little higher at each section."""
    points = [unproject(shapely.Point(*spot), CRS) for spot in spots]
    names = [f"{code}{number}" for number in range(len(spots))]
    pd.DataFrame(
        {"断面编号": names, "断面名称": [f"{name}断面" for name in names], "省份": province, "河流": river,
         "水质目标": "Ⅲ", "经度": [point.x for point in points], "纬度": [point.y for point in points]}
    ).to_csv(folder / f"{code}_register.csv", index=False)  # fmt: skip
    rows = [
        [f"{name}断面", f"2024-{month:02d}-05", demand + number, 0.3]
        for number, name in enumerate(names)
        for month in range(1, 13)
    ]
    headings = ["断面名称", "采样时间", "高锰酸盐指数(mg/L)", "氨氮(mg/L)"]
    pd.DataFrame(rows, columns=headings).to_csv(folder / f"{code}.csv", index=False)


def test_a_body_across_two_areas_has_one_card_that_is_equal_in_both(across):
    west, east = across["west"].tables, across["east"].tables
    for name in ("health_cards", "health_criteria", "health_layers", "health_sides", "health_sections"):
        pd.testing.assert_frame_equal(west[name], east[name])
    assert set(west["health_cards"]["body"]) == {"太浦河", "元荡"}


def test_both_sides_stand_side_by_side_with_the_sections_of_their_registers(across):
    sides = across["west"].tables["health_sides"].query("period == '2024Q2'").set_index("side")
    assert sides["sections"].to_dict() == {"江苏": 2, "上海市": 1}
    assert sides["registers"].to_dict() == {"江苏": "本次运行", "上海市": "上海"}
    assert sides["water_class"].to_dict() == {"江苏": 2, "上海市": 4}
    assert sides["class_position"].to_dict() == pytest.approx({"江苏": 1.75, "上海市": 3.75})
    assert sides["met_share"].to_dict() == {"江苏": 1.0, "上海市": 0.0}
    card = across["east"].tables["health_cards"].query("body == '太浦河' and period == '2024Q2'").iloc[0]
    assert (card["sections"], card["sides"]) == (3, "上海市；江苏")
    position = (
        across["east"]
        .tables["health_criteria"]
        .query("body == '太浦河' and period == '2024Q2' and measure == 'water_class_position'")
    )
    # the mean of 3, 4 and 9 mg/L lies two thirds of the way from class II to class III
    assert position["value"].tolist() == pytest.approx([2 + (16 / 3 - 4) / 2])


def test_banks_of_a_shared_body_are_told_of_each_area_and_count_in_no_card(across):
    for found in across.values():
        reaches = found.tables["health_reaches"].query("body == '太浦河' and measure == 'bank_cover'")
        assert reaches["value"].dropna().tolist() == pytest.approx([0.7] * 8)
        assert reaches["share_inside"].tolist() == pytest.approx([0.5] * 8, abs=1e-3)
        assert not reaches["in_card"].any()
        shore = found.tables["health_criteria"].query("body == '太浦河' and criterion == 'shoreline'")
        assert shore["score"].isna().all()
        assert shore["reason"].str.contains("不计入评价卡").all()


def test_a_body_without_a_section_says_so(across):
    rows = across["west"].tables["health_criteria"].query("body == '元荡' and criterion == 'water_quality'")
    assert rows["score"].isna().all()
    assert rows["reason"].str.contains("水体上没有断面").all()


def test_a_config_without_bodies_is_refused_by_name_and_the_shipped_ones_are_told():
    with pytest.raises(SettingsError) as caught:
        check_health(Health(), None)
    (problem,) = caught.value.problems
    assert problem.place == "assessment.health.bodies"
    assert "taipu_river" in problem.todo


def test_the_files_that_decide_the_result_are_listed_shipped_ones_among_them():
    other = {"name": "邻省", "samples": [{"path": "s.csv"}], "register": "r.csv"}
    block = Health.model_validate(
        {"bodies": "taipu_river", "tables": "a.xlsx", "zones": "z.xlsx", "registers": [other]}
    )
    names = [Path(path).name for path in HEALTH.list_paths(block)]
    schemes = ["guide-2020-river.yaml", "guide-2020-lake.yaml"]
    assert names == [*schemes, "taipu_river.geojson", "a.xlsx", "z.xlsx", "r.csv", "s.csv"]
