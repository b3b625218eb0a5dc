"""How land cover is mapped, which change of it counts, and what is water over the dates."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Regime = Literal["tidal", "reservoir"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)


class ChangeRules(_Model):
    """Which change of land cover counts; 0 lets everything stand.

    A pixel counts where NDVI, MNDWI or BSI moved by `least_shift` at least (a proposal of this project), so
    that a class on the brink is no change; a patch where it has at least `mmu_m2`, the minimum mapping unit:
    600 m2 is that of most classes of the third land survey (TD/T 1055-2019; from knowledge, unconfirmed);
    and where its confidence, the mean over its pixels of the product of both periods' confidence, reaches
    `least_confidence`: 0.25 is two maps that are as likely wrong as right (a proposal of this project).
    """

    least_shift: Annotated[float, Field(ge=0, le=2)] = 0.15
    mmu_m2: Annotated[float, Field(ge=0)] = 600
    least_confidence: Annotated[float, Field(ge=0, le=1)] = 0.25


class WaterRules(_Model):
    """How often each pixel is under water, from all clear looks of a period; reads four bands once more.

    Wet in at least `mostly` of its looks is permanent water, in at least `seldom` the zone between low and
    high water (limits as Wang et al. 2020, DOI 10.1016/j.rse.2018.11.030, from knowledge, unconfirmed). Fewer
    than `least_looks` tell nothing (a proposal of this project). `regimes` say by id of the area what that
    zone is: 潮间带 where the water is `tidal`, 消落带 at a `reservoir`; without it the zone has no such name.
    """

    inundation: bool = False
    least_looks: Annotated[int, Field(ge=1)] = 5
    seldom: Annotated[float, Field(gt=0, le=1)] = 0.05
    mostly: Annotated[float, Field(gt=0, le=1)] = 0.95
    regimes: dict[str, Regime] = {}

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if self.mostly <= self.seldom:
            raise ValueError("mostly must lie above seldom")
        return self


class GreennessRules(_Model):
    """NDVI against earlier years and its trend, pixel by pixel; neither unless asked for.

    `anomaly` sets a period beside the same season of all earlier years of the run, of which at least
    `least_years` must be known; ground is clearly less green where NDVI lies `least_drop` below their mean.
    `trend` is the Theil-Sen slope over all periods, significant below `significance` (Mann-Kendall). The
    limits are proposals of this project.
    """

    anomaly: bool = False
    least_years: Annotated[int, Field(ge=2)] = 3
    least_drop: Annotated[float, Field(gt=0, le=2)] = 0.1
    trend: bool = False
    significance: Annotated[float, Field(gt=0, lt=1)] = 0.05


class LandCover(_Model):
    """How land cover is mapped: by documented `rules`.

    `water_mndwi`, `vegetation_ndvi` and `bare_bsi` are the thresholds of the rules, `index_noise` the
    standard deviation of an index of a composite, from which the rules' confidence follows: proposals of
    this project.
    """

    method: Literal["rules"] = "rules"
    water_mndwi: float = 0.1
    vegetation_ndvi: float = 0.3
    bare_bsi: float = 0.08
    index_noise: Annotated[float, Field(gt=0, le=1)] = 0.05

    @property
    def thresholds(self) -> dict[str, float]:
        """What the rules decide by."""
        return self.model_dump(include={"water_mndwi", "vegetation_ndvi", "bare_bsi"})
