"""Which scenes are searched, what of them is clear, and how they become composites."""

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from pipeline.periods import Period, PeriodKind, list_periods
from pipeline.settings.rolling import MOST_PERIODS
from pipeline.settings.sources import INSTRUMENTS, LocalArchive, Mission, StacApi, StaticCatalog
from pipeline.settings.strict import Day, Percent, Share, Strict

CompositeMethod = Literal["median", "medoid", "max-ndvi"]


class Clear(Strict):
    """What counts as a clear look; sizes in pixels of the mask's own resolution, 0 switches a step off.

    `scl` are the classes that are clear. Clouds, cirrus and their shadows grow by `dilate_px`, those that an
    opening by `open_px` removes by `open_px` only; what is not clear for another reason does not grow.
    """

    scl: list[Annotated[int, Field(ge=1, le=11)]] = [4, 5, 6, 7, 11]
    open_px: Annotated[int, Field(ge=0, le=20)] = 2
    dilate_px: Annotated[int, Field(ge=0, le=50)] = 5


def _days_or_rolling(schema: dict[str, Any]) -> None:
    schema["required"] = [key for key in schema["required"] if key not in {"start", "end"}]
    schema["oneOf"] = [{"required": ["start", "end"]}, {"required": ["rolling"]}]


class Scenes(Strict):
    """Which scenes are searched and how they become composites.

    `rolling` stands instead of `start` and `end`: that many periods, the last that are complete on the day
    of the run; what a run makes of it is in its manifest as `start` and `end`. STAC asks for times with a
    zone: items with times that have none are refused by name, unless `times_without_zone` takes them as UTC.
    """

    model_config = ConfigDict(json_schema_extra=_days_or_rolling)

    provider: str | StaticCatalog | StacApi | LocalArchive = "earth-search"
    missions: Annotated[list[Mission], Field(min_length=1)] = ["sentinel-2", "landsat-8", "landsat-9"]
    start: Day
    end: Day
    period: PeriodKind = "year"
    rolling: Annotated[int, Field(ge=1, le=MOST_PERIODS)] | None = None
    max_cloud_percent: Percent = 80
    composite: CompositeMethod = "median"
    clear: Clear = Clear()
    harmonise: Literal["auto", True, False] = "auto"
    resolution_m: Literal[10, 20, 30, 60] = 10
    max_failed_share: Share = 0.05
    times_without_zone: Literal["refuse", "utc"] = "refuse"

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.rolling is not None:
            raise ValueError("either rolling, or start and end")
        if self.end < self.start:
            raise ValueError(f"end ({self.end}) lies before start ({self.start})")
        return self

    @property
    def periods(self) -> list[Period]:
        """The accounting periods, in order."""
        return list_periods(self.start, self.end, self.period)

    @property
    def harmonised(self) -> bool:
        """Whether all bands are brought to the bandpass of OLI (then Sentinel-2's nir is B8A, else B08)."""
        if self.harmonise == "auto":
            return len({INSTRUMENTS[mission] for mission in self.missions}) > 1
        return self.harmonise
