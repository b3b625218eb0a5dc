"""Days that roll with the calendar: `rolling: 8` stands for the last eight complete periods."""

from datetime import date, datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo

from pipeline.periods import PeriodKind, list_complete_before

MOST_PERIODS = 600


def today() -> date:
    """The day in China, whose calendar the periods follow."""
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


def resolve_rolling(content: Any, day: date) -> Any:
    """The content of a config with `start` and `end` of the last complete periods before a day.

    `label`, where there is none, becomes that of the last of them. What is not a rolling config, or not a
    right one, comes back as it is.
    """
    scenes = content.get("scenes") if isinstance(content, dict) else None
    if not isinstance(scenes, dict) or not _is_rolling(scenes):
        return content
    periods = list_complete_before(day, scenes.get("period", "year"), scenes["rolling"])
    days = {"start": periods[0].first, "end": periods[-1].last}
    kept = {key: value for key, value in scenes.items() if key != "rolling"}
    return {"label": periods[-1].label, **content, "scenes": {**kept, **days}}


def _is_rolling(scenes: dict[str, Any]) -> bool:
    count = scenes.get("rolling")
    return (
        isinstance(count, int)
        and 1 <= count <= MOST_PERIODS
        and scenes.get("period", "year") in get_args(PeriodKind)
        and not {"start", "end"} & set(scenes)
    )
