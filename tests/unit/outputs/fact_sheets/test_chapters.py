"""Chapters of a fact sheet: planted figures as printed, what is not known is said, nothing is said twice."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.outputs.fact_sheets.chapters import CHAPTERS, MOST_PERIODS, write_chapters
from tests.planted_facts import WATER

TITLES = {"zh": ("基本情况", "权属与管控"), "en": ("Parcel", "Rights and restrictions")}


def write(facts, parcel, **changed):
    told = {**facts.describe(parcel), **changed}
    return {chapter["title"]: chapter for chapter in write_chapters(told, facts.head)}


def test_two_chapters_stand_beside_the_map_whatever_there_is_to_say(facts):
    for parcel in facts.parcels.index:
        assert tuple(write(facts, parcel))[:2] == TITLES["zh"]


def test_areas_are_in_hectares_and_towns_follow_their_size(facts):
    lines = dict(write(facts, "P010")["基本情况"]["lines"])
    area = facts.describe("P010")["areas"]["area_m2"]
    assert lines["面积（范围内）"] == f"{area / 1e4:,.2f} 公顷"
    assert lines["所在镇村"] == "乙镇 0.02 公顷、甲镇 0.01 公顷"


def test_what_the_register_leaves_empty_is_named_once_and_has_no_line(facts):
    rights = write(facts, "P011")["权属与管控"]
    names = [name for name, _ in rights["lines"]]
    (silent,) = rights["notes"]
    assert "保护情况" in silent
    assert "保护情况" not in names
    assert "权利人" not in silent
    assert "生态保护红线内占比" not in silent


def test_what_staff_completed_has_its_lines(facts):
    lines = dict(write(facts, "P010")["权属与管控"]["lines"])
    assert lines["保护情况"] == "划入=保护区"
    assert lines["备注"] == "界址待核\n另有闸控"


def test_terms_of_other_rights_are_listed(facts):
    (row,) = write(facts, "P010")["关联的其他权利"]["table"]["rows"]
    assert row[1:5] == ("取水〔2023〕7", "某水厂", "2023-01-01", "2027-12-31")


def test_a_null_is_a_dash_with_its_reason_below(facts):
    cover = write(facts, "P010")["地表覆盖与植被（各期）"]
    first, second = cover["table"]["rows"]
    place = cover["table"]["headings"].index("平均植被覆盖度")
    assert (first[place], second[place]) == ("0.43", "—")
    assert "2024: 全期无晴空" in cover["notes"]
    assert "0.34" in second


def test_a_parcel_without_measures_has_no_chapter_of_cover(facts):
    assert "地表覆盖与植被（各期）" not in write(facts, "P012")


def test_a_section_tells_class_target_and_whether_it_is_met(facts):
    rows = {row[0]: row[3:] for row in write(facts, WATER)["水质断面"]["table"]["rows"]}
    assert rows["北港桥"] == ("Ⅱ类 / Ⅲ类 达标\nTP", "Ⅰ类 / Ⅲ类 达标\nTP")
    assert rows["东旺沙水闸"][0] == "样本不足"
    assert rows["西沙湾"][0].startswith("劣Ⅴ类 / Ⅲ类 未达标")


def test_the_sum_says_of_how_many_products_it_is(facts):
    product = facts.describe("P010")["products"][0]
    known = {**product, "value_yuan": [20_000.0, 30_000.0]}
    unknown = {**product, "cat3_name": "别的", "value_yuan": [None, 5_000.0]}
    total = {"sum": [20_000.0, 35_000.0], "known": [1, 2], "of": 2}
    table = write(facts, "P010", products=[known, unknown], value_yuan=total)["生态产品"]["table"]
    assert table["rows"][-1][-2:] == ("2.00 (1/2)", "3.50")
    assert table["rows"][1][-2:] == ("—", "0.50")
    assert len({len(row) for row in (table["headings"], *table["rows"])}) == 1


def test_a_parcel_without_products_says_so(facts):
    chapter = write(facts, "P010", products=[])["生态产品"]
    assert chapter["notes"] == ("本地块未列生态产品。",)


@given(count=st.integers(1, 9))
def test_periods_beyond_those_beside_each_other_are_told_where_they_stand(facts, count):
    labels = [f"{2010 + number}" for number in range(count)]
    told = copy.deepcopy(facts.describe("P010"))
    for product in told["products"]:
        for key, value in product.items():
            product[key] = (value * count)[:count] if isinstance(value, list) else value
    told["cover"] = {key: (value * count)[:count] for key, value in told["cover"].items()}
    told["unseen_m2"] = [0.0] * count
    told["value_yuan"] = {"sum": [1.0] * count, "known": [1] * count, "of": 1}
    written = write_chapters(told, {**facts.head, "periods": labels})
    (products,) = (chapter for chapter in written if chapter["title"] == "生态产品")
    shown = [label for label in labels if any(label in heading for heading in products["table"]["headings"])]
    assert shown == labels[-MOST_PERIODS:]
    assert any(labels[0] in note for note in products["notes"]) == (count > MOST_PERIODS)
    (cover,) = (chapter for chapter in written if chapter["title"].startswith("地表覆盖"))
    assert [row[0] for row in cover["table"]["rows"]] == labels


@pytest.mark.parametrize("key", CHAPTERS)
def test_rows_of_every_chapter_are_as_wide_as_its_headings(facts, key):
    for parcel in facts.parcels.index:
        chapter = CHAPTERS[key](facts.describe(parcel), facts.head)
        table = chapter and chapter.table
        if table:
            assert {len(row) for row in table.rows} == {len(table.headings)}
            assert all(isinstance(cell, str) for row in table.rows for cell in row)
