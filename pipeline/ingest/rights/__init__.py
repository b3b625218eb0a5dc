"""Registers of other rights and of their trades, as staff have them, made into long tables.

`sheets` opens tables and vector files; `headings` finds the row of headings and what each column is of, by
`words`; `tables` is one table by its columns; `cells`, `terms`, `points`, `amounts` and `credit_codes` read
what stands in them. `licences` and `trades` make rows of it, `holders` tells which are of one unit, `merging`
which are one; `registers` puts everything together. `advice` says why something is not used.
"""

from pipeline.ingest.rights.registers import RightTables, add_outside, read_rights

__all__ = ["RightTables", "add_outside", "read_rights"]
