"""What parts of the assessment have in common, and those parts that a config asks for under `assessment`."""

from pipeline.settings.ecological_index import QualityIndex, StatusIndex
from pipeline.settings.gdp_gep import GdpGep
from pipeline.settings.health import Health
from pipeline.settings.statistics import RegionFile, StatisticsFile
from pipeline.settings.strict import Strict


class Assessment(Strict):
    """Ecological indices, health of rivers and lakes, GDP and GEP together.

    `statistics` and `regions` are as those of `accounts`, and stand in for them: accounts are of years, the
    assessment may be of quarters. Without them those of the accounts are read.
    """

    statistics: list[StatisticsFile] = []
    regions: RegionFile | None = None
    gdp_gep: GdpGep | None = None
    ei: StatusIndex | None = None
    eqi: QualityIndex | None = None
    health: Health | None = None
