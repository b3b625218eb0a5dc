"""What is made of the maps: which change counts."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


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
