"""Every delivery of the demo is valued anew: to what it delivered, and by other parameters in their ratio."""

import time

import pytest

from pipeline.commands.account import compare_totals, load_accounts, revalue

AREAS = ("chongming_wetlands", "guangyang_island", "longyou_bay")


@pytest.mark.slow
@pytest.mark.parametrize("area", AREAS)
def test_a_delivery_valued_anew_is_the_delivered_one(demo, area):
    began = time.process_time()
    found = revalue(load_accounts(demo / area / "2024"))
    print(f"{time.process_time() - began:.2f} CPU s")
    told = compare_totals(found)
    assert len(told) == len(found.stored.totals)
    bounds = ["value_yuan", "value_low", "value_high", "comparable_yuan"]
    delivered = found.stored.totals.set_index(["region", "period", "basis", "service", "item"])[bounds]
    anew = told.set_index(["region", "period", "basis", "service", "item"])[bounds]
    assert (anew - delivered.reindex(anew.index)).abs().max().max() == 0
    assert (anew.isna() == delivered.reindex(anew.index).isna()).all().all()


@pytest.mark.slow
def test_a_price_of_electricity_twice_as_high_doubles_what_cooling_is_worth(demo, tmp_path):
    stored = load_accounts(demo / "guangyang_island" / "2024")
    (row,) = (row for table in stored.tables for row in table if row.key == "electricity_price")
    local = tmp_path / "local.csv"
    local.write_text(
        "key,value,unit,price_year,source\n"
        f"electricity_price,{2 * row.value},{row.unit},{row.price_year},planted\n",
        encoding="utf-8",
    )
    told = compare_totals(revalue(stored, parameters=local))
    cooling = told[told["service"].isin(["REG-10a", "REG-10b"]) & (told["delivered_yuan"] > 0)]
    assert len(cooling) > 4
    assert cooling["value_yuan"].to_numpy() == pytest.approx(
        2 * cooling["delivered_yuan"].to_numpy(), rel=1e-12
    )
    others = told[told["service"].str.startswith(("REG-0", "CUL", "MAT-01"))]
    assert others["difference_yuan"].abs().max() == 0
