"""Sections go to the area that is named or that they lie in; what finds no match is listed, and why."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.indices.sections import membership
from pipeline.indices.sections.places import AMBIGUOUS, NOT_REGISTERED, place_samples
from pipeline.periods import Period

AREAS = {"west": shapely.box(120, 31, 121, 32), "east": shapely.box(121, 31, 122, 32)}
DAYS = Period(date(2024, 1, 1), date(2024, 12, 31), "2024")


def _samples(*rows):
    table = pd.DataFrame(rows, columns=["section", "time"])
    table["time"] = pd.to_datetime(table["time"]).dt.tz_localize("Asia/Shanghai")
    rest = {"section_id": None, "province": None, "basin": None, "water_body": "river", "parameter": "TP"}
    return table.assign(**rest, value=0.1, censored=False, unit="mg/L")


def _register(*rows):
    table = pd.DataFrame(rows, columns=["section_id", "section", "aoi", "lon", "lat"])
    table = table.assign(province=None, basin=None, aliases="", water_body="river", target_class=pd.NA)
    return table.astype({"target_class": "Int64", "lon": float, "lat": float})


NOWHERE = (np.nan, np.nan)
REGISTER = _register(
    ("S1", "named", "west", 121.5, 31.5),
    ("S2", "by its point", None, 120.5, 31.5),
    ("S3", "unplaced", None, *NOWHERE),
    ("S4", "elsewhere", "east", *NOWHERE),
    ("S5", "strayed", "south", *NOWHERE),
    ("S6", "abroad", None, 10.0, 50.0),
    ("S7", "twin", "west", *NOWHERE),
    ("S8", "twin", "west", *NOWHERE),
)
SAMPLES = _samples(
    ("named", "2024-05-01"),
    ("named", "2024-06-01"),
    ("by its point", "2023-12-31"),
    ("elsewhere", "2024-05-01"),
    ("twin", "2024-05-01"),
    ("stranger", "2024-05-01"),
    ("stranger with a point", "2024-05-01"),
    ("unplaced", "2024-05-01"),
)
POINTS = pd.DataFrame(
    {"section_id": None, "province": None, "basin": None, "section": ["stranger with a point", "unplaced"],
     "lon": [120.2, 121.9], "lat": [31.1, 31.9]}
)  # fmt: skip


@pytest.fixture
def found():
    return place_samples(SAMPLES, REGISTER, POINTS)


def test_a_section_belongs_where_the_register_says_or_where_its_point_lies(found):
    west = membership.select_sections(found, "west", AREAS)
    assert west.sections["section_id"].tolist() == ["S1", "S2", "S7", "S8", "stranger with a point"]
    assert west.samples["section"].tolist() == ["named", "named", "by its point", "stranger with a point"]
    assert west.samples["place"].tolist() == [0, 0, 1, 4]
    east = membership.select_sections(found, "east", AREAS)
    assert east.sections["section_id"].tolist() == ["S3", "S4"]
    assert east.samples["section"].tolist() == ["elsewhere", "unplaced"]


def test_a_section_without_a_point_takes_that_of_the_samples(found):
    places = found.sections.set_index("section_id")[["lon", "lat"]]
    assert places.loc["S3"].tolist() == [121.9, 31.9]
    assert places.loc["stranger with a point"].tolist() == [120.2, 31.1]
    assert places.loc["S1"].tolist() == [121.5, 31.5]


def test_every_section_without_a_match_is_listed_with_its_reason(found):
    rows = membership.list_mismatches(found, "west", AREAS, DAYS)
    assert rows[["section_id", "readings", "reason"]].to_numpy().tolist() == [
        ["S2", 1, membership.UNSAMPLED],
        ["S5", 0, membership.AOI_UNKNOWN],
        ["S6", 0, membership.OUTSIDE],
        ["S7", 0, membership.UNSAMPLED],
        ["S8", 0, membership.UNSAMPLED],
        ["twin", 1, AMBIGUOUS],
        ["stranger", 1, NOT_REGISTERED],
        ["stranger with a point", 1, NOT_REGISTERED],
    ]


def test_without_a_register_every_section_counts_but_one_that_lies_elsewhere():
    points = POINTS.assign(section=["elsewhere", "named"])
    west = membership.select_sections(place_samples(SAMPLES, None, points), "west", AREAS)
    assert west.sections["section"].tolist() == [
        "by its point", "elsewhere", "twin", "stranger", "stranger with a point", "unplaced",
    ]  # fmt: skip


def test_a_province_is_the_same_with_and_without_its_kind():
    register = REGISTER[:1].assign(province="江苏", basin="长江流域")
    for province, section_id in (("江苏省", "S1"), ("江苏", "S1"), ("上海市", "上海市-长江-named")):
        samples = SAMPLES[:1].assign(province=province, basin="长江")
        given, sections = place_samples(samples, register)
        assert sections["section_id"].iloc[given["place"].iloc[0]] == section_id
