"""Whether carbon projects meet what methods for salt marsh ask, as findings.

What to call: `found = check_projects(projects, sums)`, with PROJECTS and ACCOUNT_SUMS of all periods; it is
FINDINGS, to be joined with the others.
"""

from typing import Any

import geopandas as gpd
import pandas as pd

from pipeline.accounts.projects import find_stages
from pipeline.rights_registry.findings import build_findings, join_findings
from pipeline.rights_registry.rules import PROJECT_RULES

CARBON = "carbon"
_QUESTIONS = {
    "cover": ("基线植被覆盖度", "cover at the baseline"),
    "intertidal": ("是否潮间带", "whether it is intertidal"),
    "alien_species": ("有无外来物种", "whether alien species grow there"),
}


def check_projects(projects: gpd.GeoDataFrame, sums: pd.DataFrame) -> gpd.GeoDataFrame:
    """FINDINGS of the projects of kind `carbon`: what does not meet a method, and what is not told.

    The baseline is the last year that ends before the project starts; its cover is the mean FVC of the run
    over the ground of the project where it is known.
    """
    carbon = projects[projects["kind"] == CARBON].reset_index(drop=True)
    measured = [_measure_cover(row.project, row.start, sums) for row in carbon.itertuples()]
    rows = carbon.assign(
        key=carbon["project"], **pd.DataFrame(measured, columns=["baseline", "cover", "known"])
    )
    for place, language in enumerate(("zh", "en")):
        rows[f"untold_{language}"] = [_list_questions(row, place) for row in rows.to_dict("records")]
    return join_findings([build_findings(rule, rows[rule.applies(rows)]) for rule in PROJECT_RULES])


def _measure_cover(project: str, start: str | None, sums: pd.DataFrame) -> tuple[str | None, float, float]:
    """The baseline year, the mean cover in it, and the share of the ground where it is known."""
    baseline, _, _ = find_stages(start, sums["period"].unique())
    ground = sums[sums["project"].eq(project) & sums["period"].eq(baseline or "")]
    if "fvc" not in ground or not ground["fvc_m2"].sum() > 0:
        return baseline, float("nan"), 0.0
    known_m2 = float(ground["fvc_m2"].sum())
    return baseline, float(ground["fvc"].sum()) / known_m2, known_m2 / float(ground["area_m2"].sum())


def _list_questions(row: dict[Any, Any], place: int) -> str:
    """Questions that nothing answers, in the language of a place."""
    return ("、", ", ")[place].join(words[place] for name, words in _QUESTIONS.items() if pd.isna(row[name]))
