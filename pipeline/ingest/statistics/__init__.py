"""Statistics of offices as staff have them, made into one long table.

`files` reads what is named, its sheets as those of water samples; `layouts` tells the tables of a sheet and
what their columns are of, `titles` what stands around them, `words` what a text says; `figures` reads the
cells, `checks` holds them against each other, `rejects` says why one is not used.
"""

from pipeline.ingest.statistics.files import StatisticTables, read_statistics

__all__ = ["StatisticTables", "read_statistics"]
