"""What readers are told of a service is what its entry says, and inputs that are lacking are named."""

import pandas as pd
import pytest

from pipeline.accounts.methods import Evidence, describe_inputs, describe_methods
from pipeline.accounts.services.registry import SERVICES
from pipeline.accounts.valuing import Method
from tests.account_worlds import AOI, OPTIONS, build_statistics, build_sums

METHOD = Method(("REG-01", "MAT-01", "REG-09"), OPTIONS, 2024)
STATISTICS = build_statistics((AOI, "output.agriculture_managed", 9.0, "稻谷"), (AOI, "discharge_cod", 5.0))
SUMS = build_sums(("p1", "west", "0301", "森林", "vegetation", 1e4, {"rain": 1000.0}))
EVIDENCE = Evidence({("rain", "2024"): "rain.nc"}, {("land_cover", "2024"): "land_cover_2024"})


@pytest.fixture(scope="module")
def inputs():
    return describe_inputs(METHOD, SUMS, STATISTICS, EVIDENCE, aoi_id=AOI).set_index(["service", "input"])


def test_services_are_told_in_the_order_of_the_profile_with_both_terms_of_their_formula():
    table = describe_methods(METHOD, STATISTICS, aoi_id=AOI)
    assert table["service"].drop_duplicates().tolist() == ["REG-01", "MAT-01", "REG-09"]
    (water,) = SERVICES["REG-01"].pick_items(OPTIONS)
    (row,) = table[table["service"].eq("REG-01")].to_dict("records")
    assert water.quantity.text in row["formula"]
    assert water.price.text in row["formula"]
    assert pd.isna(row["item_zh"])


def test_products_are_told_as_statistics_name_them():
    table = describe_methods(METHOD, STATISTICS, aoi_id=AOI)
    assert "稻谷" in set(table["item_zh"])
    later = pd.concat(
        [STATISTICS, build_statistics((AOI, "output.agriculture_managed", 9.0, "小麦"), year=2025)]
    )
    assert {"稻谷", "小麦"} <= set(describe_methods(METHOD, later, aoi_id=AOI)["item_zh"])


def test_inputs_say_where_they_stand_and_what_is_lacking(inputs):
    rain, missing = inputs.loc[("REG-01", "rain")], inputs.loc[("REG-01", "evapotranspiration")]
    assert (rain["kind"], rain["given"], rain["source"], rain["unit"]) == ("layer", True, "rain.nc", "mm/a")
    assert not missing["given"]
    cod, phosphorus = inputs.loc[("REG-09", "discharge_cod")], inputs.loc[("REG-09", "discharge_tp")]
    assert (cod["given"], cod["source"]) == (True, "planted.csv 1")
    assert not phosphorus["given"]
    assert pd.isna(phosphorus["source"])


def test_every_service_rests_on_the_map_of_its_year(inputs):
    land = inputs.xs("land_cover", level="input")
    assert set(land.index) == {"REG-01", "MAT-01", "REG-09"}
    assert land["raster"].eq("land_cover_2024").all()
