"""Water-quality tables as staff have them, made into one long table; the register of river sections.

`sheets` opens files, `headings` finds out what the columns mean, `cells` what a cell says, `readings`
puts them together, `register` reads the sections.
"""

from pipeline.ingest.samples.readings import read_samples
from pipeline.ingest.samples.register import read_sections

__all__ = ["read_samples", "read_sections"]
