"""Tables of water function zones: sections, targets, and what cannot be used."""

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.ingest.health.zones import read_zones
from pipeline.settings.health import ZoneFile

HEADINGS = ["水功能区编码", "水功能区名称", "所在水体", "监测断面", "水质目标"]


def write(path, *rows, merged=()):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for cells in merged:
        book.active.merge_cells(cells)
    book.save(path)
    return ZoneFile(path=str(path))


def test_a_zone_has_a_row_for_each_of_its_sections_and_merged_cells_hold_for_all(tmp_path):
    rows = [HEADINGS, ["Z1", "甲区", "甲河", "东桥", "Ⅲ"], [None, None, None, "西桥", None]]
    file = write(tmp_path / "z.xlsx", *rows, merged=["A2:A3", "B2:B3", "C2:C3", "E2:E3"])
    found = read_zones([file])
    assert found.lost == []
    assert found.rows[["zone", "name", "body", "section", "target_class"]].to_numpy().tolist() == [
        ["Z1", "甲区", "甲河", "东桥", 3],
        ["Z1", "甲区", "甲河", "西桥", 3],
    ]


def test_a_cell_may_name_several_sections_and_a_zone_none(tmp_path):
    file = write(
        tmp_path / "z.xlsx",
        HEADINGS,
        ["Z1", "甲区", "甲河", "东桥、西桥;北桥", "2"],
        ["Z2", "乙区", None, None, "IV类"],
    )
    rows = read_zones([file]).rows
    assert rows["section"].dropna().tolist() == ["东桥", "西桥", "北桥"]
    assert len(rows) == 4
    assert rows["target_class"].tolist() == [2, 2, 2, 4]


@pytest.mark.parametrize("word", ["六类", "好", "7"])
def test_a_target_that_is_no_class_is_told_and_the_zone_has_none(tmp_path, word):
    found = read_zones([write(tmp_path / "z.xlsx", HEADINGS, ["Z1", "甲区", "甲河", "东桥", word])])
    (reject,) = found.lost
    assert (reject.row, reject.column, reject.found) == (2, "水质目标", word)
    assert found.rows["target_class"].isna().all()


def test_a_zone_with_two_targets_has_none_and_both_places_are_told(tmp_path):
    rows = [HEADINGS, ["Z1", "甲区", "甲河", "东桥", "Ⅲ"], ["Z1", "甲区", "甲河", "西桥", "Ⅱ"]]
    found = read_zones([write(tmp_path / "z.xlsx", *rows)])
    (reject,) = found.lost
    assert reject.row == 3
    assert "row 2" in reject.advice.todo
    assert found.rows["target_class"].isna().all()


def test_a_row_of_no_zone_and_a_path_that_leads_nowhere_are_told(tmp_path):
    found = read_zones([write(tmp_path / "z.xlsx", HEADINGS, [None, None, "甲河", "东桥", "Ⅲ"])])
    assert [reject.row for reject in found.lost] == [2]
    assert found.rows.empty
    with pytest.raises(InputError):
        read_zones([ZoneFile(path=str(tmp_path / "none.xlsx"))])


@settings(max_examples=15, deadline=None)
@given(
    st.permutations(range(5)),
    st.sampled_from(["utf-8", "utf-8-sig", "gbk"]),
    st.sampled_from([("Ⅲ", 3), ("III类", 3), ("2", 2), ("Ⅴ类", 5), ("一", 1)]),
)
def test_a_planted_zone_comes_back_from_any_order_encoding_and_spelling(
    tmp_path_factory, order, encoding, target
):
    word, number = target
    rows = [[cells[place] for place in order] for cells in (HEADINGS, ["Z1", "甲区", "甲河", "东桥", word])]
    path = tmp_path_factory.mktemp("z") / "z.csv"
    path.write_bytes(pd.DataFrame(rows).to_csv(index=False, header=False).encode(encoding))
    (row,) = read_zones([ZoneFile(path=str(path))]).rows.to_dict("records")
    assert (row["zone"], row["section"], row["target_class"], row["row"]) == ("Z1", "东桥", number, 2)
