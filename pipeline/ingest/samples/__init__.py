"""Water-quality tables as staff have them, made into one long table; the register of river sections.

`sheets` opens files (`objects` those that are no spreadsheet), `headings` finds out what the columns mean,
`cells` what a cell says, `dating` which year is meant, `places` where sections lie, `readings` puts them
together. `streams` does the same for big tables, where `batches`, `rows` and `collected` hold the columns.
`checks` reviews all readings, `tables` has the columns, `register` reads the sections.
"""

from pipeline.ingest.samples.readings import read_records, read_samples, read_tables, unusable
from pipeline.ingest.samples.section_register import read_sections

__all__ = ["read_records", "read_samples", "read_sections", "read_tables", "unusable"]
