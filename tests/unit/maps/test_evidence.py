"""A figure names the scenes and the endmembers that it rests on, and no others."""

from datetime import UTC, date, datetime

import geopandas as gpd
import pandas as pd
import pytest

from pipeline.indices.vegetation import EndmemberPair
from pipeline.maps.evidence import (
    CONFIDENCE,
    change_basis,
    cover_basis,
    inundation_basis,
    maps_behind,
    scenes_behind,
)
from pipeline.periods import list_periods
from pipeline.settings import Scenes, Settings
from pipeline.settings.maps import ChangeRules, LandCover, LandMap, WaterRules

PERIODS = list_periods(date(2024, 1, 1), date(2024, 3, 31), "month")


def scenes(*, simulated=False):
    moments = [datetime(2024, 1, 5, tzinfo=UTC), datetime(2024, 1, 25, tzinfo=UTC)]
    moments.append(datetime(2024, 2, 9, 23, 59, tzinfo=UTC))
    missions = ["sentinel-2", "landsat-9", "sentinel-2"]
    table = pd.DataFrame({"datetime": pd.to_datetime(moments), "mission": missions, "simulated": simulated})
    return gpd.GeoDataFrame(table)


def test_a_period_names_its_own_scenes_and_a_change_those_of_both():
    assert scenes_behind(scenes(), PERIODS) == {
        "2024-01": "2 景 landsat-9, sentinel-2 2024-01-05/2024-01-25",
        "2024-02": "1 景 sentinel-2 2024-02-09/2024-02-09",
        "2024-03": "0 景 no scene",
        "2024-01/2024-02": "3 景 landsat-9, sentinel-2 2024-01-05/2024-02-09",
        "2024-02/2024-03": "1 景 sentinel-2 2024-02-09/2024-02-09",
        "2024-01/2024-03": "3 景 landsat-9, sentinel-2 2024-01-05/2024-02-09",
    }


def test_simulated_scenes_are_labelled_even_where_a_period_has_none():
    assert all("模拟" in text for text in scenes_behind(scenes(simulated=True), PERIODS).values())


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        (
            EndmemberPair(0.11, 0.89, "given in the config"),
            "endmembers NDVI 0.11 / 0.89 (given in the config)",
        ),
        (None, "no endmembers"),
    ],
)
def test_cover_names_its_endmembers_and_threshold(pair, words):
    basis = cover_basis(pair, threshold=0.3, source="9 景")
    assert basis.startswith("9 景; ")
    assert words in basis
    assert basis.endswith("FVC >= 0.3")


def test_change_names_what_counts():
    basis = change_basis(settings_of(change=ChangeRules(least_shift=0.2, mmu_m2=900)), source="9 景")
    assert basis.startswith("9 景; ")
    assert ">= 0.2," in basis
    assert ">= 900 m2," in basis
    assert basis.endswith(">= 0.5")


def settings_of(**given):
    scenes = Scenes(start=date(2024, 1, 1), end=date(2024, 3, 31), period="month")
    return Settings(label="2024", aoi=["longyou_bay"], scenes=scenes, **given)


def test_figures_of_existing_maps_name_them_and_count_change_by_its_size_alone():
    given = {"2024-01": LandMap(path="a/one.tif", product="worldcover-v200")}
    rules = LandCover(method="map", maps=given)
    words = maps_behind({"2024-01": "2 景", "2024-01/2024-02": "3 景"}, rules)
    assert words["2024-01"] == "2 景; land cover: worldcover-v200 (one.tif)"
    assert words["2024-01/2024-02"] == "3 景; land cover: worldcover-v200 (one.tif) / none 无"
    assert maps_behind({"2024-01": "2 景"}, LandCover()) == {"2024-01": "2 景"}
    basis = change_basis(settings_of(land_cover=rules), source="3 景")
    assert basis == "3 景; change: patches of >= 600 m2"
    assert "brings no confidence" in CONFIDENCE["map"]


def test_inundation_names_its_limits():
    basis = inundation_basis(WaterRules(least_looks=7, seldom=0.1, mostly=0.9), source="9 景")
    assert basis.startswith("9 景; ")
    assert all(word in basis for word in ("at least 7 looks", ">= 0.9", ">= 0.1"))
