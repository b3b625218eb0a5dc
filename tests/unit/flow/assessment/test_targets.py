"""What the simulated world plants of targets, of GDP and of GEP comes back through the doors of the parts."""

import json
from datetime import date

import pandas as pd
import pytest

from pipeline.aoi import PROJECT_ROOT, load_aoi
from pipeline.assessment import gdp_gep
from pipeline.assessment.figures import Figures
from pipeline.assessment.target_summary import summarize_targets
from pipeline.assessment.targets import TargetRules, hold_targets
from pipeline.contracts import INDICATORS
from pipeline.errors import InputError, SettingsError
from pipeline.flow.assessment import gdp_gep as gdp_gep_work
from pipeline.flow.assessment import targets as targets_work
from pipeline.flow.validation import validate_all, validate_settings
from pipeline.ingest.simulate.gdp_gep import write_gdp_gep
from pipeline.ingest.simulate.target_paths import complete_gdp_gep, complete_targets
from pipeline.ingest.simulate.targets import write_targets
from pipeline.ingest.simulate.towns import build_towns
from pipeline.ingest.simulate.truth import write_truth
from pipeline.ingest.simulate.world import plan_world
from pipeline.ingest.statistics import read_statistics
from pipeline.ingest.targets import read_targets
from pipeline.ingest.targets.names import load_units
from pipeline.periods import list_periods
from pipeline.settings import Settings
from pipeline.settings.gdp_gep import GdpGep
from pipeline.settings.targets import TargetFile, Targets

AREAS = ("chongming_wetlands", "guangyang_island", "longyou_bay")
NOISE = 0.02
"""So far a map may be from the ground."""


def plan(area, kind="year"):
    aoi = load_aoi(area, relative_to=PROJECT_ROOT)
    periods = list_periods(date(2023, 1, 1), date(2024, 12, 31), kind)
    return plan_world(aoi, tuple(periods), seed=20240501, resolution_m=100, tides=False)


@pytest.fixture(scope="module", params=[(area, "year") for area in AREAS] + [(AREAS[1], "quarter")])
def world(request, tmp_path_factory):
    """A world, the folder of its truth, that of its targets, that of GDP and GEP."""
    made = plan(*request.param)
    base, targets, gdp = (tmp_path_factory.mktemp(name) for name in ("base", "targets", "gdp"))
    write_truth(made, [], made.periods, base)
    write_targets(made, base, targets)
    write_gdp_gep(made, base, gdp)
    return made, base, targets, gdp


def load(folder):
    return json.loads((folder / "truth.json").read_text(encoding="utf-8"))


def tell_figures(world, truth, towns):
    """INDICATORS as a run would have them: what the world is like, but for the noise of a map."""
    rows = []
    for label, told in truth["periods"].items():
        areas = told["class_area_m2"]
        rows += [
            (f"class_share:{key}", world.aoi.id, label, area / sum(areas.values()) + NOISE, "share")
            for key, area in areas.items()
        ]
        grades = [one["periods"][label]["water_class"] for one in truth["sections"].values()]
        good = sum(grade <= 3 for grade in grades) / len(grades)
        rows.append(("good_section_share", world.aoi.id, label, good, "share"))
        rows += [("gdp", town, label, 1e8, "yuan") for town in towns]
    table = pd.DataFrame(rows, columns=["indicator", "aoi", "period", "value", "unit"])
    return table.reindex(columns=list(INDICATORS.columns)).assign(source="planted")


def test_every_planted_status_comes_back_and_what_cannot_be_read_is_rejected_by_its_row(world):
    made, base, folder, _ = world
    towns = build_towns(made)
    names = dict(zip(towns["XZQDM"], towns["XZQMC"], strict=True))
    targets, rejects = read_targets(complete_targets(Targets(), folder), made.aoi, names.items())
    figures = Figures.of(tell_figures(made, load(base), names), made.periods, load_units())
    held = hold_targets(
        targets, figures, made.periods, TargetRules(), names={made.aoi.id: made.aoi.name_zh, **names},
        units=load_units(),
    )  # fmt: skip
    planted = load(folder)["targets"]
    judged = [one for one in planted if one["status"]]
    ends = {period.label for period in (made.periods[0], made.periods[-1])}
    last = held[held["period"].isin(ends)].drop_duplicates(["row", "sheet", "target_period"], keep="last")
    found = sorted(
        zip(last["indicator"], last["place_name"], last["target_period"], last["status"], strict=True)
    )
    assert found == sorted((one["indicator"], one["place"], one["period"], one["status"]) for one in judged)
    assert {one["status"] for one in judged} == {"met", "failed", "on_course", "behind", "unknown"}
    assert len(rejects) == len(planted) - len(judged) == 2
    assert "蓝天白云满意度" in rejects["found"].tolist()
    assert last["unit_responsible"].notna().all()
    assert last["source"].str.contains("模拟").all()


def test_the_weighted_share_is_that_of_the_planted_weights(world):
    made, base, folder, _ = world
    targets, _ = read_targets(complete_targets(Targets(), folder), made.aoi)
    figures = Figures.of(tell_figures(made, load(base), ()), made.periods, load_units())
    held = hold_targets(targets, figures, made.periods, TargetRules(), names={}, units=load_units())
    summary = summarize_targets(held).set_index(["place", "period", "target_period"])
    last = made.periods[-1].label
    planted = [one for one in load(folder)["targets"] if one["period"] == last and one["status"]]
    here = [one for one in planted if one["place"] == made.aoi.name_zh]
    row = summary.loc[(made.aoi.id, last, last)]
    assert row["weight_sum"] == sum(one["weight"] for one in here) == 100
    assert row["weight_met"] == sum(one["weight"] for one in here if one["status"] == "met")
    assert pd.isna(row["reason"])


def test_planted_gdp_and_gep_come_back_with_ranks_changes_and_ratio(world):
    made, _, _, folder = world
    towns = build_towns(made)
    regions = pd.DataFrame({"region": towns["XZQDM"], "name": towns["XZQMC"]})
    files = complete_gdp_gep(GdpGep(), folder).statistics
    statistics, rejects = read_statistics(files, made.aoi, regions)
    gep = gdp_gep.name_statistic_gep(gdp_gep.find_statistic(statistics, "gep", "GEP"))
    years = list_periods(date(2023, 1, 1), date(2024, 12, 31), "year")
    names = {made.aoi.id: made.aoi.name_zh, **dict(regions.to_numpy())}
    gdp = gdp_gep.find_statistic(statistics, "gdp", "GDP")
    table = gdp_gep.compare_gdp_gep(gdp, gep, names, years, aoi_id=made.aoi.id)
    found = table.set_index(["region", "period"])
    assert rejects["expected"].str.contains("total is only held").all()
    for town, by_year in load(folder)["regions"].items():
        for year, planted in by_year.items():
            row = found.loc[town, year]
            assert row["gdp_yuan"] == pytest.approx(planted["gdp_yuan"])
            assert row["gep_yuan"] == pytest.approx(planted["gep_yuan"])
            assert (row["gdp_rank"], row["gep_rank"]) == (planted["gdp_rank"], planted["gep_rank"])
            assert row["gep_gdp_ratio"] == pytest.approx(planted["ratio"])
            for name in ("gdp_change", "gep_change"):
                change = planted[name]
                assert pd.isna(row[name]) if change is None else row[name] == pytest.approx(change)
    first = [planted["2023"]["gdp_rank"] for planted in load(folder)["regions"].values()]
    assert len(set(first)) < len(first)


def test_what_is_simulated_says_so_and_has_the_same_bytes_each_time(world, tmp_path):
    made, base, targets, gdp = world
    for folder, write in ((targets, write_targets), (gdp, write_gdp_gep)):
        again = tmp_path / write.__name__
        again.mkdir()
        write(made, base, again)
        for path in folder.iterdir():
            assert (again / path.name).read_bytes() == path.read_bytes()
        assert "simulated" in load(folder)["simulated"]


def settings_of(tmp_path, **blocks):
    """A config over real scenes with blocks of its own."""
    told = {"label": "t", "aoi": ["guangyang_island"], "out": str(tmp_path)}
    scenes = {"provider": "earth-search", "start": "2023-01-01", "end": "2024-12-31", "period": "year"}
    return Settings.model_validate({**told, "scenes": scenes, **blocks})


def test_a_file_that_is_not_there_is_refused_by_name_before_any_work(tmp_path):
    missing = str(tmp_path / "none*.xlsx")
    asked = settings_of(tmp_path, targets={"tables": [{"path": missing}]})
    with pytest.raises(SettingsError) as refused:
        validate_settings(asked)
    assert (refused.value.problems[0].place, refused.value.exit_code) == ("targets.tables.0.path", 2)
    assert missing in refused.value.problems[0].found


def test_a_baseline_that_the_run_does_not_have_is_refused_by_name(tmp_path):
    (tmp_path / "a.csv").write_text("指标,目标值\nGEP,5\n", encoding="utf-8")
    tables = [{"path": str(tmp_path / "a.csv")}]
    with pytest.raises(SettingsError, match="2021"):
        validate_settings(settings_of(tmp_path, targets={"tables": tables, "baseline": "2021"}))


def test_targets_without_a_table_are_refused_in_a_real_run(tmp_path):
    with pytest.raises(SettingsError, match=r"targets\.tables"):
        validate_all(settings_of(tmp_path, targets={}))


def test_validate_reads_the_tables_through_and_names_every_row(tmp_path):
    (tmp_path / "a.csv").write_text("指标,区域,时段,目标值\n蓝天,广阳岛,2024,≥5%\n", encoding="utf-8")
    tables = [{"path": str(tmp_path / "a.csv")}]
    with pytest.raises(InputError) as refused:
        validate_all(settings_of(tmp_path, targets={"tables": tables}))
    assert "row 2" in refused.value.problems[0].place
    assert refused.value.exit_code == 3


def test_checks_of_the_parts_accept_what_can_be_used(tmp_path):
    aoi = load_aoi("guangyang_island", relative_to=PROJECT_ROOT)
    (tmp_path / "a.csv").write_text("指标,区域,时段,目标值\n优良断面比例,广阳岛,2024,≥5%\n", encoding="utf-8")
    targets_work.check_targets(Targets(tables=[TargetFile(path=str(tmp_path / "a.csv"))]), aoi)
    gdp_gep_work.check_gdp_gep(GdpGep(), aoi)
