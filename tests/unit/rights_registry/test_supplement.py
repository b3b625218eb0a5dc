"""What staff completed goes before what is registered, in all periods, and nothing else moves."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.rights_registry.supplement import complete_supplement, fill_supplement
from tests.catalogues import planted_catalogue


def entries(*rows):
    columns = ["parcel_id", "cat2_code", "item", "text"]
    return pd.DataFrame(rows, columns=columns).assign(cat3_name=None, as_registered=None)


@pytest.fixture(scope="module")
def inventory():
    told = planted_catalogue().inventory.assign(protection_status=None, use_status=None)
    return told.assign(use_status=told["parcel_id"].map({"P000": "耕种"}))


def test_all_periods_and_products_of_a_parcel_say_what_staff_wrote(inventory):
    filled = fill_supplement(
        inventory, entries(("P001", None, "protection_status", "红线"), ("P000", None, "use_status", "休耕"))
    )
    own = filled[filled["parcel_id"] == "P001"]
    assert set(own["protection_status"]) == {"红线"}
    assert set(own["period"]) == {"2023", "2024"}
    assert set(filled.loc[filled["parcel_id"] == "P000", "use_status"]) == {"休耕"}, "before the register"
    assert filled.loc[filled["parcel_id"] == "P002", "protection_status"].isna().all()


def test_what_the_register_says_stays_where_staff_wrote_nothing(inventory):
    filled = fill_supplement(inventory, entries(("P001", None, "remark", "x")))
    assert set(filled.loc[filled["parcel_id"] == "P000", "use_status"]) == {"耕种"}


@settings(max_examples=20, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.sampled_from(["P000", "P001", "P002", "P003"]), st.sampled_from(["MAT-01", "CUL-02"])),
        st.text("崇明米蟹", min_size=1, max_size=4),
    )
)
def test_local_names_are_those_of_a_plain_loop_and_no_figure_moves(inventory, names):
    filled = fill_supplement(
        inventory, entries(*((parcel, code, "local_name", name) for (parcel, code), name in names.items()))
    )
    expected = [names.get((row.parcel_id, row.cat2_code), row.cat3_name) for row in inventory.itertuples()]
    assert filled["cat3_name"].fillna("").tolist() == ["" if pd.isna(name) else name for name in expected]
    others = [
        name for name in inventory.columns if name not in ("cat3_name", "protection_status", "use_status")
    ]
    pd.testing.assert_frame_equal(
        pd.DataFrame(filled[others]), pd.DataFrame(inventory[others]), check_dtype=False
    )


def test_entries_tell_what_is_registered_and_what_a_product_is_commonly_called():
    land = planted_catalogue().parcels.assign(protection_status=["一级保护", None, None, None])
    told = complete_supplement(
        entries(("P000", None, "protection_status", "红线"), ("P001", "MAT-01", "local_name", "崇明大米")),
        land,
        {("P001", "MAT-01"): "农产品"},
    )
    assert told["as_registered"].tolist() == ["一级保护", None]
    assert told["cat3_name"].tolist() == [None, "农产品"]
