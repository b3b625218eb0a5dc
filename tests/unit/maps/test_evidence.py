"""A figure names the scenes and the endmembers that it rests on, and no others."""

from datetime import UTC, date, datetime

import geopandas as gpd
import pandas as pd
import pytest

from pipeline.engine.study import Study
from pipeline.indices.vegetation import EndmemberPair
from pipeline.maps.evidence import (
    CONFIDENCE,
    describe_change,
    describe_cover,
    describe_inundation,
    describe_sources,
)
from pipeline.settings import Scenes, Settings
from pipeline.settings.maps import ChangeRules, LandCover, LandMap, WaterRules


def scenes(*, simulated=False):
    moments = [datetime(2024, 1, 5, tzinfo=UTC), datetime(2024, 1, 25, tzinfo=UTC)]
    moments.append(datetime(2024, 2, 9, 23, 59, tzinfo=UTC))
    missions = ["sentinel-2", "landsat-9", "sentinel-2"]
    table = pd.DataFrame({"datetime": pd.to_datetime(moments), "mission": missions, "simulated": simulated})
    return gpd.GeoDataFrame(table)


def test_a_period_names_its_own_scenes_and_a_change_those_of_both():
    assert sources_of(scenes()) == {
        "2024-01": "2 景 landsat-9, sentinel-2 2024-01-05/2024-01-25",
        "2024-02": "1 景 sentinel-2 2024-02-09/2024-02-09",
        "2024-03": "0 景 no scene",
        "2024-01/2024-02": "3 景 landsat-9, sentinel-2 2024-01-05/2024-02-09",
        "2024-02/2024-03": "1 景 sentinel-2 2024-02-09/2024-02-09",
        "2024-01/2024-03": "3 景 landsat-9, sentinel-2 2024-01-05/2024-02-09",
    }


def test_simulated_scenes_are_labelled_even_where_a_period_has_none():
    assert all("模拟" in text for text in sources_of(scenes(simulated=True)).values())


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
    basis = describe_cover(pair, ndvi="greatest NDVI", threshold=0.3, source="9 景")
    assert basis.startswith("9 景; ")
    assert words in basis
    assert "greatest NDVI" in basis
    assert basis.endswith("FVC >= 0.3")


def test_change_names_what_counts():
    basis = describe_change(settings_of(change=ChangeRules(least_shift=0.2, mmu_m2=900)), source="9 景")
    assert basis.startswith("9 景; ")
    assert ">= 0.2," in basis
    assert ">= 900 m2," in basis
    assert basis.endswith(">= 0.5")


def sources_of(table, **given):
    """What is said of every period, pair and span, by label."""
    found = describe_sources(Study.of("longyou_bay", settings_of(**given)), table)
    return {when.label: words for when, words in found.items()}


def settings_of(**given):
    scenes = Scenes(start=date(2024, 1, 1), end=date(2024, 3, 31), period="month")
    return Settings(label="2024", aoi=["longyou_bay"], scenes=scenes, **given)


def test_figures_of_existing_maps_name_them_and_count_change_by_its_size_alone():
    given = {"2024-01": LandMap(path="a/one.tif", product="worldcover-v200")}
    rules = LandCover(method="map", maps=given)
    words = sources_of(scenes(), land_cover=rules)
    assert words["2024-01"].endswith("; land cover: worldcover-v200 (one.tif)")
    assert words["2024-01/2024-02"].endswith("; land cover: worldcover-v200 (one.tif) / none 无")
    basis = describe_change(settings_of(land_cover=rules), source="3 景")
    assert basis == "3 景; change: patches of >= 600 m2"
    assert "brings no confidence" in CONFIDENCE["map"]


def test_inundation_names_its_limits():
    basis = describe_inundation(WaterRules(least_looks=7, seldom=0.1, mostly=0.9), source="9 景")
    assert basis.startswith("9 景; ")
    assert all(word in basis for word in ("at least 7 looks", ">= 0.9", ">= 0.1"))
