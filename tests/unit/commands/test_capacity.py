"""What is told of many workers rests on tasks that a run hands out and on what runs took."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.commands.capacity import (
    load_costs,
    parse_workers,
    simulate_capacity,
    simulate_study,
    tabulate_capacities,
)
from pipeline.commands.measuring import measure_costs
from pipeline.errors import SettingsError
from tests.mapmaking import make


@pytest.fixture
def made(run, planted):
    """The maps of an area, and what its run measured."""
    maps = make(run, planted)
    return maps, run.workspace.ledger.list_costs()


def test_a_run_measures_every_map_over_its_pixels_and_scenes(made, planted):
    maps, costs = made
    blocks = {cost.step: cost for cost in costs if cost.kind == "block"}
    tasks = maps.wide_layout.tasks(planted.blocks(maps.layout.edge_px))
    pixels = sum(task.shape[0] * task.shape[1] for task in tasks)
    assert blocks["composite"].times == len(tasks)
    assert blocks["composite"].pixels == 3 * pixels, "three scenes were read"
    assert blocks["cover"].pixels == pixels
    assert all(cost.seconds > 0 for cost in costs)
    assert {cost.step for cost in costs if cost.kind == "ledger"} == set(blocks)


def test_tasks_and_reads_are_those_of_the_run(made, run, planted):
    maps, costs = made
    (found,) = simulate_study(planted, [1], costs)
    stores = [key for keys in maps.keys.values() for key in keys]
    entered = sum(len(run.workspace.ledger.list_blocks(key)) for key in stores)
    assert (found.tasks, found.reads) == (entered, len(run.workspace.ledger.list_reads(stores)))
    assert found.unmeasured == ()
    measured_s = sum(cost.seconds for cost in costs if cost.kind == "block")
    assert found.busy_core_hours * 3600 == pytest.approx(measured_s)
    assert found.hours * 3600 >= measured_s


def test_more_workers_are_never_slower_and_hold_more_hours(made, planted):
    _, costs = made
    slow = [replace(cost, seconds=cost.seconds * 1e4) for cost in costs if cost.kind == "block"]
    one, many = simulate_study(planted, [1, 100], slow)
    assert many.hours <= one.hours
    assert many.core_hours == pytest.approx(100 * many.hours)
    assert many.busy_core_hours == one.busy_core_hours


def test_a_step_that_no_run_measured_is_named_and_all_hours_are_the_least(made, planted):
    _, costs = made
    (found,) = simulate_study(planted, [10], [cost for cost in costs if cost.step != "cover"])
    assert found.unmeasured == ("cover",)
    (row,) = tabulate_capacities([found])
    assert row["小时 hours"].startswith(">= ")
    assert row["未测 unmeasured"] == "cover"


def test_over_how_much_of_the_plan_time_was_measured_is_told(made, planted):
    _, costs = made
    (same,) = simulate_study(planted, [1], costs)
    (tenth,) = simulate_study(planted, [1], [replace(cost, pixels=cost.pixels // 10) for cost in costs])
    assert same.measured_share == pytest.approx(1)
    assert tenth.measured_share == pytest.approx(0.1, rel=0.01)


def test_a_plan_without_any_measured_run_says_where_to_get_one(planted, tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(SettingsError, match=r"no run that was measured.*ecoledger demo"):
            simulate_capacity(planted.settings, [10], folder)


@pytest.mark.slow
def test_where_no_run_was_measured_a_short_bench_measures_every_map_and_says_so(planted, tmp_path, caplog):
    before = sorted(tmp_path.rglob("*"))
    one, ten = simulate_capacity(planted.settings, [1, 10])
    assert one.by == ten.by == "bench"
    assert one.unmeasured == ()
    assert one.hours >= ten.hours > 0
    assert "indicative" in next(iter(tabulate_capacities([one])))["依据 by"]
    assert sorted(tmp_path.rglob("*")) == before
    assert not caplog.records


@pytest.mark.slow
def test_the_bench_counts_pixels_as_runs_do(planted):
    costs = {cost.step: cost for cost in measure_costs(planted) if cost.kind == "block"}
    cover, composite = costs["cover"], costs["composite"]
    assert cover.pixels > 2 * 500**2, "two periods of a square of 512 pixels, and its edge"
    assert composite.pixels > cover.pixels, "once for each scene that a block reads"
    assert all(cost.seconds > 0 for cost in costs.values())


@pytest.mark.slow
@pytest.mark.parametrize("missions", [["landsat-5"], ["landsat-9"]])
def test_the_bench_finds_scenes_whatever_missions_and_sky_a_config_asks_for(planted, missions):
    scenes = planted.settings.scenes.model_copy(update={"missions": missions, "max_cloud_percent": 0})
    wanted = replace(planted, settings=planted.settings.model_copy(update={"scenes": scenes}))
    assert "composite" in {cost.step for cost in measure_costs(wanted)}


@pytest.mark.parametrize("words", [["ten"], ["0"], ["10,,100"], ["-5"], ["1.5"], ["1000000"], [""]])
def test_what_is_no_number_of_workers_is_refused_by_name(words):
    with pytest.raises(SettingsError, match="--simulate-workers"):
        parse_workers(words)


def test_numbers_of_workers_come_as_a_list_or_one_by_one():
    assert parse_workers(["100,10", "1000", "10"]) == [10, 100, 1000]


def test_the_command_tells_a_row_for_each_number_and_writes_nothing(run, planted, tmp_path):
    make(run, planted)
    config = tmp_path / "my.json"
    config.write_text(planted.settings.model_dump_json(exclude_defaults=True, by_alias=True))
    before = sorted(tmp_path.rglob("*"))
    words = ["plan", str(config), "--simulate-workers", "1,10", "--measured", str(run.workspace.root.parent)]
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)
    assert [row["workers"] for row in rows] == [1, 10]
    assert rows[0]["hours"] >= rows[1]["hours"] > 0
    assert sorted(tmp_path.rglob("*")) == before
    assert load_costs(run.workspace.root.parent)
