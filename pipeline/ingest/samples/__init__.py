"""Water-quality tables as staff have them, made into one long table; the register of river sections.

`opening` finds out what a file is, for statistics as well, and `files` reads all that are named. Every table
has one face, `batches`: a `sheet` is one batch of texts (`text_files`, `workbooks`, `objects` make sheets),
big tables are `streams` of many. `notes` are what a workbook says beside its values: `open_xml`, `excel_97`
and `open_document` take them.
One engine reads them: `stacks` tells the tables of a sheet apart, `layouts` how each is to be read,
`headings` what a column means, `unit_lines` units that stand elsewhere, `markup` what a page shows, `figures`
which number a cell says and `cells` what else, `dating` which year is meant, `rows` what a row says beside
its readings, `places` where sections lie; `readings` puts them together.
`checks` reviews all readings, `tables` has the columns, `section_register` reads the sections.
"""

from pipeline.ingest.samples.files import read_records, read_samples, read_tables, unusable
from pipeline.ingest.samples.section_register import read_sections

__all__ = ["read_records", "read_samples", "read_sections", "read_tables", "unusable"]
