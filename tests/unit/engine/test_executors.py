"""Threads and workers do the same."""

import threading
import time
import weakref
from pathlib import Path
from types import SimpleNamespace

import pytest
from dask import compute, delayed
from distributed import Client, KilledWorker, LocalCluster

from pipeline.engine.executors import Threads, Workers, open_cluster, worker_count
from pipeline.errors import BrokenAsset, ProviderUnavailable, SettingsError
from pipeline.settings import Compute

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
    with open_cluster(Compute(cluster=where, workers=2), Path()) as opened:
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


def test_threads_report_all_while_another_thread_computes_with_dask():
    ended, reported = threading.Event(), []

    def compute_on():
        while not ended.is_set():
            compute(delayed(time.sleep)(0.001), scheduler="threads")

    other = threading.Thread(target=compute_on)
    other.start()
    try:
        for _ in range(50):
            Threads(2).each(squared, range(4), lambda item, _: reported.append(item))
    finally:
        ended.set()
        other.join()
    assert sorted(reported) == sorted([*range(4)] * 50)


class Held:
    """Something that tells whether it is still held."""


def test_threads_hold_no_result_once_it_was_reported():
    reported, alive = [], []

    def done(_item, result):
        alive.append(sum(one() is not None for one in reported))
        reported.append(weakref.ref(result))

    Threads(2).each(lambda _: Held(), range(40), done)
    assert len(reported) == 40
    assert max(alive) <= 1, "the one before, which its reporter still names"


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


class Crowd:
    """Work that counts how many are at it, and how many ever were."""

    def __init__(self, seconds: float = 0.02, breaks_at: int = -1) -> None:
        self.seconds, self.breaks_at = seconds, breaks_at
        self.running = self.most = self.begun = 0
        self.lock = threading.Lock()

    def __call__(self, number: int) -> int:
        with self.lock:
            self.begun += 1
            self.running += 1
            self.most = max(self.most, self.running)
        if number == self.breaks_at:
            with self.lock:
                self.running -= 1
            raise BrokenAsset(str(number))
        time.sleep(self.seconds)
        with self.lock:
            self.running -= 1
        return number


CROWDS: dict[str, Crowd] = {}


def in_crowd(item: tuple[str, int]) -> int:
    """Tasks of a cluster in this process meet in one crowd, whatever was pickled on the way."""
    return CROWDS[item[0]](item[1])


def test_no_more_than_allowed_run_at_once_in_a_process(cluster, request):
    name = request.node.name
    for limit, expected in ((1, 1), (2, 2), (9, 2), (None, 2)):
        CROWDS[name] = Crowd()
        cluster.each(in_crowd, [(name, number) for number in range(12)], lambda *_: None, at_once=limit)
        assert CROWDS[name].most == expected


def test_after_an_error_what_runs_on_threads_is_waited_for_and_nothing_more_begins():
    crowd = Crowd(seconds=0.2, breaks_at=3)
    with pytest.raises(BrokenAsset):
        Threads(3).each(crowd, range(60), lambda *_: None)
    assert crowd.running == 0
    begun = crowd.begun
    assert begun <= 8
    time.sleep(0.3)
    assert crowd.begun == begun


@pytest.mark.parametrize("where", ["slurmm", "", "LOCAL", "host:8786", "nonsense://host:1", "tcp"])
def test_an_unknown_cluster_is_a_mistake_of_the_config(where):
    with pytest.raises(SettingsError, match="cluster"), open_cluster(Compute(cluster=where), Path()):
        pass


def test_a_scheduler_that_does_not_answer_is_the_outside_world(monkeypatch):
    monkeypatch.setattr("pipeline.engine.executors._CONNECT_S", 0.2)
    with (
        pytest.raises(ProviderUnavailable, match="tcp://127"),
        open_cluster(Compute(cluster="tcp://127.0.0.1:9"), Path()),
    ):
        pass


def test_workers_that_dask_would_halt_below_the_bound_are_refused(address):
    with Client(address) as client:
        (limit,) = {one["memory_limit"] for one in client.scheduler_info()["workers"].values()}
    with open_cluster(Compute(cluster=address, memory=int(limit * 0.79)), Path()) as opened:
        assert opened.workers == 2
    with (
        pytest.raises(SettingsError, match=r"compute\.memory.*--memory-limit 0"),
        open_cluster(Compute(cluster=address, memory=int(limit * 0.81)), Path()),
    ):
        pass


def killing(_):
    raise KilledWorker("block", SimpleNamespace(address="tcp://10.0.0.7:1"), 3)


def test_work_that_kills_every_worker_says_what_to_do(address):
    with (
        pytest.raises(ProviderUnavailable, match=r"smaller compute\.memory"),
        open_cluster(Compute(cluster=address), Path()) as opened,
    ):
        opened.each(killing, [1, 2], lambda *_: None)


def test_a_scheduler_tells_where_it_can_be_watched_and_threads_do_not(cluster):
    assert (cluster.dashboard is None) == isinstance(cluster, Threads)
    assert cluster.dashboard is None or cluster.dashboard.endswith("/status")


def test_workers_are_counted_or_given():
    assert worker_count(3) == 3
    assert (
        1 <= worker_count("auto") <= len(list(Path("/sys/devices/system/cpu").glob("cpu[0-9]*")) or [1] * 999)
    )
