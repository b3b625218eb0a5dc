"""The inventory and the tables as CSV: exact by keys for programs, under names for people."""

import csv
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.outputs.csv_tables import make_readable, write_inventory_csv
from pipeline.outputs.layers import INVENTORY_LAYER, build_layer_rows
from pipeline.storage.csv_texts import restore_texts
from tests.deliveries import HOSTILE, small_delivery, written


def build_rows(delivery):
    return pd.DataFrame(build_layer_rows(INVENTORY_LAYER, delivery).drop(columns="geometry"))


def read(path):
    return pd.read_csv(path, encoding="utf-8-sig", dtype={"period": str, "owner_type": str, "核算期": str})


def open_in_spreadsheet(path):
    """Its cells as a spreadsheet takes them in."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return [cell for line in csv.reader(stream) for cell in line]


@pytest.fixture(scope="module")
def named(tmp_path_factory, delivery):
    folder = tmp_path_factory.mktemp("named")
    written(replace(delivery, rasters=()), folder, headings="names")
    return folder


def test_by_keys_every_figure_is_there_with_all_its_digits(folder, delivery):
    path = folder / delivery.name_file(".csv")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf"), "Excel wants it"
    found, expected = read(path), build_rows(delivery)
    assert list(found.columns) == list(expected.columns)
    assert found["area_ha"].tolist() == expected["area_ha"].tolist()
    assert HOSTILE in set(restore_texts(found)["cat3_name"]), "what a program reads is as it is"


def test_no_cell_of_any_csv_file_begins_a_formula(folder, named):
    for path in (*folder.rglob("*.csv"), *named.rglob("*.csv")):
        cells = open_in_spreadsheet(path)
        assert not [cell for cell in cells if cell.startswith(("=", "@", "\t", "\r"))], path
        assert HOSTILE not in cells
    assert f"'{HOSTILE}" in open_in_spreadsheet(folder / "tables" / "indicators.csv")


def test_under_names_headings_and_codes_are_words_and_no_text_is_a_formula(named, delivery):
    found = read(named / delivery.name_file(".csv"))
    assert {"生态产品编码", "面积 (ha)", "所有权主体(类型)"} <= set(found.columns)
    assert set(found["所有权主体(类型)"]) == {"全民所有", "集体所有"}
    assert f"'{HOSTILE}" in set(found["三级类/产品名称"])
    assert HOSTILE not in set(found["三级类/产品名称"])


def test_tables_by_keys_stay_and_those_under_names_stand_beside(named, delivery):
    for stem, table in delivery.tables.items():
        by_keys, by_names = named / "tables" / f"{stem}.csv", named / "tables_named" / f"{stem}.csv"
        assert list(read(by_keys).columns)[: len(table.columns)] == list(table.columns)
        assert len(read(by_names)) == len(table)
    heads = read(named / "tables_named" / "indicators.csv").columns
    assert {"指标", "核算期", "数值"} <= set(heads)


def test_without_the_switch_no_table_is_there_twice(folder):
    assert not (folder / "tables_named").exists()


@settings(max_examples=30, deadline=None)
@given(
    figures=st.lists(st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)), min_size=1),
    text=st.text(st.characters(codec="utf-8", exclude_characters="\x00\r")),
)
def test_any_figure_and_text_comes_back_as_it_went(tmp_path_factory, figures, text):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    rows = pd.DataFrame({"area_ha": pd.Series(figures, dtype=float), "cat3_name": text})
    write_inventory_csv([rows], path, "zh", "keys")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        heads, *lines = csv.reader(stream)
    assert heads == ["area_ha", "cat3_name"]
    assert [float(line[0]) if line[0] else None for line in lines] == figures
    assert set(restore_texts(pd.DataFrame(lines))[1]) == {text}


def test_english_headings_are_english():
    rows = build_rows(small_delivery(language="en"))
    heads = make_readable(rows, "en").columns
    assert not [head for head in heads if any("\u4e00" <= letter <= "\u9fff" for letter in head)]
