"""Facts of parcels: what is planted in a delivery is what is said of the parcel, and nothing else."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.geodesy import measure_area_m2
from pipeline.outputs.delivery import write_csv
from pipeline.outputs.fact_sheets.facts import read_parcel_facts
from pipeline.outputs.fact_sheets.rows import ParcelRows, round_digits
from pipeline.outputs.fact_sheets.telling import tell_products
from tests.bulletins import describe_file
from tests.deliveries import HOSTILE
from tests.planted_facts import BUILT_M2, WATER, measures, plant_facts, publish_facts


def test_every_parcel_is_told_once_in_order_and_as_json(facts, delivery):
    told = [json.loads(json.dumps(one, allow_nan=False)) for one in facts.list_facts()]
    assert [one["id"] for one in told] == sorted(delivery.parcels["parcel_id"])
    json.dumps(facts.head, allow_nan=False)


def test_the_head_says_whose_facts_they_are(facts):
    head = facts.head
    assert (head["aoi"], head["name"], head["label"], head["simulated"]) == (
        "delta",
        "河口湿地",
        "2024",
        True,
    )
    assert [(one["count"], one["last"]) for one in head["scenes"]] == [(1, "2023-06-05"), (1, "2024-11-28")]
    assert head["keys"] == {"parcels": "ab" * 32, "inventory": "cd" * 32}


def test_registered_words_are_those_of_the_register_and_codes_are_named(facts):
    assert facts.describe("P010")["registered"]["owner_type"] in {"全民所有", "集体所有"}
    hostile = [one for one in facts.list_facts() if one["registered"]["right_holder"] == HOSTILE]
    assert len(hostile) == 1
    assert hostile[0]["registered"]["planning_use"] is None


def test_bounds_and_centre_are_those_of_the_outline(facts, delivery):
    shapes = delivery.parcels.set_index("parcel_id").geometry
    for one in facts.list_facts():
        assert one["place"]["bounds"] == pytest.approx(shapes[one["id"]].bounds, abs=1e-6)
        assert shapes[one["id"]].buffer(1e-6).contains(shapely.Point(one["place"]["centre"]))
        assert one["place"]["part"] in {"东滩", "西沙 & <沙洲>"}


def test_figures_stand_beside_each_other_by_period_and_null_has_its_reason(facts):
    told = facts.describe("P010")
    assert told["cover"]["fvc_mean"] == [0.4321, None]
    assert told["unknown"] == {"fvc_mean": {"2024": "全期无晴空"}}
    assert told["cover"]["class_area:built"] == list(BUILT_M2.values())
    assert told["unseen_m2"] == [77.0, 77.0]
    assert told["changed"] == {"gained_area:built": {"2023/2024": 2199.75}}
    assert facts.describe("P012")["cover"] == {}


def test_towns_are_those_that_the_parcel_lies_in_the_largest_part_first(facts):
    towns = facts.describe("P010")["place"]["towns"]
    assert [(town["name"], town["area_m2"]) for town in towns] == [("乙镇", 225.5), ("甲镇", 100.0)]
    assert facts.describe("P011")["place"]["towns"] == []


def test_other_rights_come_with_their_term(facts):
    (right,) = facts.describe("P010")["rights"]
    assert (right["number"], right["valid_to"], right["holder"]) == ("取水〔2023〕7", "2027-12-31", "某水厂")
    assert right["right_kind"] != "water_licence"


def test_what_staff_completed_goes_before_the_register_and_remarks_are_told(facts):
    told = facts.describe("P010")
    assert told["registered"]["protection_status"] == "划入=保护区"
    assert told["registered"]["use_status"] is None
    assert [(one["cat2_code"], one["text"]) for one in told["remarks"]] == [
        (None, "界址待核"),
        ("R-REG-01", "另有闸控"),
    ]
    assert facts.describe("P011")["remarks"] == []


def test_sections_show_their_classes_by_period_and_why_there_is_none(facts):
    sections = facts.describe(WATER)["sections"]
    by_name = {section["section"]: section for section in sections}
    assert by_name["东旺沙水闸"]["water_class"] == [None, 3]
    assert by_name["东旺沙水闸"]["reason"] == ["样本不足", None]
    assert by_name["北港桥"]["target_met"] == [True, True]
    assert facts.describe("P010")["sections"] == []


def test_patches_count_only_what_lies_inside_the_parcel(facts, delivery):
    shapes = delivery.parcels.set_index("parcel_id").geometry
    found = [(one["id"], patch) for one in facts.list_facts() for patch in one["patches"]]
    assert {patch["from_class"] for _, patch in found} == {"植被", "裸地"}
    for parcel, patch in found:
        outline = delivery.change_patches.set_index("patch_id").geometry[patch["patch_id"]]
        inside = measure_area_m2(shapes[parcel].intersection(outline))
        assert patch["area_m2"] == pytest.approx(inside, rel=1e-8)


def test_findings_speak_one_language(facts):
    (finding,) = facts.describe("P003")["findings"]
    assert (finding["severity"], finding["basis"]) == ("错误", "登记办法第十二条")
    assert "P004" in finding["message"]


def test_english_facts_speak_english(tmp_path):
    facts = read_parcel_facts(publish_facts(plant_facts("en"), tmp_path))
    assert facts.describe("P010")["unknown"] == {"fvc_mean": {"2024": "never clear"}}
    assert facts.describe("P003")["findings"][0]["message"] == "see Chinese"
    assert facts.head["names"]["area_registered_m2"] == "registered area"


def test_a_parcel_that_is_not_there_is_no_parcel(facts):
    with pytest.raises(KeyError):
        facts.describe("P999")


def copy(published, out):
    folder = out / published.aoi / published.label
    shutil.copytree(published.folder, folder)
    return replace(published, folder=folder), folder / "tables" / "parcel_measures.csv"


def test_a_table_changed_since_it_was_published_is_refused(published, tmp_path):
    other, path = copy(published, tmp_path)
    path.write_text(path.read_text("utf-8").replace("0.4321", "0.9999"), "utf-8")
    with pytest.raises(InputError, match="was changed since"):
        read_parcel_facts(other)


def test_a_table_of_another_version_is_refused_by_its_column(published, tmp_path):
    other, path = copy(published, tmp_path)
    write_csv(measures().drop(columns="reason"), path)
    files = {**published.manifest["files"], "tables/parcel_measures.csv": describe_file(path)}
    with pytest.raises(InputError, match="reason"):
        read_parcel_facts(replace(other, manifest={**published.manifest, "files": files}))


def _row(period: str, product: int, value: float | None) -> dict:
    same = {"cat1_code": "MRC"[product % 3], "cat1_name": "", "cat2_code": f"X-{product}", "cat2_name": ""}
    rest = dict.fromkeys(("quality_grade", "quality_value", "confidence", "chg_reason", "econ_value_yuan"))
    told = {"cat3_name": "物", "quantity_unit": "t", "quantity": 1.0, "eco_value_yuan": value}
    return {**same, **rest, **told, "period": period}


@given(
    values=st.dictionaries(
        st.tuples(st.sampled_from(["2022", "2023", "2024"]), st.integers(0, 5)),
        st.one_of(st.none(), st.floats(-1e9, 1e9)),
        min_size=1,
    ),
    shuffle=st.randoms(use_true_random=False),
)
def test_values_are_summed_over_the_products_that_have_one(values, shuffle):
    rows = [_row(period, product, value) for (period, product), value in values.items()]
    shuffle.shuffle(rows)
    told = tell_products(rows, ["2022", "2023", "2024"])
    assert told["value_yuan"]["of"] == len({product for _, product in values})
    for number, period in enumerate(("2022", "2023", "2024")):
        known = [value for (label, _), value in values.items() if label == period and value is not None]
        assert told["value_yuan"]["known"][number] == len(known)
        found = told["value_yuan"]["sum"][number]
        assert found is None if not known else found == pytest.approx(sum(known), abs=0.02)
    assert [product["cat1_code"] for product in told["products"]] == sorted(
        (product["cat1_code"] for product in told["products"]), key="MRC".index
    )


@given(
    rows=st.lists(
        st.tuples(st.sampled_from("abcdx"), st.one_of(st.none(), st.floats(-1e12, 1e12)), st.booleans()),
    ),
)
def test_rows_are_found_by_their_parcel_whatever_their_order(rows):
    table = pd.DataFrame(rows, columns=["parcel_id", "number", "flag"]).astype({"number": float})
    parcels = pd.Index(list("dcba"))
    grouped = ParcelRows(table.assign(parcel_id=table["parcel_id"].astype(object)), parcels)
    for place, parcel in enumerate(parcels):
        mine = [(number, flag) for key, number, flag in rows if key == parcel]
        found = grouped.list_rows(place)
        assert [row["flag"] for row in found] == [flag for _, flag in mine]
        for row, (number, _) in zip(found, mine, strict=True):
            assert (
                row["number"] is None if number is None else row["number"] == pytest.approx(number, rel=1e-8)
            )


@given(st.lists(st.floats(allow_infinity=False)))
def test_nine_digits_are_kept(values):
    for found, value in zip(round_digits(np.array(values, dtype=float)), values, strict=True):
        if np.isnan(value):
            assert np.isnan(found)
        elif 1e-200 < abs(value) < 1e9:
            assert found == float(f"{value:.9g}") or found == pytest.approx(value, rel=1e-8)
        elif abs(value) >= 1e9:
            assert found == pytest.approx(value, abs=0.5, rel=1e-12)
