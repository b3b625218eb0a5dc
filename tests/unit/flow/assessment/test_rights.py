"""Other rights of the simulated world: every planted right, link, finding and balance comes back."""

import json
from dataclasses import replace
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.contracts import RIGHTS, check_table
from pipeline.engine.study import Study
from pipeline.errors import InputError, SettingsError
from pipeline.flow.assessment.entries.rights import RIGHTS as PART
from pipeline.flow.assessment.rights import assess_rights, check_rights
from pipeline.ingest.parcels import read_parcels, read_restricting
from pipeline.ingest.simulate.parcels import write_register
from pipeline.ingest.simulate.rights import NOTE, write_rights
from pipeline.ingest.simulate.rights_paths import FILES, complete_rights
from pipeline.ingest.simulate.water import place_sections
from pipeline.ingest.simulate.world import plan_world
from pipeline.outputs.assessment.rights import build_rights_section
from pipeline.rights_registry.geometry import prepare_parcels
from pipeline.rights_registry.rules import OTHER_RIGHT_RULES, RULES
from pipeline.rights_registry.waters import link_sections
from pipeline.settings import Scenes, Settings
from pipeline.settings.parcels import ParcelFile
from pipeline.settings.rights import Rights, RightsFile
from tests.deliveries import small_delivery
from tests.registers import Outlet

AREA = "guangyang_island"


def read_all_parcels(path, study):
    register = read_parcels(ParcelFile(path=str(path)), study.aoi)
    outlet = Outlet([], {}, {})
    prepare_parcels(
        register.keys, register.batches(), study.aoi, outlet,
        area_tolerance=0.01, restricting=read_restricting([], study.aoi),
    )  # fmt: skip
    return gpd.GeoDataFrame(outlet.join().parcels)


def build_sections(world, parcels, study):
    names = ("section_id", "river", "reach", "lon", "lat")
    rows = [
        {name: getattr(one, name) for name in names} | {"section": one.name} for one in place_sections(world)
    ]
    table = pd.DataFrame(rows)
    return table.join(link_sections(table, parcels, crs=study.grid.crs)[["parcel_id"]])


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """The simulated registers of an area in two years, what the part makes of them, and the truth."""
    scenes = Scenes(
        provider="simulated", missions=["sentinel-2"], start="2023-01-01", end="2024-12-31", period="year"
    )
    study = Study.of(AREA, Settings(label="x", aoi=[AREA], scenes=scenes))
    folder = tmp_path_factory.mktemp("world")
    world = plan_world(study.aoi, study.periods, seed=20240501, resolution_m=10)
    write_register(world, folder)
    write_rights(world, folder, folder / "rights")
    parcels = read_all_parcels(folder / "register.gpkg", study)
    layers = {"parcels": parcels, "sections": build_sections(world, parcels, study)}
    sources = SimpleNamespace(
        study=study, block=complete_rights(Rights(), folder / "rights"), layer=lambda name, _: layers[name]
    )
    truth = json.loads((folder / "rights" / "truth.json").read_text(encoding="utf-8"))
    return SimpleNamespace(
        found=assess_rights(sources), truth=truth, folder=folder, sources=sources, world=world
    )


def test_every_right_of_the_area_comes_back_and_none_from_elsewhere(world):
    rights = check_table(world.found.tables["rights"], RIGHTS)
    assert rights.groupby("right_kind").size().to_dict() == world.truth["counts"]
    assert not set(world.truth["elsewhere"]) & set(rights["number"])
    lost = world.found.tables["rights_rejected"]
    assert len(world.truth["elsewhere"]) == int(
        lost.loc[lost["expected"].str.contains("inside"), "found"].iloc[0]
    )


def test_every_right_has_its_state_on_the_last_day_of_the_run(world):
    rights = world.found.tables["rights"]
    assert dict(zip(rights["number"], rights["state"], strict=True)) == world.truth["states"]
    assert set(rights["state_day"]) == {world.truth["day"]} == {"2024-12-31"}


def test_every_planted_link_is_found(world):
    numbers = world.found.tables["rights"].set_index("right_id")["number"]
    links = world.found.tables["rights_links"].assign(number=lambda rows: rows["right_id"].map(numbers))
    pairs = {
        kind: rows[["number", "linked_id"]].to_numpy().tolist() for kind, rows in links.groupby("linked_to")
    }
    assert all(pair in pairs["parcel"] for pair in world.truth["parcels"])
    assert set(map(tuple, pairs["section"])) == set(map(tuple, world.truth["sections"]))
    assert sorted(map(tuple, pairs["unit"])) == sorted(map(tuple, world.truth["units"]))


@pytest.mark.parametrize("rule", OTHER_RIGHT_RULES, ids=lambda rule: rule.id)
def test_every_rule_finds_what_is_planted_for_it_and_no_more(world, rule):
    found = world.found.findings[world.found.findings["rule"].eq(rule.id)]
    planted = world.truth["findings"][rule.id]
    assert len(found) == len(planted)
    for words in planted:
        number = words.split(":")[0].split("+")[0]
        said = found["message_zh"].str.contains(number, regex=False)
        assert said.any() or rule.id == "rights_unlinked", words


def test_findings_lie_on_ground_of_a_right_a_parcel_or_the_area(world):
    shapes = world.found.findings.geometry
    assert set(shapes.geom_type) <= {"Polygon", "MultiPolygon"}


def test_what_is_restricted_and_shared_is_measured(world):
    rights = world.found.tables["rights"].set_index("number")
    pond = rights.loc[world.truth["findings"]["right_restricted"][0]]
    assert pond["restricted_kind"] == "ecological_red_line"
    assert pond["restricted_share"] * pond["area_m2"] == pytest.approx(
        world.truth["areas"]["restricted"], rel=1e-5
    )
    (shared,) = world.found.findings.loc[world.found.findings["rule"].eq("carbon_projects_overlap")].geometry
    message = world.found.findings.set_index("rule").loc["carbon_projects_overlap", "message_zh"]
    said = float(message.partition("重叠 ")[2].removesuffix(" 平方米"))
    assert said == pytest.approx(world.truth["areas"]["shared"], rel=1e-5)
    assert shared.area > 0


def test_every_balance_comes_back_and_trades_balance_but_for_the_planted_ones(world):
    balance = world.found.tables["rights_balance"]
    holders = balance[balance["level"].eq("holder")].set_index(["holder", "resource", "period"])
    planted = {(row["holder"], row["resource"], row["period"]) for row in world.truth["balance"]}
    assert planted == set(holders.index)
    for row in world.truth["balance"]:
        found = holders.loc[(row["holder"], row["resource"], row["period"])]
        for name in ("granted", "used", "bought", "sold"):
            expected = np.nan if row[name] is None else row[name]
            assert found[name] == pytest.approx(expected, rel=1e-12, nan_ok=True), (row, name)
    books = balance[balance["level"].eq("all")].dropna(subset="traded_difference")
    for row in books.itertuples():
        planted = world.truth["differences"].get(f"{row.resource}:{row.period}", 0.0)
        assert row.traded_difference == pytest.approx(planted, abs=1e-9)
    trades = world.found.tables["rights_trades"]
    sums = trades.groupby(["trade_id", "resource"])["change"].sum()
    assert set(sums[sums.abs() > 1e-9].index.get_level_values("trade_id")) == set(
        world.truth["findings"]["trade_unbalanced"]
    )


def test_wrong_codes_totals_and_missing_sides_are_told_with_their_places(world):
    lost = world.found.tables["rights_rejected"]
    assert set(zip(lost["file"], lost["row"], lost["column"], strict=True)) == {
        ("取水许可_台账.xlsx", 0, ""), ("取水许可_台账.xlsx", 3, "经度"),
        ("取水许可_台账.xlsx", 11, "统一社会信用代码"),
        ("取水许可_台账.xlsx", 15, ""), ("水权交易.csv", 4, "salerName"),
    }  # fmt: skip


def test_no_name_of_a_person_is_delivered(world):
    told = " ".join(table.to_csv() for table in world.found.tables.values())
    told += world.found.findings.to_csv() + "".join(layer.to_csv() for layer in world.found.layers.values())
    assert "赵＊＊＊" in told
    assert not any(name in told for name in ("赵模拟", "钱模拟"))


def test_layers_hold_ground_and_single_points_of_the_rights(world):
    assert set(world.found.layers["licences"].geom_type) <= {"Polygon", "MultiPolygon"}
    assert set(world.found.layers["licence_points"].geom_type) == {"Point"}
    ids = pd.concat([layer["right_id"] for layer in world.found.layers.values()])
    placed = world.found.tables["rights"]["place_basis"].notna()
    assert set(ids) == set(world.found.tables["rights"].loc[placed, "right_id"])


def test_indicators_have_what_they_are_made_of(world):
    rows = world.found.indicators.set_index(["indicator", "period"])
    rights = world.found.tables["rights"]
    share = rows.loc[("rights_in_force_share", "2024")]
    assert (share["numerator"], share["denominator"]) == (rights["state"].eq("in_force").sum(), len(rights))
    water = [row for row in world.truth["balance"] if row["resource"] == "water" and row["period"] == "2024"]
    allowed = sum(row["granted"] + row["bought"] - row["sold"] for row in water)
    use = rows.loc[("licensed_water_use_share", "2024")]
    assert use["value"] == pytest.approx(sum(row["used"] for row in water) / allowed)


def test_the_section_of_the_report_begins_with_what_is_wrong_and_has_its_figures_from_tables(world):
    told = world.found
    delivery = replace(
        small_delivery(), tables={**told.tables, "indicators": told.indicators}, findings=told.findings,
        layers={}, rules={name: (rule.title_zh, rule.title_en) for name, rule in RULES.items()},
    )  # fmt: skip
    for language in ("zh", "en"):
        section = build_rights_section(replace(delivery, language=language))
        assert RULES["right_overused"].title_zh in section.sentences[0] or language == "en"
        assert len(section.cards) == 5
        assert [table.stem for table in section.tables][:2] == ["rights", "rights_balance"]
        some = replace(delivery, language=language, finding_counts=delivery.count_findings())
        some = replace(some, findings=some.findings.drop_duplicates(["severity", "rule"]))
        assert len(some.findings) < len(delivery.findings)
        assert build_rights_section(some) == section
    assert build_rights_section(replace(delivery, tables={})) is None


def test_every_file_of_the_simulated_world_says_so_and_repeats_by_the_byte(world, tmp_path):
    write_rights(world.world, world.folder, tmp_path)
    for file in (*FILES.values(), "red_line.gpkg", "truth.json"):
        content = (tmp_path / file).read_bytes()
        assert content == (world.folder / "rights" / file).read_bytes(), file
        if file.endswith((".csv", ".gpkg")):
            assert any(NOTE.encode(code) in content for code in ("utf-8", "gb18030")), file


def test_registers_that_the_config_names_stand_in_for_the_simulated_ones(tmp_path):
    own = Rights(registers=[RightsFile(kind="water_trade", path="own.csv")])
    kinds = [register.kind for register in complete_rights(own, tmp_path).registers]
    assert sorted(kinds) == sorted(FILES)
    assert complete_rights(own, tmp_path).registers[0].path == "own.csv"


def test_every_file_of_a_block_decides_its_cause(world):
    block = world.sources.block
    assert set(PART.list_paths(block)) == {entry.path for entry in (*block.registers, *block.restricting)}


def test_a_block_without_a_register_is_refused_where_nothing_is_simulated(world):
    with pytest.raises(SettingsError, match="rights"):
        check_rights(Rights(), world.sources.study.aoi)


def test_checking_a_block_names_every_file_that_is_not_there(world, tmp_path):
    block = Rights(
        registers=[
            RightsFile(kind=kind, path=str(tmp_path / kind)) for kind in ("forest_right", "carbon_trade")
        ]
    )
    with pytest.raises(InputError) as caught:
        check_rights(block, world.sources.study.aoi)
    assert len(caught.value.problems) == 2


def test_an_area_without_parcels_and_sections_has_its_rights_too(world):
    nothing = {name: world.sources.layer(name, name).iloc[:0] for name in ("parcels", "sections")}
    sources = SimpleNamespace(
        study=world.sources.study, block=world.sources.block, layer=lambda name, _: nothing[name]
    )
    found = assess_rights(sources)
    assert set(found.tables["rights_links"]["linked_to"]) == {"unit"}
    assert shapely.is_valid(found.findings.geometry.to_numpy()).all()
