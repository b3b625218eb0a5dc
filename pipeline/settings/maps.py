"""What is made of the maps: which change counts."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ChangeRules(_Model):
    """Which change of land cover counts: patches of at least `mmu_m2`, the minimum mapping unit.

    600 m2 is that of most classes of the third land survey (TD/T 1055-2019; from knowledge, unconfirmed);
    0 lets everything stand.
    """

    mmu_m2: Annotated[float, Field(ge=0)] = 600
