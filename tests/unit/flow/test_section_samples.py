"""Samples of a run meet its register: what lies outside its days, and what finds no match, is told."""

import json
from dataclasses import replace
from types import SimpleNamespace

import geopandas as gpd
import pytest
import shapely

from pipeline import contracts
from pipeline.engine.study import Study
from pipeline.errors import InputError
from pipeline.flow.section_samples import OUTSIDE_THE_RUN, StudySamples, _load_register
from pipeline.indices.sections.membership import UNSAMPLED
from pipeline.indices.sections.places import AMBIGUOUS, NOT_REGISTERED
from pipeline.ingest.samples import read_sections, read_tables
from pipeline.settings import SampleFile, Settings

HEAD = "断面,日期,氨氮(mg/L)\n"
REGISTER = "section_id,断面名称,aoi,河流,上游责任单位\nS1,甲,box,江,上区\nS2,乙,box,江,下区\n"
OUTLINE = shapely.box(121.5, 31.5, 121.51, 31.51)


@pytest.fixture
def area(tmp_path):
    path = tmp_path / "box.geojson"
    gpd.GeoDataFrame({"id": ["box"]}, geometry=[OUTLINE], crs="EPSG:4490").to_file(path)
    scenes = {"provider": "simulated", "start": "2024-01-01", "end": "2024-12-31"}
    settings = Settings.model_validate({"label": "2024", "aoi": [str(path)], "scenes": scenes})
    return Study.of(str(path), settings)


def _sampled(area, tmp_path, *, register=REGISTER, samples=f"{HEAD}甲,2024-04-05,0.3\n"):
    (tmp_path / "samples.csv").write_text(samples, encoding="utf-8")
    (tmp_path / "sections.csv").write_text(register or "", encoding="utf-8")
    tables = read_tables([SampleFile(path=str(tmp_path / "samples.csv"))])
    known = read_sections(tmp_path / "sections.csv") if register else None
    return StudySamples(area, tables, known, {"box": area.aoi.geometry})


def test_readings_outside_the_days_are_counted_among_the_rejects(area, tmp_path):
    rows = "甲,2023-12-31,0.3\n甲,2024-01-01,0.3\n甲,2025-03-01,0.3\n甲,2024-02-30,0.3\n"
    rejected = _sampled(area, tmp_path, samples=HEAD + rows).rejected()
    told = rejected[["row", "value", "readings"]].to_numpy().tolist()
    assert told == [[5, "2024-02-30", 1], [0, "2023-12-31/2025-03-01", 2]]
    assert rejected["reason"].iloc[-1] == OUTSIDE_THE_RUN


def test_each_reason_to_find_no_match_is_one_finding_on_the_area(area, tmp_path):
    sampled = _sampled(area, tmp_path, samples=f"{HEAD}甲,2024-04-05,0.3\n丙,2024-04-05,0.3\n")
    assert sampled.unmatched[["section", "readings", "reason"]].to_numpy().tolist() == [
        ["乙", 0, UNSAMPLED], ["丙", 1, NOT_REGISTERED],
    ]  # fmt: skip
    found = contracts.check_table(sampled.findings(), contracts.FINDINGS)
    assert found["rule"].tolist() == ["section_not_registered", "section_unsampled"]
    assert "丙" in found["message_zh"].iloc[0]
    assert found.geometry.iloc[0].equals(area.aoi.geometry)
    assert sampled.here.sections["section"].tolist() == ["甲", "乙"]


def test_without_a_register_nothing_lacks_a_match(area, tmp_path):
    sampled = _sampled(area, tmp_path, register=None)
    assert sampled.unmatched.empty
    assert contracts.check_table(sampled.findings(), contracts.FINDINGS).empty
    assert sampled.here.sections["section"].tolist() == ["甲"]


def test_the_point_of_a_feature_goes_to_its_section_in_degrees(area, tmp_path):
    point = {"type": "Point", "coordinates": [121.505, 31.505]}
    rows = {"断面": "丁", "日期": "2024-04-05", "氨氮(mg/L)": 0.3}
    feature = {"type": "Feature", "properties": rows, "geometry": point}
    path = tmp_path / "points.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    projected = gpd.read_file(path).to_crs("EPSG:32651")
    projected.assign(断面="戊").to_file(tmp_path / "points.gpkg")
    tables = read_tables([SampleFile(path=str(tmp_path / "points.*"))])
    sampled = StudySamples(area, tables, None, {"box": area.aoi.geometry})
    places = sampled.here.sections.set_index("section")[["lon", "lat"]]
    for name in "丁戊":
        assert places.loc[name].tolist() == pytest.approx([121.505, 31.505], abs=1e-8)


def test_an_id_beside_the_name_of_another_section_fits_neither(area, tmp_path):
    head = "断面编号,断面,日期,氨氮(mg/L)\n"
    rows = "S1,乙,2024-04-05,0.3\nS2,乙,2024-05-05,0.3\nS1,无名,2024-06-05,0.3\n"
    sampled = _sampled(area, tmp_path, samples=head + rows)
    placed = sampled.everywhere.samples
    sections = sampled.everywhere.sections
    by_time = placed.assign(section=sections["section"].to_numpy()[placed["place"]])
    names = by_time.sort_values("time")[["place", "section"]].to_numpy().tolist()
    assert names[1:] == [[1, "乙"], [0, "甲"]]
    assert names[0][0] >= 2
    assert AMBIGUOUS in sections["note"].tolist()


def test_ids_that_have_been_numbers_of_a_spreadsheet_are_those_of_the_register(area, tmp_path):
    register = "section_id,断面名称,aoi\n101,甲,box\n102.0,乙,box\n"
    head = "断面编号,日期,氨氮(mg/L)\n"
    sampled = _sampled(
        area, tmp_path, register=register, samples=f"{head}101.0,2024-04-05,0.3\n102,2024-04-06,0.3\n"
    )
    assert sampled.everywhere.samples["place"].tolist() == [0, 1]


def test_targets_under_another_id_than_that_of_the_register_are_refused(area, tmp_path):
    settings = area.settings.sections
    (tmp_path / "sections.csv").write_text(
        "section_id,断面名称,水质目标\n0101,甲,Ⅲ\n0102,乙,Ⅲ\n", encoding="utf-8"
    )
    (tmp_path / "targets.csv").write_text(
        "section_id,断面名称,水质目标\n101,甲,Ⅱ\n0102,乙,Ⅱ\n", encoding="utf-8"
    )
    sections = settings.model_copy(update={"targets": str(tmp_path / "targets.csv")})
    study = replace(area, settings=area.settings.model_copy(update={"sections": sections}))
    inputs = SimpleNamespace(sections=tmp_path / "sections.csv")
    with pytest.raises(InputError, match=r"'101'.*'0101'"):
        _load_register(study, inputs)
    (tmp_path / "targets.csv").write_text(
        "section_id,断面名称,水质目标\n9,丙,Ⅱ\n0102,乙,Ⅱ\n", encoding="utf-8"
    )
    assert _load_register(study, inputs)["target_class"].tolist() == [3, 2]
