"""Records of surveys for tests, as `ingest.species` gives them."""

import math
from datetime import date

import pandas as pd

from pipeline.assessment.species.surveys import assign_periods
from pipeline.periods import list_periods

YEARS = list_periods(date(2022, 1, 1), date(2024, 12, 31), "year")[1:]
QUARTERS = list_periods(date(2023, 1, 1), date(2024, 12, 31), "quarter")
GROUPS = {
    "鹤": "waterbird",
    "雁": "waterbird",
    "雀": "bird",
    "苇": "plant",
    "菰": "aquatic_plant",
    "鱼": "fish",
}


def record(species, day, low=1, high=None, *, site="S1", complex_="A", group=None, about=False, last=None):
    """One record; `species` None where nothing of the group was found."""
    known = GROUPS.get(species) if species else group
    return {
        "species": species,
        "latin": None,
        "species_group": known,
        "surveyed_group": group or known,
        "site_id": site,
        "site": site,
        "site_complex": complex_,
        "first_day": date.fromisoformat(day),
        "last_day": date.fromisoformat(last or day),
        "survey_date": day,
        "count_low": float(low),
        "count_high": float(low if high is None else high),
        "count_about": about,
        "counted": high is None or math.isfinite(high),
        "survey_method": None,
        "observers": None,
        "file": "a.csv",
        "sheet": "",
        "row": 2,
    }


def build(*rows, periods=YEARS):
    """Records with their periods."""
    table = pd.DataFrame(list(rows))
    return assign_periods(table.assign(row=range(2, len(table) + 2)), periods)
