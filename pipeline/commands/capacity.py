"""What a plan takes on 10, 100 or 1,000 workers: time, core hours, reads, bytes, size of the ledger.

It rests on what earlier runs took, as the ledger of their workspace has it, else on a short bench of this
machine, and on the tasks that a run would hand out, in their order. No pixel of the plan is read.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.commands.estimate import Estimate, PlanBasis, choose_planned, estimate_area, lay_out
from pipeline.commands.measuring import measure_costs
from pipeline.engine.pace import Pace, simulate_tasks
from pipeline.engine.study import Study
from pipeline.errors import Problem, SettingsError
from pipeline.flow.validation import validate_settings
from pipeline.maps import registry
from pipeline.maps.layout import Meeting, meet_frames
from pipeline.maps.making import sort_by_need
from pipeline.maps.step import Footprint
from pipeline.periods import When
from pipeline.settings import Settings
from pipeline.storage.ledger import Cost
from pipeline.storage.workspace import Workspace

_HAND_S = 0.0016
"""What a Dask scheduler takes for a task, with its messages: 1570 us measured with two worker processes."""
_BLOCK_BYTES, _READ_BYTES = 330, 290
"""What the ledger takes for a block, and for each read behind it (`make bench-ledger`)."""
_HOUR_S = 3600
_MOST_WORKERS = 100_000
Basis = Literal["runs", "bench"]
"""By what time is told: what earlier runs took, or a short bench of this machine."""
_BASES: dict[Basis, str] = {"runs": "以往运行 runs", "bench": "本机短测，参考 short bench (indicative)"}


@dataclass(frozen=True)
class Capacity:
    """What the maps of an area take on so many workers of one core each; hours by the clock.

    `core_hours` are held by the workers while maps are made, `busy_core_hours` are those in which they work;
    what comes before and after the maps is in none of them. `measured_share` is over how many of the planned
    pixels the time of runs was measured: far below 1, all hours are indicative, as they are `by` a bench.
    `unmeasured` are steps whose time nothing has measured: with any, all hours are the least.
    """

    aoi: str
    workers: int
    hours: float
    core_hours: float
    busy_core_hours: float
    measured_share: float
    tasks: int
    reads: int
    requests: int
    decoded_bytes: int
    ledger_bytes: int
    unmeasured: tuple[str, ...]
    by: Basis = "runs"


@dataclass(frozen=True)
class _Stage:
    """A map: the name of its step, and its tasks in order, pixels counted once for each scene read."""

    step: str
    pixels: NDArray[np.int64]


def simulate_capacity(
    settings: Settings, workers: Sequence[int], measured: Path | None = None
) -> list[Capacity]:
    """What every area takes on each number of workers, by what the runs of a folder of deliveries took.

    Without a folder those of `out` count, and where there were none a short bench of this machine.
    SettingsError where no run was measured in a folder that is named; the others as a run would raise them.
    """
    validate_settings(settings)
    studies = [Study.of(aoi, settings) for aoi in settings.aoi]
    costs, by = _find_costs(studies[0], measured)
    return [found for study in studies for found in simulate_study(study, workers, costs, by)]


def parse_workers(given: Iterable[str]) -> list[int]:
    """Numbers of workers, from words such as `10,100`; SettingsError where one is none."""
    words = [word.strip() for words in given for word in words.split(",")]
    wrong = [word for word in words if not (word.isdecimal() and 0 < int(word) <= _MOST_WORKERS)]
    if wrong:
        expected = f"whole numbers from 1 to {_MOST_WORKERS}, such as 10,100,1000"
        raise SettingsError(
            "Workers cannot be simulated",
            [Problem("--simulate-workers", word or "nothing", expected) for word in wrong],
        )
    return sorted({int(word) for word in words})


def load_costs(folder: Path) -> list[Cost]:
    """What the runs of a folder of deliveries took; SettingsError where none was measured there."""
    costs = _read_costs(folder)
    if not costs:
        todo = "Run one area or `ecoledger demo` on such a machine first, and name its folder by --measured"
        problem = Problem(str(folder), "no run that was measured", "a folder with deliveries of a run", todo)
        raise SettingsError("What maps take is not known", [problem])
    return costs


def _find_costs(study: Study, measured: Path | None) -> tuple[list[Cost], Basis]:
    if measured is not None:
        return load_costs(measured), "runs"
    if costs := _read_costs(Path(study.settings.out)):
        return costs, "runs"
    return measure_costs(study), "bench"


def _read_costs(folder: Path) -> list[Cost]:
    """What the runs of a folder of deliveries took; nothing where the blocks of none were measured."""
    workspace, costs = Workspace(folder / "work"), list[Cost]()
    if (workspace.root / "ledger.sqlite").is_file():
        with workspace.open_for_reading():
            costs = workspace.ledger.list_costs()
    return costs if any(cost.kind == "block" for cost in costs) else []


def simulate_study(
    study: Study, workers: Sequence[int], costs: Sequence[Cost], by: Basis = "runs"
) -> list[Capacity]:
    """What an area takes on each number of workers."""
    laid_out = lay_out(study, choose_planned(study))
    planned, stages = estimate_area(study, laid_out), _list_stages(study, laid_out)
    rates = {cost.step: cost.seconds / cost.pixels for cost in costs if cost.kind == "block" and cost.pixels}
    lengths = [stage.pixels * rates.get(stage.step, 0.0) for stage in stages]
    unmeasured = tuple(dict.fromkeys(stage.step for stage in stages if stage.step not in rates))
    pace, busy_s = Pace(_HAND_S, _find_writing(costs)), sum(float(one.sum()) for one in lengths)
    tasks = sum(len(one) for one in lengths)
    measured = sum(cost.pixels for cost in costs if cost.kind == "block")

    def simulate(count: int) -> Capacity:
        passed_s = sum(simulate_tasks(one.tolist(), count, pace) for one in lengths)
        return Capacity(
            study.aoi.id,
            count,
            hours=passed_s / _HOUR_S,
            core_hours=passed_s * count / _HOUR_S,
            busy_core_hours=busy_s / _HOUR_S,
            measured_share=measured / sum(int(stage.pixels.sum()) for stage in stages),
            tasks=tasks,
            ledger_bytes=tasks * _BLOCK_BYTES + _count_reads(planned) * _READ_BYTES,
            unmeasured=unmeasured,
            reads=_count_reads(planned),
            requests=planned.requests,
            decoded_bytes=planned.decoded_bytes,
            by=by,
        )

    return [simulate(count) for count in workers]


def _count_reads(planned: Estimate) -> int:
    return planned.mask_reads + planned.band_reads


def _list_stages(study: Study, planned: PlanBasis) -> list[_Stage]:
    """The maps that workers make, in the order in which they are made."""
    stages = []
    for step in sort_by_need(study, registry.STEPS):
        tasks = planned.layout.of(step).tasks(planned.blocks)
        pixels = np.array([math.prod(block.shape) for block in tasks], dtype=np.int64)
        met = meet_frames(planned.placed, study.grid.frame_blocks(tasks)) if step.bands else None
        stages += [
            _Stage(step.name, pixels * _count_looks(met, planned.placed, when, len(tasks)))
            for when in (step.times(study) if step.kernel else ())
        ]
    return stages


def _count_looks(
    met: Meeting | None, found: Sequence[Footprint], when: When, tasks: int
) -> NDArray[np.int64]:
    """How many scenes of a time each task reads; 1 where it reads none."""
    if met is None:
        return np.ones(tasks, dtype=np.int64)
    held = met.sum_by_frame([when.holds(one.scene.datetime) for one in found])
    return np.maximum(held.astype(np.int64), 1)


def _find_writing(costs: Sequence[Cost]) -> float:
    """Seconds of one writing of the ledger, as runs had it."""
    writings = [cost for cost in costs if cost.kind == "ledger"]
    return sum(cost.seconds for cost in writings) / max(sum(cost.times for cost in writings), 1)


def dump_capacities(found: Sequence[Capacity]) -> list[dict[str, Any]]:
    """Every figure, for machines."""
    return [asdict(one) for one in found]


def tabulate_capacities(found: Sequence[Capacity]) -> Iterator[dict[str, Any]]:
    """A row for each area and number of workers, for people."""
    for one in found:
        least = ">= " if one.unmeasured else ""
        yield {
            "区域 aoi": one.aoi,
            "进程 workers": one.workers,
            "小时 hours": f"{least}{one.hours:.2f}",
            "占用核时 core hours": f"{least}{one.core_hours:.1f}",
            "工作核时 busy core hours": f"{one.busy_core_hours:.1f}",
            "任务 tasks": one.tasks,
            "请求 requests": one.requests,
            "解码 decoded": f"{one.decoded_bytes / 1e9:.1f} GB",
            "账本 ledger": f"{one.ledger_bytes / 1e6:.1f} MB",
            "实测占比 measured share": f"{one.measured_share:.2g}",
            "未测 unmeasured": ", ".join(one.unmeasured) or "-",
            "依据 by": _BASES[one.by],
        }
