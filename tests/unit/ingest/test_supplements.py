"""What staff completed is read as it stands in the files of any office, or refused by name."""

import csv
import random

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.contracts import compute_key_check
from pipeline.errors import InputError
from pipeline.ingest import supplements
from pipeline.ingest.supplements import SupplementKeys, check_supplement, read_supplement
from tests.spreadsheets import write_open_document

KEYS = SupplementKeys(
    "delta",
    frozenset({"delta", "island"}),
    {"P1": frozenset({"MAT-01", "REG-01"}), "P2": frozenset({"MAT-01"}), "P3": frozenset()},
)
HEADS = ["试点区", "地块标识", "坐落", "保护情况", "开发利用情况", "备注", "校验码"]
PRODUCT_HEADS = [
    "试点区",
    "地块标识",
    "二级类代码",
    "三级类/产品名称",
    "面积 (ha)",
    "地方产品名",
    "备注",
    "校验码",
]


def check(*keys):
    return compute_key_check("delta", *keys)


def parcel(name, protection="", use="", remark="", *, area="delta", mark=None):
    return [area, name, "某镇", protection, use, remark, check(name) if mark is None else mark]


def product(name, code, local="", remark="", *, mark=None):
    return ["delta", name, code, "农产品", 1.5, local, remark, check(name, code) if mark is None else mark]


def write(path, *sheets):
    """A workbook of sheets, each its rows with the headings first, or (title, rows)."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(f"表{number}")
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def read(*paths):
    found = read_supplement([str(path) for path in paths], KEYS)
    rows = found.entries.astype(object).where(found.entries.notna(), None)
    texts = {(row.parcel_id, row.cat2_code, row.item): row.text for row in rows.itertuples()}
    return texts, found.rejects


def test_what_is_completed_of_parcels_and_products_is_read_with_its_place(tmp_path):
    path = write(
        tmp_path / "done.xlsx",
        [["填写说明：只填写白色的列"]],
        [
            ["某区补录表"],
            HEADS,
            parcel("P1", "划入红线", remark="已核"),
            parcel("P2"),
            parcel("P3", use="养殖"),
        ],
        [PRODUCT_HEADS, product("P1", "MAT-01", "崇明大米")],
    )
    texts, lost = read(path)
    assert texts == {
        ("P1", None, "protection_status"): "划入红线",
        ("P1", None, "remark"): "已核",
        ("P3", None, "use_status"): "养殖",
        ("P1", "MAT-01", "local_name"): "崇明大米",
    }
    assert lost.empty
    entries = read_supplement([str(path)], KEYS).entries.set_index("text")
    assert entries.loc["崇明大米", ["file", "sheet", "row"]].tolist() == ["done.xlsx", "表2", 2]
    assert entries.loc["养殖", "row"] == 5


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "gb18030"])
def test_csv_of_any_office_is_read(tmp_path, encoding):
    with (tmp_path / "done.csv").open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream).writerows([HEADS, parcel("P1", "禁止开发，限期清退")])
    assert read(tmp_path / "done.csv")[0] == {("P1", None, "protection_status"): "禁止开发，限期清退"}


def test_a_table_of_libreoffice_is_read(tmp_path):
    text = 'office:value-type="string"'
    rows = [[(text, str(cell)) for cell in row] for row in (HEADS, parcel("P2", use="水稻种植"))]
    path = write_open_document(tmp_path / "done.ods", *rows)
    assert read(path)[0] == {("P2", None, "use_status"): "水稻种植"}


def test_headings_may_be_english_or_keys_in_any_order(tmp_path):
    rows = [["remark", "Use", "parcel id"], ["seen", "fish ponds", "P2"]]
    found = read(write(tmp_path / "done.xlsx", rows))[0]
    assert found == {("P2", None, "remark"): "seen", ("P2", None, "use_status"): "fish ponds"}


FAULTS = {
    "an id that the area does not have": (parcel("P9", "a"), "parcel_id", supplements.STRANGE_PARCEL),
    "an id that a spreadsheet made a number of": (
        parcel("3.10151E+27", "a"), "parcel_id", supplements.STRANGE_PARCEL
    ),
    "an id that was changed to another": (
        parcel("P1", "a", mark=check("P2")), "key_check", supplements.CHANGED_KEY
    ),
    "an area that nobody knows": (parcel("P1", "a", area="delt"), "aoi", supplements.STRANGE_AREA),
    "a formula": (parcel("P1", "#REF!"), "protection_status", supplements.NO_TEXT),
    "a text without end": (parcel("P1", "长" * 501), "protection_status", supplements.LONG),
}  # fmt: skip


@pytest.mark.parametrize(("row", "column", "advice"), FAULTS.values(), ids=FAULTS)
def test_what_cannot_be_right_is_rejected_by_name_and_the_rest_is_used(tmp_path, row, column, advice):
    texts, lost = read(write(tmp_path / "done.xlsx", [HEADS, row, parcel("P2", "b")]))
    assert texts == {("P2", None, "protection_status"): "b"}
    assert lost[["sheet", "row", "column"]].to_numpy().tolist() == [["表0", 2, column]]
    assert lost["todo"].tolist() == [advice.todo]
    assert lost["expected"].iloc[0].startswith(advice.expected.partition("{")[0])


def test_a_product_that_its_parcel_does_not_supply_is_rejected(tmp_path):
    rows = [PRODUCT_HEADS, product("P2", "REG-01", "x"), product("P1", "MAT-01", "崇明大米")]
    texts, lost = read(write(tmp_path / "done.xlsx", rows))
    assert texts == {("P1", "MAT-01", "local_name"): "崇明大米"}
    assert lost["expected"].tolist() == ["该地块供给的产品：MAT-01 / a product that the parcel supplies"]


def test_rows_of_other_areas_are_left_to_them_and_empty_ones_passed_over(tmp_path):
    rows = [HEADS, parcel("I7", "a", area="island", mark="?"), parcel("P9"), parcel("P1", "—")]
    texts, lost = read(write(tmp_path / "done.xlsx", rows))
    assert texts == {}
    assert lost.empty


def test_two_rows_that_say_the_same_count_once_and_two_that_differ_not_at_all(tmp_path):
    one = write(tmp_path / "one.xlsx", [HEADS, parcel("P1", "a"), parcel("P2", "b"), parcel("P3", "c")])
    two = write(tmp_path / "two.xlsx", [HEADS, parcel("P1", "a"), parcel("P2", "other")])
    texts, lost = read(one, two)
    assert texts == {("P1", None, "protection_status"): "a", ("P3", None, "protection_status"): "c"}
    assert lost[["file", "row", "found"]].to_numpy().tolist() == [
        ["one.xlsx", 3, "b"], ["two.xlsx", 2, "a"], ["two.xlsx", 3, "other"],
    ]  # fmt: skip
    assert "two.xlsx, 表0, row 3" in lost["todo"].iloc[0], "each names the other"
    assert "one.xlsx, 表0, row 3" in lost["todo"].iloc[2]


def test_a_heading_that_is_misspelt_or_stands_twice_is_named(tmp_path):
    rows = [["地块标识", "开发利用情況", "备注", "备注"], ["P1", "养殖", "a", "b"]]
    texts, lost = read(write(tmp_path / "done.xlsx", rows))
    assert texts == {("P1", None, "remark"): "a"}
    assert lost["column"].tolist() == ["开发利用情況", "备注"]


def test_a_hidden_sheet_is_named_and_not_read(tmp_path):
    path = write(tmp_path / "done.xlsx", [HEADS, parcel("P1", "a")], [HEADS, parcel("P2", "b")])
    book = openpyxl.load_workbook(path)
    book["表1"].sheet_state = "hidden"
    book.save(path)
    texts, lost = read(path)
    assert texts == {("P1", None, "protection_status"): "a"}
    assert lost["found"].tolist() == ["表1"]


def test_a_path_that_leads_nowhere_and_a_file_without_headings_are_refused(tmp_path):
    with pytest.raises(InputError, match="The supplement cannot be found"):
        read(tmp_path / "none*.xlsx")
    with pytest.raises(InputError, match="A supplement cannot be read") as caught:
        read(write(tmp_path / "other.xlsx", [["目录", "数量"], ["a", 3]]))
    assert caught.value.problems[0].place == "other.xlsx"


def test_a_file_of_which_nothing_can_be_used_is_refused_with_every_reason(tmp_path):
    path = write(tmp_path / "done.xlsx", [HEADS, parcel("P8", "a"), parcel("P9", "b")])
    with pytest.raises(InputError, match="Nothing of the supplement") as caught:
        read(path)
    assert len(caught.value.problems) == 2


LETTERS = st.text(st.characters(codec="gb18030", categories=["L", "N"]), min_size=1, max_size=12)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=st.dictionaries(
        st.sampled_from([("P1", "保护情况"), ("P2", "开发利用情况"), ("P3", "备注"), ("P9", "备注")]),
        LETTERS.filter(lambda text: text.casefold() not in {"nan", "null", "none", "na"}),
        min_size=1,
    ),
    seed=st.integers(0, 999),
    form=st.sampled_from(["xlsx", "utf-8", "gb18030"]),
)
def test_whatever_is_planted_is_found_or_refused_by_name(tmp_path, told, seed, form):
    shuffle = random.Random(seed)
    names = shuffle.sample(HEADS, len(HEADS))
    rows = []
    for parcel_id in shuffle.sample(["P1", "P2", "P3", "P9"], 4):
        cells = dict(zip(HEADS, parcel(parcel_id), strict=True))
        cells |= {item: text for (one, item), text in told.items() if one == parcel_id}
        rows.append([cells[name] for name in names])
    path = tmp_path / ("done.xlsx" if form == "xlsx" else "done.csv")
    if form == "xlsx":
        write(path, [names, *rows])
    else:
        with path.open("w", encoding=form, newline="") as stream:
            csv.writer(stream).writerows([names, *rows])
    keys = {"保护情况": "protection_status", "开发利用情况": "use_status", "备注": "remark"}
    planted = {(one, None, keys[item]): text for (one, item), text in told.items() if one != "P9"}
    if not planted:
        with pytest.raises(InputError, match="Nothing of the supplement"):
            read(path)
        return
    texts, lost = read(path)
    assert texts == planted
    assert lost["column"].tolist() == ["parcel_id"] * (len(told) - len(planted))


def test_a_file_is_checked_before_parcels_are_known(tmp_path):
    check_supplement([str(write(tmp_path / "done.xlsx", [HEADS, parcel("P9", "a")]))])
    with pytest.raises(InputError, match="A supplement cannot be read"):
        check_supplement([str(write(tmp_path / "other.xlsx", [["目录"]]))])
