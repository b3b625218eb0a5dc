"""Intervals of totals, in planted worlds whose truth is known."""

import numpy as np
import pandas as pd
import pytest

from pipeline.accounts.intervals import BOUNDS
from pipeline.accounts.spread import Spread, draw_areas
from pipeline.indices.accuracy import assess, build_accuracy_table
from tests.planted_accounts import choose_method, count_held, plant_world, publish

CERTAIN = ("MAT-01", "REG-01", "REG-08", "REG-12", "CUL-01")
CODES = {1: "water", 2: "vegetation", 4: "built"}


def pick(totals, service, item=""):
    return totals[totals["service"].eq(service) & totals["item"].eq(item)].squeeze()


def without_ranges(world, *keys):
    """The world with ranges of some parameters alone."""
    rows = tuple(
        row if row.key in keys else row._replace(low=row.value, high=row.value) for row in world.book.rows
    )
    return type(world)(**{**vars(world), "book": type(world.book)(**{**vars_of(world.book), "rows": rows})})


def vars_of(book):
    return {name: getattr(book, name) for name in ("rows", "values", "area", "tables")}


def all_known(world):
    """The world whose office sees all of its ground."""
    return type(world)(**{**vars(world), "sums": world.true_sums})


@pytest.fixture(scope="module")
def world():
    return plant_world(np.random.default_rng(7), truths=1)


def test_the_interval_of_each_indicator_holds_the_truth_in_about_95_of_100_worlds():
    method = choose_method(("REG-03", "REG-05d", "REG-06a", "REG-08"))
    tables = [
        count_held(plant_world(np.random.default_rng(seed), truths=40), method, draws=400, seed=seed)
        for seed in range(8)
    ]
    counts = pd.concat(tables).groupby(["service", "item"]).sum()
    assert not counts["certain"].any()
    for figure in ("quantity", "value"):
        share = counts[figure] / counts["truths"]
        assert share.between(0.90, 0.99).all(), share
        assert 0.93 <= counts[figure].sum() / counts["truths"].sum() <= 0.97


def test_the_range_of_one_parameter_is_that_of_what_it_multiplies(world):
    bounded = publish(
        all_known(without_ranges(world, "electricity_price")),
        choose_method(("REG-10a", "REG-10b")),
        draws=4000,
        seed=1,
    )
    row = next(row for row in world.book.rows if row.key == "electricity_price")
    plants = pick(bounded, "REG-10a")
    assert plants[["quantity_low", "quantity_high"]].tolist() == pytest.approx([plants["quantity"]] * 2)
    assert plants["value_low"] / plants["value_yuan"] == pytest.approx(row.low / row.value, rel=0.01)
    assert plants["value_high"] / plants["value_yuan"] == pytest.approx(row.high / row.value, rel=0.01)
    water, total = pick(bounded, "REG-10b"), pick(bounded, "R")
    assert total["value_low"] == pytest.approx(plants["value_low"] + water["value_low"])
    assert total["value_high"] == pytest.approx(plants["value_high"] + water["value_high"])


def test_what_is_certain_has_low_and_high_at_the_total(world):
    bounded = publish(all_known(without_ranges(world)), choose_method(CERTAIN), draws=20, seed=1)
    for name in ("quantity", "value"):
        total = bounded[{"quantity": "quantity", "value": "value_yuan"}[name]]
        np.testing.assert_allclose(bounded[f"{name}_low"], total, rtol=1e-9)
        np.testing.assert_allclose(bounded[f"{name}_high"], total, rtol=1e-9)


def test_unknown_ground_lifts_the_interval_to_that_of_all_ground(world):
    method = choose_method(("REG-05d",))
    seen = pick(publish(without_ranges(world), method, draws=400, seed=1), "REG-05d")
    whole = pick(publish(all_known(without_ranges(world)), method, draws=400, seed=1), "REG-05d")
    assert seen["quantity"] < seen["quantity_low"] <= whole["quantity"] <= seen["quantity_high"]


def test_a_seed_gives_the_same_interval_again_and_another_seed_another(world):
    method = choose_method(("REG-06a", "REG-08"))
    first, again, other = (publish(world, method, draws=100, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not first[[*BOUNDS]].equals(other[[*BOUNDS]])


def test_a_total_that_is_null_has_no_interval_and_no_draws_give_none(world):
    lost = world.sums.assign(rain=world.sums["rain"] * 0.5, rain_m2=world.sums["rain_m2"] * 0.5)
    blind = type(world)(**{**vars(world), "sums": lost})
    bounded = publish(blind, choose_method(("REG-01", "REG-06a")), draws=50, seed=1)
    assert pick(bounded, "REG-01")[[*BOUNDS]].isna().all()
    assert pick(bounded, "partial")[["value_low", "value_high"]].notna().all()
    assert publish(world, choose_method(("REG-06a",)), draws=0, seed=1)[[*BOUNDS]].isna().all(axis=None)


def test_areas_by_an_accuracy_sample_hold_the_true_area_in_about_95_of_100_maps():
    generator = np.random.default_rng(3)
    mapped_m2 = np.array([3e6, 5e6, 2e6])
    truth = np.array([[0.9, 0.08, 0.02], [0.05, 0.85, 0.1], [0.02, 0.13, 0.85]])
    held = []
    for _ in range(100):
        counts = np.stack([generator.multinomial(150, share) for share in truth])
        table = build_accuracy_table(assess(counts, mapped_m2, [*CODES]), CODES)
        drawn = draw_areas(table, generator, 400)
        for place, key in enumerate(CODES.values()):
            low, high = np.quantile(drawn[key][1:], [0.025, 0.975]) * mapped_m2[place]
            held.append(low <= (truth.T @ mapped_m2)[place] <= high)
    assert 0.92 <= np.mean(held) <= 0.98


def test_a_type_has_the_area_of_its_cover_unless_it_is_of_several():
    table = pd.DataFrame(
        {
            "land_cover": ["vegetation", "built"],
            "mapped_m2": [10.0, 0.0],
            "adjusted_m2": [8.0, 1.0],
            "adjusted_low_m2": [8.0, 1.0],
            "adjusted_high_m2": [8.0, 1.0],
        }
    )
    drawn = draw_areas(table, np.random.default_rng(1), 3)
    assert drawn["森林"].tolist() == [1.0, 0.8, 0.8, 0.8]
    assert "湿地" not in drawn
    assert "城镇" not in drawn
    assert draw_areas(None, np.random.default_rng(1), 3) == {}


def test_ground_of_unknown_class_gives_as_all_ground_does():
    table = pd.DataFrame({"region": ["a", "a"], "account_class": ["森林", None]})
    items = table.assign(quantity=[120.0, np.nan], area_m2=[60.0, 20.0], unknown_m2=[0.0, 20.0])
    spread = Spread.of(items, table, np.array([60.0, 20.0]))
    drawn = spread.extend(np.tile([120.0, 0.0], (4001, 1)), np.random.default_rng(1))
    assert drawn[0].tolist() == [120.0, 0.0]
    assert np.median(drawn[1:, 1]) == pytest.approx(20.0 * 120.0 / 80.0, rel=0.05)


def test_a_unit_whose_class_is_unknown_and_whose_quantity_is_known_tells_of_no_class():
    """Ground of a single pixel that no look saw, under statistics that are handed out by area."""
    table = pd.DataFrame({"region": "a", "account_class": ["森林", None]})
    items = table.assign(area_m2=[60.0, 20.0], unknown_m2=0.0, quantity=[120.0, 80.0])
    alone = Spread.of(items.iloc[:1], table.iloc[:1], np.array([60.0]))
    both = Spread.of(items, table, np.array([60.0, 20.0]))
    assert list(both.quantity) == [120.0, 80.0]
    assert list(both.place) == [0, -1]
    assert both.deviation[0] == alone.deviation[0]
