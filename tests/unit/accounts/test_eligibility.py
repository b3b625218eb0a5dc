"""Carbon projects against what methods for salt marsh ask."""

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import box

from pipeline.accounts.eligibility import check_projects
from pipeline.geodesy import CGCS2000

FINE = {
    "kind": "carbon",
    "start": "2023-05-01",
    "intertidal": True,
    "alien_species": "none",
    "documents": "海域证 1",
}


def check(cover=0.02, **told):
    project = {"project": "marsh", "name": "东滩修复", **FINE, **told}
    table = gpd.GeoDataFrame([project], geometry=[box(121.9, 31.5, 122.0, 31.6)], crs=CGCS2000)
    table["intertidal"] = table["intertidal"].astype("boolean")
    sums = pd.DataFrame(
        {
            "project": ["marsh", "marsh", "marsh", None],
            "period": ["2022", "2022", "2024", "2022"],
            "area_m2": [60.0, 40.0, 100.0, 900.0],
        }
    )
    if cover is not None:
        sums = sums.assign(fvc=[cover * 60.0, 0.0, 90.0, 900.0], fvc_m2=[60.0, 0.0, 100.0, 900.0])
    return check_projects(table, sums).set_index("rule")


def test_a_bare_flat_with_its_papers_meets_what_was_checked_and_no_more_is_claimed():
    found = check()
    assert found.index.tolist() == ["project_conditions_met"]
    assert "2.0%" in found["message_en"].iloc[0]
    assert "no validation" in found["message_en"].iloc[0]


@pytest.mark.parametrize(
    ("told", "rule", "words"),
    [
        ({"cover": 0.08}, "project_cover", "8.0%"),
        ({"cover": 0.05}, "project_cover", "60%"),
        ({"intertidal": False}, "project_not_intertidal", "not to be intertidal"),
        ({"alien_species": "互花米草"}, "project_alien_species", "互花米草"),
        ({"documents": None}, "project_without_documents", "no document"),
        ({"intertidal": None}, "project_untold", "whether it is intertidal"),
        ({"alien_species": None}, "project_untold", "whether alien species grow there"),
        ({"cover": None}, "project_untold", "cover at the baseline"),
        ({"start": None}, "project_untold", "cover at the baseline"),
        ({"start": "2021-01-01"}, "project_untold", "cover at the baseline"),
    ],
)
def test_each_condition_that_is_not_met_or_not_told_is_a_finding_of_its_own(told, rule, words):
    found = check(**told)
    assert found.index.tolist() == [rule]
    assert words in found["message_en"].iloc[0]
    assert found["message_zh"].str.contains("东滩修复").all()


def test_all_that_is_wrong_is_told_at_once():
    found = check(cover=0.5, intertidal=False, alien_species="互花米草", documents=None)
    assert set(found.index) == {
        "project_cover", "project_not_intertidal", "project_alien_species", "project_without_documents",
    }  # fmt: skip
    assert found["finding_id"].is_unique


def test_a_project_that_is_not_about_carbon_is_asked_nothing():
    assert check(kind="belt", documents=None).empty
