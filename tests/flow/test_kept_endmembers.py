"""Endmembers that runs share by name: what was published stays as it was when the window rolls."""

import json

import pytest
from planted_scenes import GROUND, PLANTS, indicators_of, plant, run

from pipeline.commands.diff import compare_deliveries
from tests.stac import write_catalogue

QUARTERS = {"2024-02-10": 4400, "2024-05-10": 3900, "2024-08-10": 5200}
"""Near infrared of the plants on a day of each quarter."""
KEPT = {"endmembers": [5, 95], "keep_endmembers": "quarterly"}
FIRST, LATER = ("2024-01-01", "2024-06-30"), ("2024-04-01", "2024-09-30")
COVER = ["vegetation_cover_share_land", "mean_fvc_land", "mean_fvc_area"]


def ndvi(nir, red):
    return round((nir - red) / (nir + red), 4)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rolling")
    items = [
        plant(
            folder / "stac",
            f"S2A_51RUQ_{day.replace('-', '')}_0_L2A",
            f"{day}T02:30:15Z",
            0.5,
            plants={**PLANTS, "nir": nir, "nir08": nir},
        )
        for day, nir in QUARTERS.items()
    ]
    return folder, {"static": str(write_catalogue(folder / "stac", items))}


def roll(archive, out, label, days, vegetation):
    folder, provider = archive
    start, end = days
    asked = {"start": start, "end": end, "period": "quarter"}
    code, message = run(folder, provider, out, label=label, vegetation=vegetation, **asked)
    assert code == 0, message
    return folder / out / "field" / label


def spring(folder):
    """The figures of cover of the second quarter in a delivery."""
    rows = indicators_of(folder.parents[2], folder.parents[1].name, folder.name)
    return rows[rows["period"] == "2024Q2"].loc[COVER, "value"].tolist()


def told(folder):
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def kept(archive):
    return [roll(archive, "kept", label, days, KEPT) for label, days in (("a", FIRST), ("b", LATER))]


def test_a_published_quarter_stays_as_it_was_when_the_window_rolls(kept):
    before, after = kept
    assert spring(before) == spring(after)
    founded, taken = (told(folder)["endmembers"]["kept"] for folder in kept)
    assert founded == taken
    assert (founded["name"], founded["since"]) == ("quarterly", "a")
    assert founded["ends"]["soil"] == ndvi(GROUND["nir"], GROUND["red"])
    assert founded["ends"]["vegetation"] == ndvi(QUARTERS["2024-02-10"], PLANTS["red"])
    assert any("keep_endmembers" in warning for warning in told(before)["warnings"])
    assert not any("keep_endmembers" in warning for warning in told(after)["warnings"])
    rows = indicators_of(after.parents[2], "kept", "b")
    assert rows.loc["mean_fvc_land", "source"].str.contains("kept 沿用 quarterly, since 始于 a").all()
    assert "endmembers" not in set(compare_deliveries(before, after).reasons["subject"])


def test_without_a_name_it_changes_and_diff_says_that_the_endmembers_did(archive, kept):
    free = roll(archive, "free", "b", LATER, {"endmembers": [5, 95]})
    assert spring(free) != spring(kept[0])
    reasons = compare_deliveries(kept[0], free).reasons
    (words,) = reasons[reasons["subject"] == "endmembers"]["what"]
    old, new = (ndvi(QUARTERS[day], PLANTS["red"]) for day in ("2024-02-10", "2024-08-10"))
    assert f"/ {old:g} → " in words
    assert words.endswith(f"/ {new:g}")


def test_the_run_that_found_them_gives_the_same_again_and_is_kept(archive, kept):
    before = told(kept[0])
    roll(archive, "kept", "a", FIRST, KEPT)
    assert told(kept[0]) == before


@pytest.mark.usefixtures("kept")
def test_endmembers_found_by_other_rules_are_refused_under_the_name(archive):
    folder, provider = archive
    asked = {"start": LATER[0], "end": LATER[1], "period": "quarter"}
    other = {**KEPT, "endmembers": [2, 98]}
    code, message = run(folder, provider, "kept", label="c", vegetation=other, **asked)
    assert code == 2
    for words in ("vegetation.keep_endmembers (field)", "quarterly, found in a", "another name"):
        assert words in message
    assert not (folder / "kept" / "field" / "c").exists()
