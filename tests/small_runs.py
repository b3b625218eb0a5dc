"""A small run through the real program: one simulated area, two quarters, fourteen blocks a store."""

import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from pipeline.grid import BASELINE_BYTES

PROGRAM = Path(sys.executable).with_name("ecoledger")
CONFIG = Path(__file__).parents[1] / "configs" / "demo.yaml"
AREA = "longyou_bay"
LEAST_BLOCKS = 6
"""Each store has at least so many."""
MEMORY_MIB = BASELINE_BYTES // 2**20 + 22
_SMALLER = {
    "scenes.start": "2024-04-01",
    "scenes.end": "2024-09-30",
    "scenes.period": "quarter",
    "accounts": "null",  # which are of years
    **dict.fromkeys(("assessment", "targets", "species", "access", "rights"), "null"),
    "compute.memory": f"{MEMORY_MIB} MiB",
}
SETS = [word for key, value in _SMALLER.items() for word in ("--set", f"{key}={value}")]


def command(out: Path, log: Path, *words: object) -> list[str]:
    """What is typed to start it."""
    start = [PROGRAM, "run", CONFIG, "--aoi", AREA, "--quiet", "--json", "--out", out, "--log", log]
    return [*map(str, start), *SETS, *map(str, words)]


def started(
    out: Path, log: Path, *words: object, env: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """The run, just started, in a process group of its own."""
    return subprocess.Popen(
        command(out, log, *words),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
        start_new_session=True,
    )


def ended(running: subprocess.Popen[str], *, minutes: float = 10) -> str:
    """What a run that ends well said on stdout."""
    said, message = running.communicate(timeout=60 * minutes)
    assert running.returncode == 0, message
    return said


def events_of(log: Path) -> list[dict]:
    """Whole lines of a log; the last of a killed run may be torn."""
    events = []
    for line in log.read_text(encoding="utf-8").splitlines() if log.exists() else []:
        with suppress(json.JSONDecodeError):
            events.append(json.loads(line))
    return events


def delivered(out: Path) -> dict[str, bytes]:
    """Every file of the area's deliveries; of manifests, all but the times and what computed them."""
    found = {}
    for path in sorted((out / AREA).rglob("*")):
        if path.is_file():
            found[path.relative_to(out).as_posix()] = path.read_bytes()
            if path.name == "manifest.json":
                content = json.loads(path.read_text(encoding="utf-8"))
                assert content.pop("times")
                assert content["config"].pop("compute")
                found[path.relative_to(out).as_posix()] = json.dumps(content).encode()
    return found
