"""GDP and GEP held side by side, as a config asks for it under `assessment`."""

from typing import Literal

from pipeline.settings.statistics import StatisticsFile
from pipeline.settings.strict import Strict


class GdpGep(Strict):
    """双评价、双考核: GDP and GEP of the area and its towns.

    `statistics` are tables with GDP by town (地区生产总值), and GEP where an office publishes it, beside
    those of `assessment.statistics` or of the accounts. `gep` says where GEP is taken from: `accounts` of
    this run, on the `basis` that stands first or is named, or `statistics`.
    """

    statistics: list[StatisticsFile] = []
    gep: Literal["accounts", "statistics"] = "accounts"
    basis: Literal["registered", "mapped"] | None = None
