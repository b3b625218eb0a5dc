"""Where the simulated world has what indices are made from, as a config would name it."""

from pathlib import Path

from pipeline.settings.ecological_index import QualityIndex, StatusIndex
from pipeline.settings.statistics import StatisticsFile


def complete_status(block: StatusIndex, folder: Path) -> StatusIndex:
    """A block with the workbook of the simulated world where it names no statistics."""
    return block.model_copy(update={"statistics": block.statistics or _describe(folder)})


def complete_quality(block: QualityIndex, folder: Path) -> QualityIndex:
    """A block with the workbook of the simulated world where it names no statistics."""
    return block.model_copy(update={"statistics": block.statistics or _describe(folder)})


def _describe(folder: Path) -> list[StatisticsFile]:
    return [StatisticsFile(path=str(folder / "*.xlsx"))]
