"""What a rule is: one check of the register, with severity, basis and messages."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pandas as pd

EDGE_TOLERANCE = 1e-6
LEAST_SHARED_M2 = 1.0
"""Ground that two outlines share along an edge: less is noise of drawing."""
MIN_LOST_M2 = 400.0
"""Four pixels of 10 m: what changed is at least so large; proposal of this project."""

Severity = Literal["info", "warning", "error"]
Mask = Callable[[pd.DataFrame], pd.Series]


def _select_every(rows: pd.DataFrame) -> pd.Series:
    return pd.Series(data=True, index=rows.index, dtype=bool)


@dataclass(frozen=True)
class Rule:
    """One check. `applies` gives the mask of the rows that break it; messages take their columns."""

    id: str
    severity: Severity
    title_zh: str
    title_en: str
    basis: str
    message_zh: str
    message_en: str
    applies: Mask = _select_every
