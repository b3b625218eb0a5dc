"""A real `dask scheduler` and real `dask worker` processes, started and stopped by tests and benchmarks."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from distributed import Client

_DASK = Path(sys.executable).with_name("dask")
_PATIENCE_S = 60


@contextmanager
def served(
    folder: Path,
    workers: int,
    *,
    cores: Sequence[int] = (),
    threads: int = 1,
    memory_mib: int = 0,
    ballast_mib: int = 0,
) -> Iterator[str]:
    """The address of a scheduler with so many workers, of one thread each unless more are asked for.

    Worker number n is held to core number n of `cores`, as a batch queue would hold it; without `cores` it
    may use all. With `memory_mib` each has that limit, and a nanny that holds it to it as Dask has it;
    `ballast_mib` are held in each by something else.
    """
    place = folder / "scheduler.json"
    place.unlink(missing_ok=True)
    with ExitStack() as stack:
        words = ["scheduler", "--port", "0", "--dashboard-address", "127.0.0.1:0", "--host", "127.0.0.1"]
        stack.enter_context(_process([*words, "--scheduler-file", str(place)], folder))
        for number in range(workers):
            held = {cores[number]} if cores else os.sched_getaffinity(0)
            words = ["worker", "--scheduler-file", str(place), "--nthreads", str(threads)]
            words += ["--name", f"worker-{number}", "--local-directory", str(folder)]
            words += ["--memory-limit", f"{memory_mib} MiB"] if memory_mib else ["--no-nanny"]
            if ballast_mib:
                words += ["--preload", str(Path(__file__).with_name("ballast.py"))]
            environment = {**os.environ, "BALLAST_MIB": str(ballast_mib)}
            stack.enter_context(_process(words, folder, held=held, env=environment))
        yield _address(place, workers)


@contextmanager
def _process(
    words: list[str],
    folder: Path,
    *,
    held: set[int] | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[None]:
    with (
        (folder / f"{words[0]}.log").open("a") as log,
        subprocess.Popen([_DASK, *words], stdout=log, stderr=log, env=env) as process,
    ):
        if held is not None:
            os.sched_setaffinity(process.pid, held)
        try:
            yield
        finally:
            process.terminate()


def _address(place: Path, workers: int) -> str:
    deadline = time.monotonic() + _PATIENCE_S
    while not place.exists():
        assert time.monotonic() < deadline, "no scheduler came up"
        time.sleep(0.05)
    with Client(scheduler_file=str(place), timeout=_PATIENCE_S) as client:
        client.wait_for_workers(workers, timeout=_PATIENCE_S)
        return str(client.scheduler.address)
