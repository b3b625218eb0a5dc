"""Tables: water samples, or a register of river sections, by the readers of a run."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from pipeline.commands.drafting.found import Fact, Found
from pipeline.errors import InputError
from pipeline.ingest.samples import read_records, read_sections
from pipeline.ingest.samples.batches import Unsuited
from pipeline.ingest.samples.tables import Tables
from pipeline.settings import SampleFile

SUFFIXES = frozenset({".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".xls", ".ods", ".pq"})


def inspect_table(path: Path) -> Found:
    """A table as the readers of samples and of sections take it, else one that says nothing to them."""
    try:
        read = read_records([SampleFile(path=str(path))])
    except Unsuited as error:
        return Found(path, "other", (Fact("unread", {"reason": str(error)}),))
    if len(read.samples):
        return Found(path, "samples", tuple(_describe_samples(read)))
    try:
        register = read_sections(path)
    except InputError:
        return Found(path, "other", tuple(_describe_rejects(read.rejects)))
    known = int(register["lon"].notna().sum())
    return Found(path, "sections", (Fact("sections", {"count": len(register), "placed": known}),))


def _describe_samples(read: Tables) -> Iterator[Fact]:
    samples = read.samples
    days = samples["time"].dt.tz_convert("Asia/Shanghai").dt.date
    named = samples["section"].astype(object).where(samples["section"].notna(), samples["section_id"])
    codes = sorted(map(str, samples["parameter"].unique()))
    told = {"readings": len(samples), "sections": named.nunique(), "first": min(days), "last": max(days)}
    yield Fact("samples", told)
    yield Fact("samples.parameters", {"codes": ", ".join(codes)})
    sheets = [str(name) for name in samples["sheet"].unique() if name]
    if sheets:
        yield Fact("samples.sheets", {"sheets": ", ".join(sheets)})
    yield from _describe_rejects(read.rejects)


def _describe_rejects(rejects: pd.DataFrame) -> Iterator[Fact]:
    """What is not read, and why, the commonest reasons first."""
    if rejects.empty:
        return
    yield Fact("samples.rejects", {"count": len(rejects), "reasons": Counter(rejects["reason"])})
