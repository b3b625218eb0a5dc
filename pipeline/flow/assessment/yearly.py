"""The statistics that indices of calendar years are made from."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from pipeline import ingest
from pipeline.assessment.amounts import AreaStatistics
from pipeline.contracts import REJECTED, STATISTICS, check_table
from pipeline.flow.assessment.sources import Sources
from pipeline.settings.statistics import StatisticsFile


class YearlyStatistics(NamedTuple):
    """Statistics of the area, those told to the assessment and those of the part, and what is not used."""

    area: AreaStatistics
    rejected: pd.DataFrame


def gather_statistics(sources: Sources, files: Sequence[StatisticsFile]) -> YearlyStatistics:
    """The statistics of the area out of all tables: neither kind goes before the other."""
    aoi = sources.study.aoi
    own = ingest.statistics.read_statistics(files, aoi)
    told = sources.table("told", "statistics")
    tables = [table for table in (told, own.statistics) if table is not None and len(table)]
    joined = pd.concat(tables, ignore_index=True) if tables else own.statistics
    rejected = check_table(own.rejects, REJECTED)
    return YearlyStatistics(AreaStatistics(check_table(joined, STATISTICS), aoi.id), rejected)
