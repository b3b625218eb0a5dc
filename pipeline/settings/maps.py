"""What is made of the maps: which change counts, what is water over the dates."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Regime = Literal["tidal", "reservoir"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)


class ChangeRules(_Model):
    """Which change of land cover counts; 0 lets everything stand.

    A pixel counts where NDVI, MNDWI or BSI moved by `least_shift` at least (a proposal of this project), so
    that a class on the brink is no change; a patch where it has at least `mmu_m2`, the minimum mapping unit:
    600 m2 is that of most classes of the third land survey (TD/T 1055-2019; from knowledge, unconfirmed).
    """

    least_shift: Annotated[float, Field(ge=0, le=2)] = 0.15
    mmu_m2: Annotated[float, Field(ge=0)] = 600


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
