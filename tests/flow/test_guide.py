"""The code of the guide for analysts runs on the demo, as its page says."""

import contextlib
import io
import re

import pytest

from tests.pages import PAGES

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = "\n".join(BLOCK.findall(PAGES["docs/guide/analysts.md"]))


@pytest.fixture(scope="module")
def ran(demo):
    told = io.StringIO()
    names: dict[str, object] = {}
    with contextlib.chdir(demo.parent), contextlib.redirect_stdout(told):
        exec(compile(CODE, "docs/guide/analysts.md", "exec"), names)
        names["said"] = told.getvalue()
        yield names


def test_the_guide_shows_figures_with_their_evidence(ran):
    assert "vegetation_cover_share_land 2024 = 0." in ran["said"]
    assert "numerator" in ran["said"]
    assert list(ran["cover"]["period"]) == ["2023", "2024"]


def test_its_parcels_have_a_series_over_all_looks(ran):
    series = ran["series"]
    assert set(series["parcel_id"]) == set(ran["largest"]["parcel_id"])
    assert series["value"].notna().any()
    assert series.loc[series["value"].isna(), "reason"].notna().all()


def test_its_maps_are_lazy_and_its_index_lies_in_its_range(ran):
    assert ran["fvc"].chunks is not None
    assert 0 < float(ran["fvc"].mean()) < 1
    assert abs(float(ran["savi"].mean())) < 1.5
