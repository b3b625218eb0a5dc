"""The base of all that a config says, and the kinds of values in it."""

import math
import re
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Percent = Annotated[float, Field(ge=0, le=100)]
Share = Annotated[float, Field(ge=0, le=1)]
Day = Annotated[date, Field(ge=date(1972, 1, 1), le=date(2099, 12, 31))]
"""A day that a satellite of the sensor table, or a forerunner of it, can have seen."""

_BYTES = {"MB": 10**6, "MIB": 2**20, "GB": 10**9, "GIB": 2**30}


class Strict(BaseModel):
    """A part of a config: no key that it does not know, no change afterwards, no infinite number.

    Numbers may stand for texts, as YAML reads names such as 2024.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, coerce_numbers_to_str=True, allow_inf_nan=False
    )


def _to_bytes(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*", value)
    if match is None or match[2].upper() not in _BYTES:
        raise ValueError("a size such as 2 GiB or 500 MB")
    size = float(match[1]) * _BYTES[match[2].upper()]
    if not math.isfinite(size):
        raise ValueError("a size such as 2 GiB or 500 MB")
    return int(size)


Bytes = BeforeValidator(_to_bytes, json_schema_input_type=int | str)
"""Marks an integer that may be written as a size with its unit."""
