"""Threads and workers do the same."""

import threading
import time
from pathlib import Path

import pytest
from distributed import LocalCluster

from pipeline.cluster import Threads, Workers, open_cluster, worker_count
from pipeline.errors import BrokenAsset, ProviderUnavailable, SettingsError

WINDOW_PER_WORKER = 32


def squared(number: int) -> int:
    return number * number


def broken_at_seven(number: int) -> int:
    if number == 7:
        raise BrokenAsset("seven")
    return number


@pytest.fixture(scope="module")
def address():
    with LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=":0", protocol="tcp"
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(params=["threads", "workers"])
def cluster(request):
    where = "local" if request.param == "threads" else request.getfixturevalue("address")
    with open_cluster(where, 2) as opened:
        assert isinstance(opened, Threads if request.param == "threads" else Workers)
        yield opened


def test_every_item_is_done_once_and_reported_in_this_thread(cluster):
    results = {}

    def done(item, result):
        assert threading.current_thread() is threading.main_thread()
        assert item not in results
        results[item] = result

    cluster.each(squared, range(150), done)
    assert results == {number: number * number for number in range(150)}


def test_equal_items_are_done_as_often_as_they_come(cluster):
    results = []
    cluster.each(squared, [3, 3, 3], lambda _, result: results.append(result))
    assert results == [9, 9, 9]


def test_no_items_are_no_work(cluster):
    cluster.each(squared, [], lambda *_: pytest.fail("nothing to report"))


def test_an_error_of_a_task_comes_out_as_it_is_and_the_cluster_can_go_on(cluster):
    with pytest.raises(BrokenAsset, match="seven"):
        cluster.each(broken_at_seven, range(20), lambda *_: None)
    results = []
    cluster.each(squared, range(5), lambda _, result: results.append(result))
    assert sorted(results) == [0, 1, 4, 9, 16]


def test_an_error_while_reporting_comes_out_as_it_is(cluster):
    def done(_item, _result):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cluster.each(squared, range(5), done)


def test_never_more_than_a_window_of_tasks_is_drawn_ahead(cluster):
    drawn, reported, ahead = 0, 0, 0

    def items():
        nonlocal drawn, ahead
        for number in range(300):
            drawn += 1
            ahead = max(ahead, drawn - reported)
            yield number

    def done(_item, _result):
        nonlocal reported
        reported += 1

    cluster.each(squared, items(), done)
    assert reported == 300
    assert 2 <= ahead <= WINDOW_PER_WORKER * cluster.workers + 1


def test_threads_work_side_by_side():
    running, most = 0, 0
    lock = threading.Lock()

    def work(_number: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1

    Threads(2).each(work, range(8), lambda *_: None)
    assert most == 2


@pytest.mark.parametrize("where", ["slurmm", "", "LOCAL", "host:8786", "nonsense://host:1", "tcp"])
def test_an_unknown_cluster_is_a_mistake_of_the_config(where):
    with pytest.raises(SettingsError, match="cluster"), open_cluster(where, 1):
        pass


def test_a_scheduler_that_does_not_answer_is_the_outside_world(monkeypatch):
    monkeypatch.setattr("pipeline.cluster._CONNECT_S", 0.2)
    with pytest.raises(ProviderUnavailable, match="tcp://127"), open_cluster("tcp://127.0.0.1:9", 1):
        pass


def test_workers_are_counted_or_given():
    assert worker_count(3) == 3
    assert (
        1 <= worker_count("auto") <= len(list(Path("/sys/devices/system/cpu").glob("cpu[0-9]*")) or [1] * 999)
    )
