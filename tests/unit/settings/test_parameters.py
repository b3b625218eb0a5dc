"""Tables of parameters as offices write them: the right figure, or every mistake with its row and column."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import standards
from pipeline.errors import InputError
from pipeline.settings.parameters import list_classes, list_keys, read_parameters

HEAD = "key,class,region,value,low,high,unit,price_year,source,confirmed\n"


def read(folder, text, encoding="utf-8"):
    path = folder / "local.csv"
    path.write_bytes(text.encode(encoding))
    return read_parameters([path])[0]


def list_problems(folder, *rows, head=HEAD):
    with pytest.raises(InputError) as caught:
        read(folder, head + "\n".join(rows))
    return [
        (problem.place.rpartition("local.csv, ")[2], problem.found, problem.expected)
        for problem in caught.value.problems
    ]


def test_a_table_of_the_needed_columns_alone_is_read_in_any_order_and_with_empty_rows(tmp_path):
    (row,) = read(
        tmp_path, "\ufeffunit, source ,value,key\n,,,\nyuan/kWh, 供电局 , 0.61 ,electricity_price\n"
    )
    assert (row.key, row.value, row.unit, row.source) == ("electricity_price", 0.61, "yuan/kWh", "供电局")
    assert (row.land_class, row.region, row.low, row.price_year, row.confirmed) == (None,) * 4 + (False,)
    assert (row.origin, row.row) == ("local.csv", 3)


def test_a_table_that_excel_saved_in_china_is_read(tmp_path):
    (row,) = read(tmp_path, HEAD + "pest_cost,森林,东平镇,25,,,元/亩,2020,林业站,是\n", "gb18030")
    assert (row.land_class, row.region, row.value, row.confirmed) == ("森林", "东平镇", 375, True)
    assert row.source == "林业站 (25 元/亩)"


def test_a_price_of_a_tonne_of_carbon_becomes_that_of_co2_once(tmp_path):
    first, second = read(
        tmp_path,
        HEAD + "carbon_price,,a,260.9,200,300,yuan/t C,,x,yes\ncarbon_price,,b,260.9,,,yuan/t CO2,,x,yes\n",
    )
    assert first.value == pytest.approx(260.9 * 12 / 44, rel=1e-15)
    assert (first.low, first.high) == pytest.approx((200 * 12 / 44, 300 * 12 / 44))
    assert first.unit == second.unit == "yuan/t CO2"
    assert second.value == 260.9
    assert "260.9 yuan/t C, 200 to 300" in first.source


def test_a_price_of_a_tonne_that_does_not_say_of_what_is_refused(tmp_path):
    ((place, found, expected),) = list_problems(tmp_path, "carbon_price,,,1200,,,yuan/t,,Sweden,yes")
    assert (place, found) == ("row 2, column unit", "'yuan/t'")
    assert "yuan/t CO2" in expected
    assert "yuan/t C" in expected


@pytest.mark.parametrize(
    ("row", "place", "words"),
    [
        ("reservoir_cost,,,7,,,yuan/m3,,x,", "row 2, column key", "reservoir_unit_cost"),
        ("carbon_rate,林地,,0.9,,,t C/ha/a,,x,", "row 2, column class", "森林"),
        ("carbon_rate,0399,,0.9,,,t C/ha/a,,x,", "row 2, column class", "third survey"),
        ("oxygen_price,森林,,1000,,,yuan/t,,x,", "row 2, column class", "of all classes"),
        ("runoff_coefficient,森林,,2.67,,,1,,x,", "row 2, column value", "0 to 1 1; see its unit"),
        ("silt_coefficient,,,0.24,,,%,,,", "row 2, column source", "where the figure is from"),
        ("silt_coefficient,,,0.24,,,m,,x,", "row 2, column unit", "g/kg"),
        ("silt_coefficient,,,about 0.2,,,1,,x,", "row 2, column value", "a number"),
        ("silt_coefficient,,,,,,1,,x,", "row 2, column value", "a number"),
        ("silt_coefficient,,,inf,,,1,,x,", "row 2, column value", "a number"),
        ("silt_coefficient,,,0.24,0.2,,1,,x,", "row 2, column high", "both of low and high"),
        ("silt_coefficient,,,0.24,0.3,0.4,1,,x,", "row 2, column value", "low <= value <= high"),
        ("silt_coefficient,,,0.24,,,1,2010,x,", "row 2, column price_year", "no price"),
        ("oxygen_price,,,1000,,,yuan/t,last year,x,", "row 2, column price_year", "a year from"),
        ("oxygen_price,,,1000,,,yuan/t,,x,maybe", "row 2, column confirmed", "yes or no"),
        ("oxygen_price,,,1000,,,yuan/t,,x,,,7", "row 2, column confirmed", "10, as in the first row"),
    ],
)
def test_a_mistake_is_told_with_its_row_its_column_and_what_was_expected(tmp_path, row, place, words):
    ((where, _, expected),) = list_problems(tmp_path, row)
    assert where == place
    assert words in expected


def test_all_mistakes_of_all_tables_are_told_at_once(tmp_path):
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    one.write_text(HEAD + "x,,,1,,,1,,,\nsilt_coefficient,,,2,,,kg,,,no idea\n", encoding="utf-8")
    other.write_text("key,value,unit,note,note\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_parameters([one, other])
    places = [problem.place for problem in caught.value.problems]
    assert [place.rpartition("/")[2] for place in places] == [
        "one.csv, row 2, column key",
        "one.csv, row 3, column source",
        "one.csv, row 3, column unit",
        "one.csv, row 3, column confirmed",
        "other.csv, row 1",
        "other.csv, row 1",
        "other.csv, row 1",
        "other.csv, row 1",
    ]


def test_a_parameter_that_a_table_states_twice_is_refused_whatever_the_figures(tmp_path):
    oxygen = "oxygen_price,,{},1000,,,yuan/t,,x,"
    rows = [oxygen.format(region) for region in ("", "a", "")]
    ((place, found, _),) = list_problems(tmp_path, *rows)
    assert place == "row 4, column key"
    assert "row 2" in found


def test_a_table_that_is_not_there_or_no_text_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_parameters([tmp_path / "local.csv"])
    (tmp_path / "local.csv").write_bytes(b"PK\x03\x04\xff\xff\xff")
    with pytest.raises(InputError, match="neither UTF-8 nor GBK"):
        read_parameters([tmp_path / "local.csv"])
    assert list_problems(tmp_path, head="")


KEYS = sorted(list_keys())
UNITS = {
    key: [(told["unit"], 1.0)]
    + [
        (row["alias"], float(row["factor"]))
        for row in standards.read_rows("account_parameter_units")
        if row["unit"] == told["unit"]
    ]
    for key, told in list_keys().items()
}


@st.composite
def planted(draw):
    """A row that is right, with the figures that it means in the unit of its key."""
    key = draw(st.sampled_from(KEYS))
    told = list_keys()[key]
    least = float(told["least"] or 0)
    most = min(float(told["most"] or 1e6), least + 1e6)
    inside = st.floats(0.01, 0.99).map(lambda part: least + part * (most - least))
    figures = sorted(draw(st.lists(inside, min_size=3, max_size=3)))
    unit, factor = draw(st.sampled_from(UNITS[key]))
    named = draw(st.sampled_from(["", *list_classes()])) if told["by"] else ""
    return key, named, figures, unit, factor, draw(st.sampled_from(["", "东平镇", "a,b"]))


@given(
    row=planted(), order=st.permutations(HEAD.strip().split(",")), encoding=st.sampled_from(["utf-8", "gbk"])
)
def test_a_planted_figure_comes_back_in_the_unit_of_its_key(tmp_path_factory, row, order, encoding):
    key, named, (low, value, high), unit, factor, region = row
    cells = {
        "key": key, "class": named, "region": region, "value": repr(value / factor),
        "low": repr(low / factor), "high": repr(high / factor), "unit": unit,
        "price_year": "", "source": "种下", "confirmed": "yes",
    }  # fmt: skip
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerows([order, [cells[name] for name in order]])
    (found,) = read(tmp_path_factory.mktemp("t"), stream.getvalue(), encoding)
    assert (found.value, found.low, found.high) == pytest.approx((value, low, high), rel=1e-12, abs=1e-300)
    assert (found.land_class or "", found.region or "", found.unit) == (
        named,
        region,
        list_keys()[key]["unit"],
    )


def test_every_alias_is_of_a_unit_that_a_key_has_and_no_unit_stands_for_two_things():
    rows = standards.read_rows("account_parameter_units")
    assert {row["unit"] for row in rows} <= {told["unit"] for told in list_keys().values()}
    pairs = [(row["unit"], row["alias"]) for row in rows]
    assert len(set(pairs)) == len(pairs)
    assert all(float(row["factor"]) > 0 for row in rows)
    assert all(row["unit"] != row["alias"] for row in rows)


def test_every_price_has_a_kind_of_index_and_nothing_else_has():
    for told in list_keys().values():
        assert bool(told["price_index"]) == told["unit"].startswith("yuan")
