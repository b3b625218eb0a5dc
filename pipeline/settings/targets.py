"""Targets that an area is held to, as a config names their tables."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pipeline.settings.paths import ConfigPath
from pipeline.settings.strict import Strict

TargetDirection = Literal["at_least", "more_than", "at_most", "less_than", "equal"]
"""不低于, 高于, 不高于, 低于, 等于."""

TARGET_COLUMNS = (
    "indicator", "place", "period", "target", "unit", "direction", "weight", "source", "unit_responsible",
    "baseline", "baseline_period", "tolerance",
)  # fmt: skip
"""What a column of a table of targets may be of."""


def _check_columns(columns: dict[str, str]) -> dict[str, str]:
    strange = sorted(set(columns) - set(TARGET_COLUMNS))
    if strange:
        raise ValueError(f"names of ours, not {', '.join(strange)}: {', '.join(TARGET_COLUMNS)}")
    return columns


class TargetFile(Strict):
    """Tables of targets: a path or glob; `columns` maps our names to theirs.

    `names` maps their names of places to ids of ours. `place` (an id of an area or of a region), `period`,
    `direction`, `source` and `unit_responsible` are those of rows whose table tells none.
    """

    path: ConfigPath
    columns: Annotated[dict[str, str], AfterValidator(_check_columns)] = {}
    names: dict[str, str] = {}
    place: Annotated[str, Field(min_length=1)] | None = None
    period: Annotated[str, Field(min_length=1)] | None = None
    direction: TargetDirection | None = None
    source: str | None = None
    unit_responsible: str | None = None


class Targets(Strict):
    """Targets, and how figures are held against them.

    `indicators` maps names that the tables use to codes of indicators. `baseline` is the period of the run
    whose figure is the baseline of targets that tell none, `tolerance` what an indicator (its code) may fall
    short of its course, or differ from a target that it must equal, in its own unit: where neither a table
    nor the config tells it, nothing is said of the course. `comparison` is `full` (全数值比较法) or `rounded`
    (修约值比较法: rounded to the decimals that the target is written with), GB/T 8170-2008, 4.3.
    """

    tables: list[TargetFile] = []
    indicators: dict[str, str] = {}
    baseline: Annotated[str, Field(min_length=1)] | None = None
    tolerance: dict[str, Annotated[float, Field(ge=0)]] = {}
    comparison: Literal["full", "rounded"] = "full"
