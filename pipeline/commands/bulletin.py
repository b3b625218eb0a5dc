"""The bulletin of a period from the deliveries of a folder: a Word document, its PDF, and its evidence."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.errors import Problem, SettingsError
from pipeline.operating_system import refuse_link
from pipeline.outputs.bulletin.checking import check_template
from pipeline.outputs.bulletin.comparing import AreaFigures, compare_area
from pipeline.outputs.bulletin.content import Imprint, build_content
from pipeline.outputs.bulletin.drafting import FOLDER
from pipeline.outputs.bulletin.evidence import EvidenceBook
from pipeline.outputs.bulletin.printing import print_document
from pipeline.outputs.bulletin.rendering import render_document
from pipeline.outputs.columns import Language
from pipeline.outputs.csv_tables import write_csv
from pipeline.outputs.published import (
    Published,
    find_deliveries,
    find_newest_period,
    group_by_area,
    list_labels,
)
from pipeline.outputs.texts import find_text, name_period


@dataclass(frozen=True)
class MadeBulletin:
    """Where a bulletin stands, what it is about, and why there is no PDF where there is none."""

    period: str
    document: Path
    pdf: Path | None
    evidence: Path
    areas: tuple[str, ...]
    absent: tuple[str, ...]
    no_pdf: str

    @property
    def summary(self) -> dict[str, object]:
        """The same for machines."""
        return {
            "period": self.period,
            "document": str(self.document),
            "pdf": str(self.pdf) if self.pdf else None,
            "evidence": str(self.evidence),
            "areas": list(self.areas),
            "absent": list(self.absent),
            "no_pdf": self.no_pdf,
        }


def choose_period(quarter: str | None, period: str | None) -> str | None:
    """The label that `--quarter` or `--period` asks for; SettingsError for both, and for no quarter."""
    if quarter is not None and period is not None:
        problem = Problem("--quarter, --period", f"{quarter}, {period}", "one of both")
        raise SettingsError("A period is said once", [problem])
    if quarter is not None and not re.fullmatch(r"\d{4}Q[1-4]", quarter):
        raise SettingsError(
            "Not a quarter",
            [Problem("--quarter", quarter, "2024Q3; other periods by --period")],
        )
    return quarter or period


def make_bulletin(
    out: Path,
    *,
    period: str | None = None,
    template: Path | None = None,
    to: Path | None = None,
    title: str = "",
    office: str = "",
    day: str = "",
    language: Language | None = None,
) -> MadeBulletin:
    """Write the bulletin of a period, the newest unless named, of all areas that have it.

    Beside the document stand its evidence as CSV and, where there is LibreOffice, its PDF. SettingsError
    where nothing was published or no area has the period, InputError for a delivery that was changed since
    it was published, or a template that cannot be used; nothing is written then.
    """
    found = find_deliveries(out)
    label = period or find_newest_period(found)
    areas, absent = _divide(found, label)
    if not areas:
        raise _build_refusal(found, label)
    spoken = language or areas[0].delivery.language
    chosen = template or FOLDER / f"bulletin_{spoken}.docx"
    check_template(chosen)
    target = _choose_target(to or out / f"bulletin_{label}.docx")
    evidence = EvidenceBook(spoken)
    missing = tuple(_say_absent(ones, label, evidence) for ones in absent)
    listing = target.with_suffix(".csv")
    content = build_content(areas, missing, Imprint(title, office, day), evidence, listing.name)
    as_of = max(area.delivery.as_of for area in areas)
    pdf = target.with_suffix(".pdf")
    _write(target, render_document(content, chosen, as_of), evidence.tabulate())
    no_pdf = print_document(target, pdf, as_of)
    names = tuple(area.delivery.name(spoken) for area in areas)
    return MadeBulletin(label, target, None if no_pdf else pdf, listing, names, missing, no_pdf)


def _divide(found: Sequence[Published], label: str) -> tuple[list[AreaFigures], list[list[Published]]]:
    """What is told of the areas that have a period, and the deliveries of those that do not."""
    by_area = group_by_area(found).values()
    told = [(ones, compare_area(ones, label)) for ones in by_area]
    return [area for _, area in told if area], [ones for ones, area in told if area is None]


def _say_absent(ones: Sequence[Published], label: str, evidence: EvidenceBook) -> str:
    language = evidence.language
    labels = find_text("bulletin.list", language).join(list_labels(ones))
    return find_text("bulletin.absent", language).format(
        area=ones[-1].name(language),
        period=name_period(label, language),
        labels=evidence.write_fact(labels, ones[-1].id),
    )


def _choose_target(path: Path) -> Path:
    problems = [
        Problem(f"--to {path}", found, expected)
        for is_wrong, found, expected in (
            (path.suffix.lower() != ".docx", f"the ending {path.suffix!r}", ".docx"),
            (
                not path.parent.is_dir(),
                "no such folder",
                "a folder that is there",
            ),
        )
        if is_wrong
    ]
    if problems:
        raise SettingsError("The bulletin cannot be written there", problems)
    return path


def _write(target: Path, content: bytes, evidence: pd.DataFrame) -> None:
    """Put a document and its evidence in their places; neither evidence nor PDF of an earlier one stays."""
    listing, pdf = target.with_suffix(".csv"), target.with_suffix(".pdf")
    parts = [target.with_name(f".{target.name}.part"), target.with_name(f".{target.stem}.csv.part")]
    try:
        for place in (target, listing, pdf):
            refuse_link(place)
        parts[0].write_bytes(content)
        write_csv(evidence, parts[1])
        for earlier in (pdf, listing):
            earlier.unlink(missing_ok=True)
        parts[0].replace(target)
        parts[1].replace(listing)
    except OSError as error:
        todo = "Close the program that has it open, or choose another --to"
        problem = Problem(str(target), f"{type(error).__name__}: {error}", "a place to write to", todo)
        raise SettingsError("The bulletin cannot be written there", [problem]) from error
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def _build_refusal(found: Sequence[Published], label: str) -> SettingsError:
    known = ", ".join(dict.fromkeys(list_labels(found)))
    problem = Problem("--period / --quarter", label, f"one of: {known}")
    return SettingsError("No area has this period", [problem])
