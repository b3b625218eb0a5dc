"""Runs the command line, and writes down the most memory that each step of the run took, process by process.

    python tests/bench/watched_run.py PEAKS.csv PIDS WORD...    # PIDS: of workers, with commas, or -

Linux keeps the most that a process ever held (VmHWM), and forgets it on demand. It is read, and forgotten, as
the log of the run says that a step begins or ends, in the thread that says so: nothing between two words of
the log is missed, and no step can be left out. What lies before the first is `start`, what lies between
steps `between`. Pages of files that are mapped count as the process's own, as in VmRSS.
"""

import csv
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

BEGINS, ENDS = {"begun"}, {"built", "published"}
START, BETWEEN = "start", "between"
"""The first as `pipeline.engine.limits` has it, which is not loaded before the program is."""


class Watch(logging.Handler):
    """Peaks in MiB by step and kind of process, `run` or `worker`."""

    def __init__(self, workers: Sequence[int]) -> None:
        super().__init__()
        self.peaks: dict[tuple[str, str], float] = {}
        self._processes = [(os.getpid(), "run"), *((pid, "worker") for pid in workers)]
        self._open: list[str] = [START]

    def emit(self, record: logging.LogRecord) -> None:
        """Enter what was held since the last word of the log about a step."""
        step, said = getattr(record, "step", ""), record.getMessage()
        if said not in BEGINS | ENDS:
            return
        self.enter()
        self._open = [name for name in self._open if name not in {START, step}]
        if said in BEGINS:
            self._open.append(step)

    def enter(self) -> None:
        """Take the peaks of all processes since they were last taken, for the steps that are open."""
        for pid, kind in self._processes:
            peak = take_peak_mib(pid)
            for step in self._open or [BETWEEN]:
                self.peaks[step, kind] = max(peak, self.peaks.get((step, kind), 0.0))


def take_peak_mib(pid: int) -> float:
    """The most that a process held since it was last asked; 0 for one that is gone."""
    process, peak = Path(f"/proc/{pid}"), 0.0
    with suppress(FileNotFoundError, ProcessLookupError):
        status = (process / "status").read_text(encoding="ascii", errors="replace")
        peak = next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))
        (process / "clear_refs").write_text("5", encoding="ascii")
    return peak


def main() -> None:
    """Run with the words that follow, then write the peaks."""
    to, pids, *words = sys.argv[1:]
    watch = Watch([int(pid) for pid in pids.split(",") if pid != "-"])
    from pipeline.cli import app  # noqa: PLC0415 what it takes to load is of the start

    logging.getLogger("ecoledger").addHandler(watch)
    try:
        app(words)
    finally:
        watch.enter()
        with Path(to).open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["step", "process", "peak_mib"])
            rows.writerows([*key, round(peak, 1)] for key, peak in watch.peaks.items())


if __name__ == "__main__":
    main()
