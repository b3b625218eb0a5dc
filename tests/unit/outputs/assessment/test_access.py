"""Access is shown by sentences, cards, towns and a list whose figures stand in the tables."""

import re
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from pipeline.contracts import ACCESS, ACCESS_INPUTS, ACCESS_UNSERVED, check_table
from pipeline.geodesy import CGCS2000
from pipeline.outputs.assessment.access import build_access_section
from pipeline.outputs.assessment.layers import list_layers
from tests.deliveries import small_delivery

HOME = shapely.box(121.85, 31.46, 121.851, 31.461)
NUMBER = re.compile(r"\d[\d,]*\.?\d*")


def share(aoi, period, **told):
    row = {
        "region": aoi,
        "region_name": "试区",
        "period": period,
        "green_kind": "park",
        "access_way": "straight",
        "access_basis": "land",
        "limit_m": 500.0,
        "least_place_m2": 5000.0,
        "places_counted": 3,
        "homes_counted": 9,
        "homes_amount": 4000.0,
        "served": 3000.0,
        "unserved": 1000.0,
        "unserved_near_edge": 0.0,
        "not_reached": 0.0,
        "unit": "m2",
        "access_share": 0.75,
        "access_share_low": 0.75,
        "access_share_high": 0.75,
        "indicative": True,
        "source": "parks.gpkg",
        "reason": None,
    }
    return row | told


@pytest.fixture(params=["zh", "en"])
def delivery(request):
    plain = replace(small_delivery(), language=request.param)
    area, period = plain.aoi.id, plain.periods[-1].label
    rows = [
        share(area, period),
        share("t1", period, region_name="东镇", served=1000.0, access_share=0.5, unserved_near_edge=400.0),
        share("t2", period, region_name="西镇", access_share=0.9),
        share(
            area,
            period,
            access_way="streets",
            access_share=None,
            access_share_low=None,
            access_share_high=None,
            served=0.0,
            unserved=0.0,
            not_reached=4000.0,
            reason="不在街道上 / on no street",
        ),
        share(
            area,
            period,
            access_basis="residents",
            unit="people",
            served=30.0,
            unserved=10.0,
            homes_amount=40.0,
            indicative=False,
            access_share_high=0.8,
        ),
        share(area, "1999", access_share=0.123),
    ]
    listed = {
        "home_id": "DK1",
        "home_name": None,
        "region": "t1",
        "region_name": "东镇",
        "period": period,
        "green_kind": "park",
        "access_way": "straight",
        "homes_from": "land",
        "access_status": "unserved",
        "home_m2": 100.0,
        "unserved_m2": 50.0,
        "home_people": None,
        "unserved_people": None,
        "nearest_m": 501.5,
        "nearest_place": "中央公园",
        "near_edge": True,
        "reason": None,
    }
    inputs = {
        "input": "access.parks",
        "file": "parks.gpkg",
        "features_read": 4,
        "features_used": 3,
        "remark_zh": "1 处小于 5000 m2，不计",
        "remark_en": "1 are below 5000 m2 and do not count",
    }
    tables = {
        "access": check_table(pd.DataFrame(rows), ACCESS),
        "access_unserved": check_table(pd.DataFrame([listed]), ACCESS_UNSERVED),
        "access_inputs": check_table(pd.DataFrame([inputs]), ACCESS_INPUTS),
    }
    layer = gpd.GeoDataFrame([listed], geometry=[HOME], crs=CGCS2000)
    return replace(plain, tables={**plain.tables, **tables}, layers={"homes_unserved": layer})


def test_a_delivery_without_the_part_has_no_section():
    assert build_access_section(small_delivery()) is None


def test_sentences_tell_the_last_period_and_the_town_that_is_served_least(delivery):
    section = build_access_section(delivery)
    assert len(section.sentences) == 3
    assert "75.00%" in section.sentences[0]
    assert "on no street" in section.sentences[1]
    assert "东镇" in section.sentences[-1]
    assert "50.00%" in section.sentences[-1]
    assert not any("12.30%" in sentence for sentence in section.sentences)


def test_every_number_of_the_sentences_stands_in_the_table(delivery):
    table = delivery.tables["access"]
    known = {*table["period"], *(f"{value:g}" for value in table["limit_m"])}
    known |= {f"{value:.2%}".rstrip("%") for value in table["access_share"].dropna()}
    for column in ("served", "unserved", "not_reached"):
        known |= {f"{value:,.1f}" for value in table[column]}
    for sentence in build_access_section(delivery).sentences:
        assert set(NUMBER.findall(sentence)) <= known, sentence


def test_cards_say_what_is_indicative_and_how_far_it_may_be_off(delivery):
    land, people = build_access_section(delivery).cards
    assert (land.value, land.state) == ("75.00%", "plain")
    assert land.note in {"参考", "indicative"}
    assert people.note == "75.00% – 80.00%"


def test_tables_hold_the_last_period_and_the_list_and_the_map_draws_it(delivery):
    section = build_access_section(delivery)
    assert [(table.stem, len(table.rows)) for table in section.tables] == [
        ("access", 4),
        ("access", 1),
        ("access_unserved", 1),
    ]
    assert len(section.maps) == 1
    words = " ".join(section.notes)
    assert "5000 m2" in words
    assert "near_edge" in words


def test_the_layer_has_a_look_of_its_own(delivery):
    layer = next(layer for layer in list_layers(delivery) if layer.name == "homes_unserved")
    assert layer.geometry == "MultiPolygon"
