"""Threads and workers of a scheduler do the same."""

import threading
import time
import weakref
from contextlib import ExitStack
from math import inf
from pathlib import Path
from types import SimpleNamespace

import dask
import pytest
from distributed import Client, KilledWorker, LocalCluster, Semaphore

from pipeline.engine import clusters
from pipeline.engine.clusters import count_workers, open_cluster
from pipeline.engine.executors import WINDOW_PER_WORKER, Threads
from pipeline.engine.schedulers import MOST_RUNS, RUNS, Workers
from pipeline.errors import BrokenAsset, ProviderUnavailable, SettingsError
from pipeline.settings import Compute


def squared(number: int) -> int:
    return number * number


def later_if_even(number: int) -> int:
    if number % 2 == 0:
        time.sleep(0.02)
    return number


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


def test_every_item_is_done_once_and_reported_in_this_thread_with_its_number(cluster):
    results = {}

    def report(number, result):
        assert threading.current_thread() is threading.main_thread()
        assert number not in results
        results[number] = result

    cluster.each(squared, range(1000, 1150), report)
    assert results == {number: (1000 + number) ** 2 for number in range(150)}


def test_equal_items_are_done_as_often_as_they_come(cluster):
    assert cluster.map(squared, [3, 3, 3]) == [9, 9, 9]


def test_a_map_is_in_the_order_of_the_items_whatever_comes_in_first(cluster):
    assert cluster.map(later_if_even, range(8)) == list(range(8))
    assert cluster.map(squared, []) == []


def test_no_items_are_no_work(cluster):
    cluster.each(squared, [], lambda *_: pytest.fail("nothing to report"))


class Gate:
    """A gate that some tasks of a cluster in this process wait at, and who of all has begun."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()
        self.begun: list[int] = []


GATES: dict[str, Gate] = {}


def wait_if_first(item: tuple[str, int]) -> int:
    name, number = item
    if number == 0:
        assert GATES[name].opened.wait(60)
    return number


def test_a_slow_first_task_keeps_none_of_the_others_from_being_drawn_done_and_reported(cluster, request):
    name = request.node.name
    gate = GATES[name] = Gate()
    count = 3 * WINDOW_PER_WORKER * cluster.workers
    reported = []

    def report(number, _result):
        reported.append(number)
        if len(reported) == count - 1:
            gate.opened.set()

    cluster.each(wait_if_first, [(name, number) for number in range(count)], report)
    assert sorted(reported) == list(range(count))
    assert reported[-1] == 0


def break_if_first(item: tuple[str, int]) -> int:
    """The first breaks once another has begun; the others wait."""
    name, number = item
    gate = GATES[name]
    gate.begun.append(number)
    if number == 0:
        assert gate.reached.wait(60)
        raise BrokenAsset("the first")
    gate.reached.set()
    assert gate.opened.wait(60)
    return number


def test_a_task_that_fails_cancels_a_full_window_of_others(cluster, request):
    name = request.node.name
    gate = GATES[name] = Gate()
    window = WINDOW_PER_WORKER * cluster.workers
    if isinstance(cluster, Threads):
        threading.Timer(0.2, gate.opened.set).start()
    with pytest.raises(BrokenAsset, match="the first"):
        cluster.map(break_if_first, [(name, number) for number in range(2 * window)])
    if isinstance(cluster, Threads):
        assert gate.opened.is_set(), "what runs in this process is waited for"
    gate.opened.set()
    assert cluster.map(squared, range(window)) == [number**2 for number in range(window)]
    assert len(gate.begun) < window // 2


class Held:
    """Something that tells whether it is still held."""


def held(_: int) -> Held:
    return Held()


def test_no_result_is_held_once_it_was_reported(cluster):
    reported, alive = [], []

    def report(_number, result):
        alive.append(sum(one() is not None for one in reported))
        reported.append(weakref.ref(result))

    cluster.each(held, range(3 * WINDOW_PER_WORKER), report)
    assert len(reported) == 3 * WINDOW_PER_WORKER
    assert max(alive) == 0


def test_what_comes_in_while_a_report_waits_is_reported_as_one(cluster):
    batches = []

    def report(results):
        assert threading.current_thread() is threading.main_thread()
        batches.append(dict(results))
        time.sleep(0.05)

    cluster.each_together(squared, range(40), report)
    assert len(batches) < 20
    assert sum(map(len, batches)) == 40
    assert {number: result for batch in batches for number, result in batch.items()} == {
        number: number**2 for number in range(40)
    }


def test_what_came_in_before_an_error_is_reported_too():
    reported = []

    def report(results):
        reported.extend(number for number, _ in results)
        time.sleep(0.2)

    with pytest.raises(BrokenAsset, match="seven"):
        Threads(1).each_together(broken_at_seven, range(20), report)
    assert reported == list(range(7))


def test_an_error_of_a_task_comes_out_as_it_is_and_the_cluster_can_go_on(cluster):
    with pytest.raises(BrokenAsset, match="seven"):
        cluster.map(broken_at_seven, range(20))
    assert cluster.map(squared, range(5)) == [0, 1, 4, 9, 16]


def test_an_error_while_reporting_comes_out_as_it_is(cluster):
    def report(_number, _result):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cluster.each(squared, range(5), report)


def test_never_more_than_a_window_of_tasks_is_drawn_ahead(cluster):
    drawn, reported, ahead = 0, 0, 0

    def items():
        nonlocal drawn, ahead
        for number in range(300):
            drawn += 1
            ahead = max(ahead, drawn - reported)
            yield number

    def report(_number, _result):
        nonlocal reported
        reported += 1

    cluster.each(squared, items(), report)
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
        cluster.map(in_crowd, [(name, number) for number in range(12)], at_once=limit)
        assert CROWDS[name].most == expected


def test_after_an_error_what_runs_on_threads_is_waited_for_and_nothing_more_begins():
    crowd = Crowd(seconds=0.2, breaks_at=3)
    with pytest.raises(BrokenAsset):
        Threads(3).map(crowd, range(60))
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
    monkeypatch.setattr("pipeline.engine.schedulers._CONNECT_S", 0.2)
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


def read_limits(cluster):
    """At which share of its memory Dask halts the only worker, and at which it kills it."""
    with Client(cluster.scheduler_address) as client:
        halted = client.run(lambda dask_worker: dask_worker.memory_manager.memory_pause_fraction)
    (nanny,) = cluster.workers.values()
    return [*halted.values(), nanny.memory_manager.memory_terminate_fraction]


@pytest.fixture
def watched():
    """A scheduler with a worker process and its nanny, which soon misses a run that is gone."""
    soon = {"lease-timeout": "2s", "lease-validation-interval": "100ms"}
    with (
        dask.config.set({f"distributed.scheduler.locks.{name}": told for name, told in soon.items()}),
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as cluster,
    ):
        yield cluster


def test_of_two_runs_on_a_scheduler_the_last_to_end_gives_dask_its_limits_back(watched):
    given, compute = read_limits(watched), Compute(cluster=watched.scheduler_address, memory=2**28)
    first, second = ExitStack(), ExitStack()
    first.enter_context(open_cluster(compute, Path()))
    second.enter_context(open_cluster(compute, Path()))
    assert read_limits(watched) == [inf, inf]
    first.close()
    assert read_limits(watched) == [inf, inf]
    second.close()
    assert read_limits(watched) == given
    assert all(limit < 1 for limit in given)


def test_a_run_that_was_killed_does_not_keep_the_limits_of_dask_away_for_good(watched):
    given = read_limits(watched)
    with Client(watched.scheduler_address) as client:
        killed = Semaphore(MOST_RUNS, RUNS, scheduler_rpc=client.scheduler, loop=client.loop)
        assert killed.acquire()
        killed.refresh_leases = False
        with open_cluster(Compute(cluster=watched.scheduler_address, memory=2**28), Path()):
            while killed.get_value() > 1:
                time.sleep(0.05)
    assert read_limits(watched) == given


def killing(_):
    raise KilledWorker("block", SimpleNamespace(address="tcp://10.0.0.7:1"), 3)


def test_work_that_kills_every_worker_says_what_to_do(address):
    with (
        pytest.raises(ProviderUnavailable, match=r"smaller compute\.memory"),
        open_cluster(Compute(cluster=address), Path()) as opened,
    ):
        opened.map(killing, [1, 2])


@pytest.mark.parametrize("waits", [0, 1.5], ids=["while work is awaited", "before more is given"])
def test_a_scheduler_that_goes_away_is_the_outside_world(monkeypatch, waits):
    monkeypatch.setattr("pipeline.engine.schedulers._CONNECT_S", 0.5)
    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0", protocol="tcp"
    ) as scheduler:

        def report(_number, _result):
            scheduler.close()
            time.sleep(waits)

        with (
            open_cluster(Compute(cluster=scheduler.scheduler_address, memory=2**28), Path()) as opened,
            pytest.raises(ProviderUnavailable, match="scheduler is gone"),
        ):
            opened.each(later_if_even, range(100), report)


def test_a_scheduler_tells_where_it_can_be_watched_and_threads_do_not(cluster):
    assert (cluster.dashboard is None) == isinstance(cluster, Threads)
    assert cluster.dashboard is None or cluster.dashboard.endswith("/status")


def test_workers_are_counted_or_given():
    assert count_workers(Compute(workers=3, memory="256 MiB")) == 3
    assert (
        1
        <= count_workers(Compute(memory="256 MiB"))
        <= len(list(Path("/sys/devices/system/cpu").glob("cpu[0-9]*")) or [1] * 999)
    )


@pytest.mark.parametrize(("gib", "workers"), [(64, 8), (8, 4), (5, 2), (2, 1)])
def test_workers_are_no_more_than_the_memory_is_enough_for(gib, workers, monkeypatch):
    monkeypatch.setattr(clusters, "CPU_COUNT", 8)
    monkeypatch.setattr(clusters, "find_memory_limit", lambda: gib * 2**30)
    assert count_workers(Compute(memory="2 GiB")) == workers


@pytest.mark.parametrize(("asked", "gib"), [("auto", 1), (3, 5)])
def test_more_memory_than_the_process_may_have_is_refused_at_the_start(asked, gib, monkeypatch):
    monkeypatch.setattr(clusters, "find_memory_limit", lambda: gib * 2**30)
    with (
        pytest.raises(SettingsError, match=r"compute\.memory.*that this process may have"),
        open_cluster(Compute(workers=asked, memory="2 GiB"), Path()),
    ):
        pass
