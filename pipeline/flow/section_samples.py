"""The samples of a run at the sections of an area, and what of both finds no match."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import geopandas as gpd
import pandas as pd
from shapely.geometry.base import BaseGeometry

from pipeline.engine.study import Study
from pipeline.errors import InputError, Problem
from pipeline.flow.inputs import Inputs
from pipeline.geodesy import CGCS2000
from pipeline.indices.sections import membership as section_membership
from pipeline.indices.sections.months import date_samples, select_period
from pipeline.indices.sections.places import AMBIGUOUS, NOT_REGISTERED, PlacedSamples, place_samples
from pipeline.ingest.samples import read_sections, read_tables
from pipeline.ingest.samples.tables import Tables, build_rejects, join_tables, no_samples
from pipeline.periods import Period
from pipeline.rights_registry import findings
from pipeline.rights_registry.rules import RULES

OUTSIDE_THE_RUN = "时间在本次运行的起止日期之外，未参与评价 (outside the days of the run)"

_RULE_OF = {
    NOT_REGISTERED: "section_not_registered",
    AMBIGUOUS: "section_ambiguous",
    section_membership.UNSAMPLED: "section_unsampled",
    section_membership.AOI_UNKNOWN: "section_misplaced",
    section_membership.OUTSIDE: "section_misplaced",
}
_NAMED = 10


@dataclass(frozen=True)
class StudySamples:
    """Readings, register and areas of a run, and the sections of one area among them."""

    study: Study
    tables: Tables
    register: pd.DataFrame | None
    areas: Mapping[str, BaseGeometry]

    @classmethod
    def of(cls, study: Study, inputs: Inputs) -> "StudySamples":
        """What the files of the run hold."""
        return cls(study, read_tables(inputs.samples), _load_register(study, inputs), study.known)

    @property
    def days(self) -> Period:
        """All days of the run."""
        scenes = self.study.settings.scenes
        return Period(scenes.start, scenes.end, self.study.settings.label)

    @cached_property
    def everywhere(self) -> PlacedSamples:
        """All samples at all sections."""
        return place_samples(self.tables.samples, self.register, self.tables.points)

    @cached_property
    def here(self) -> PlacedSamples:
        """The sections of the area."""
        return section_membership.select_sections(self.everywhere, self.study.aoi.id, self.areas)

    @cached_property
    def unmatched(self) -> pd.DataFrame:
        """What finds no match (see `section_membership.list_mismatches`); nothing without a register."""
        found = section_membership.list_mismatches(self.everywhere, self.study.aoi.id, self.areas, self.days)
        return found if self.register is not None else found[:0]

    def findings(self) -> gpd.GeoDataFrame:
        """One finding for each reason in `unmatched`, with the geometry of the area."""
        rows = self.unmatched.assign(rule=self.unmatched["reason"].map(_RULE_OF))
        parts = [
            findings.build_findings(RULES[rule], self._counted(rows[rows["rule"] == rule]))
            for rule in dict.fromkeys(_RULE_OF.values())
        ]
        return findings.join_findings(parts)

    def _counted(self, rows: pd.DataFrame) -> gpd.GeoDataFrame:
        """One row with the number and the first names of some sections, none for no section."""
        names = "、".join(rows["section"].head(_NAMED)) + ("……" if len(rows) > _NAMED else "")
        facts = pd.DataFrame({"count": [len(rows)], "names": [names]})
        told = gpd.GeoDataFrame(facts, geometry=[self.study.aoi.geometry], crs=CGCS2000)
        return told[told["count"] > 0]

    def rejected(self) -> pd.DataFrame:
        """What the tables lose, then one row per file for its readings outside the days of the run."""
        samples = self.tables.samples
        outside = samples.drop(index=select_period(date_samples(samples), self.days).index)
        by_file = outside.groupby("file", sort=False)["time"].agg(["min", "max", "size"])
        spans = [f"{row.min:%Y-%m-%d}/{row.max:%Y-%m-%d}" for row in by_file.itertuples(index=False)]
        lost = build_rejects(by_file.index, "", 0, "", spans, OUTSIDE_THE_RUN, by_file["size"])
        return join_tables([Tables(no_samples(), part) for part in (self.tables.rejects, lost)]).rejects


def _load_register(study: Study, inputs: Inputs) -> pd.DataFrame | None:
    """The register of sections, with their target classes from the table of targets where it has them."""
    targets = study.settings.sections.targets
    tables = [read_sections(path) for path in (inputs.sections, Path(targets) if targets else None) if path]
    if not tables:
        return None
    register = tables[0]
    if len(tables) > 1:
        _refuse_other_ids(register, tables[1])
        given = tables[1].set_index("section_id")["target_class"]
        wanted = register["section_id"].map(given).astype("Int64")
        register = register.assign(target_class=wanted.fillna(register["target_class"]))
    return register


def _refuse_other_ids(register: pd.DataFrame, targets: pd.DataFrame) -> None:
    """InputError where a section of the register stands among the targets under another id alone."""
    wanting = register[~register["section_id"].isin(targets["section_id"])]
    strange = targets[~targets["section_id"].isin(register["section_id"])]
    names = ["province", "basin", "section"]
    both = wanting.merge(strange, on=names, suffixes=("", "_other"))
    problems = [
        Problem(
            f"sections.targets, {row.section}",
            f"the id {row.section_id_other!r}",
            f"{row.section_id!r}, as in the register of sections",
            "Codes may have lost leading zeros or digits in a spreadsheet: keep them as text",
        )
        for row in both.itertuples(index=False)
    ]
    if problems:
        raise InputError("Targets are of no registered section", problems)
