"""Targets as staff have them, made into one list.

`files` reads what is named; `layouts` tells the tables of a sheet and what their columns are of, `words` what
a text says, `spans` which time, `amounts` which number, unit and direction, `names` which indicator; `rows`
puts a target together, `rejects` says why one is not used.
"""

from pipeline.ingest.targets.files import TargetTables, read_targets

__all__ = ["TargetTables", "read_targets"]
