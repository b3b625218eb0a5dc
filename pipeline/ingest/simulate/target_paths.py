"""Where targets, and GDP and GEP by town, of the simulated world come from, as a config would name it."""

from pathlib import Path

from pipeline.settings.gdp_gep import GdpGep
from pipeline.settings.statistics import StatisticsFile
from pipeline.settings.targets import TargetFile, Targets

TARGET_SOURCE = "模拟目标（不是真实文件）"
"""What every sheet of simulated targets says."""


def complete_targets(given: Targets, folder: Path) -> Targets:
    """The block with the simulated tables where it names none."""
    made = [TargetFile(path=str(folder / "*.xlsx"), source=TARGET_SOURCE)]
    return given.model_copy(update={"tables": given.tables or made})


def complete_gdp_gep(given: GdpGep, folder: Path) -> GdpGep:
    """The block with the simulated statistics where it names none."""
    made = [StatisticsFile(path=str(folder / "*.xlsx"))]
    return given.model_copy(update={"statistics": given.statistics or made})
