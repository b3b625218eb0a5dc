"""Worlds of areas to come, built beside the delivery of the area before them."""

import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from pipeline.engine.executors import Threads
from pipeline.errors import InputError
from pipeline.flow.ahead import WorldsAhead
from pipeline.storage.cause import Cause

CAUSE = Cause("simulated", 1, {}, [])


def area(name, *, simulated=True):
    return SimpleNamespace(
        aoi=SimpleNamespace(id=name),
        settings=SimpleNamespace(simulated=simulated),
        title=lambda *words: " · ".join(words),
    )


@pytest.fixture
def two(run):
    return replace(run, cluster=Threads(2))


def test_worlds_to_come_are_built_in_their_order_by_one_other_thread(two):
    built = []

    def build(_, study):
        built.append((study.aoi.id, threading.current_thread().name))

    with WorldsAhead(two, build) as worlds:
        worlds.begin([area("east"), area("west")])
        worlds.begin([area("west")])  # the next area is delivered
        worlds.wait(area("here"))
        worlds.wait(area("east"))
        worlds.wait(area("west"))
    assert built == [("east", "world_0"), ("west", "world_0")]


@pytest.mark.parametrize(("workers", "simulated"), [(1, True), (2, False)], ids=["one worker", "real scenes"])
def test_nothing_is_built_ahead_where_nothing_is_idle_or_simulated(run, workers, simulated):
    with WorldsAhead(replace(run, cluster=Threads(workers)), lambda *_: pytest.fail("built")) as worlds:
        worlds.begin([area("east", simulated=simulated)])
        worlds.wait(area("east"))


def test_what_is_built_ahead_is_entered_as_what_the_run_builds(two):
    """So that the run finds it, in the ledger that both write at once."""

    def build(beside, _):
        for number in range(20):
            beside.artifact("a", replace(CAUSE, version=number), lambda folder: (folder / "a").touch())

    with WorldsAhead(two, build) as worlds:
        worlds.begin([area("east")])
        for number in range(20):
            two.artifact("b", Cause("other", number, {}, []), lambda folder: (folder / "b").touch())
        worlds.wait(area("east"))
    assert all(two.workspace.find(replace(CAUSE, version=number)) for number in range(20))
    assert {cost.step: cost.times for cost in two.workspace.ledger.list_costs()} == {
        "simulated": 20,
        "other": 20,
    }


def test_what_is_wrong_with_a_world_is_said_when_its_area_comes(two):
    def fail(*_):
        raise InputError("no room for the second")

    with WorldsAhead(two, fail) as worlds:
        worlds.begin([area("east")])
        with pytest.raises(InputError, match="no room for the second"):
            worlds.wait(area("east"))


def test_a_run_that_ends_leaves_a_world_at_the_next_pass_with_nothing_entered(two):
    begun, left, seen = threading.Event(), threading.Event(), []

    def pass_over(number):
        begun.set()
        left.wait(20)
        time.sleep(0.1)  # a pass takes longer than its report
        seen.append(number)

    def build(beside, _):
        beside.artifact("a", CAUSE, lambda _: beside.each("a", pass_over, range(50)))

    with WorldsAhead(two, build) as worlds:
        worlds.begin([area("east"), area("west")])
        assert begun.wait(20)
        threading.Timer(0.2, left.set).start()
    assert len(seen) < 10
    assert two.workspace.find(CAUSE) is None
