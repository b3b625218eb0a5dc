"""Schemes that settle what sections come to, each by the sections that it may be about."""

from types import SimpleNamespace

import pandas as pd
import pytest

from pipeline.flow import sections
from pipeline.indices.sections.places import place_samples
from pipeline.settings import Settings

SCENES = {"provider": "simulated", "start": "2024-01-01", "end": "2024-02-29", "period": "month"}


def placed(*provinces):
    names = [f"S{number}" for number in range(len(provinces))]
    register = pd.DataFrame(
        {"section_id": names, "section": names, "province": provinces, "basin": None}
    ).assign(aliases="", water_body="river", target_class=3, lon=121.0, lat=31.0, altitude_m=float("nan"))
    samples = pd.DataFrame({"section": names, "time": pd.Timestamp("2024-01-15", tz="Asia/Shanghai")}).assign(
        section_id=None, province=None, basin=None, water_body="river", parameter="TP", value=0.5,
        unit="mg/L", censored=False,
    )  # fmt: skip
    return SimpleNamespace(here=place_samples(samples, register), register=register)


@pytest.fixture
def study():
    given = {
        "label": "2024",
        "aoi": ["longyou_bay"],
        "scenes": SCENES,
        "sections": {"schemes": ["jiangsu_2021"]},
    }
    return SimpleNamespace(settings=Settings.model_validate(given))


def test_sections_of_another_province_are_not_graded_for_a_scheme(study, monkeypatch):
    graded, grade = [], sections.sections.grade_periods

    def watch(found, *args, **rules):
        graded.append((found.sections["section_id"].tolist(), sorted(set(found.samples["place"]))))
        return grade(found, *args, **rules)

    monkeypatch.setattr(sections.sections, "grade_periods", watch)
    none = sections._settle_schemes(study, placed("上海市", "重庆市"))
    assert not graded
    assert none["compensation"].empty
    assert none["compensation_balances"].empty
    some = sections._settle_schemes(study, placed("上海市", "江苏省", None))
    assert graded == [(["S1", "S2"], [1, 2])]
    assert set(some["compensation"]["section_id"]) == {"S1", "S2"}


def test_a_scheme_comes_to_the_same_whatever_else_was_sampled(study):
    alone, beside = (
        sections._settle_schemes(study, placed(*provinces))["compensation"].drop(
            columns=["section_id", "section"]
        )
        for provinces in (["江苏省"], ["上海市", "江苏省"])
    )
    assert len(alone)
    pd.testing.assert_frame_equal(alone, beside)
