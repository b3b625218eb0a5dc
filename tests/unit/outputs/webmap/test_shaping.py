from datetime import date

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from pipeline.outputs.webmap.shaping import Field, list_filters, spread_periods
from pipeline.periods import Period

PERIODS = [Period(date(year, 1, 1), date(year, 12, 31), str(year)) for year in (2023, 2024)]
CELLS = st.dictionaries(
    st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(["2022", "2023", "2024"])),
    st.integers(-5, 5),
)


@given(CELLS, st.permutations(["a", "b", "c"]), st.randoms())
def test_every_cell_comes_to_its_key_and_period_however_rows_lie(cells, order, chance):
    rows = [(key, period, value) for (key, period), value in cells.items()]
    chance.shuffle(rows)
    table = pd.DataFrame(rows, columns=["key", "period", "value"])
    wide = spread_periods(table, "value", pd.Series(order, name="key"), PERIODS)
    assert list(wide) == ["value@2023", "value@2024"]
    for row, key in enumerate(order):
        for period in ("2023", "2024"):
            found = wide[f"value@{period}"][row]
            assert found == cells[key, period] if (key, period) in cells else pd.isna(found)


def test_a_filter_is_offered_only_where_values_differ():
    columns = pd.DataFrame({"town": ["乙镇", None, "甲镇"], "owner_type": ["全民所有"] * 3})
    (found,) = list_filters(["town", "owner_type", "absent"], columns, "zh")
    assert [option["value"] for option in found["options"]] == sorted(["乙镇", "甲镇"])


def test_hectares_and_shares_are_left_to_the_map_and_other_units_are_named():
    assert Field("area_ha").build("zh")["unit"] == "ha"
    assert Field("share_inside", unit="share").build("zh")["unit"] == "share"
    assert Field("eco_value_yuan").build("zh")["unit"] == "元"
