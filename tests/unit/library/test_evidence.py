"""What a figure rests on is told with the row that it stands in and the scenes of its days."""

import pytest

import pipeline
from pipeline.errors import SettingsError


@pytest.fixture
def delivery():
    return pipeline.open_delivery("delivery/delta/2024")


def test_scenes_are_the_planted_ones_in_order_of_time(delivery, small):
    rows = small.scenes.set_index("id")
    assert list(delivery.scenes["id"]) == ["S2A_x", "S2B_y"]
    assert list(delivery.scenes["datetime"]) == [rows.loc[key, "datetime"] for key in delivery.scenes["id"]]
    assert delivery.scenes["cloud_percent"].isna().tolist() == [False, True]
    assert list(delivery.scenes["item_sha256"]) == ["ab" * 32, "cd" * 32]


def test_a_figure_is_told_with_its_line_and_the_scenes_of_its_period(delivery):
    found = delivery.explain("vegetation_cover_share_land", "2024")
    line = int(found.place.rsplit(" ", 1)[1])
    text = (delivery.folder / "tables" / "indicators.csv").read_text("utf-8-sig").splitlines()[line - 1]
    assert text.startswith("vegetation_cover_share_land,delta,2024,0.6123456789012345,")
    assert found.figure["numerator"] == 71234567.125
    assert list(found.scenes["id"]) == ["S2B_y"]
    assert found.versions == {"ecoledger": "0.1.0"}


def test_an_unknown_figure_is_told_as_unknown_with_its_reason(delivery):
    hostile = delivery.indicators["indicator"].iloc[-1]
    told = str(delivery.explain(hostile))
    assert "= unknown" in told
    assert "reason 时段内无有效观测" in told
    assert "nan" not in told


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        (("ndvi",), "'ndvi'; expected one of vegetation_cover_share_land, mean_fvc_land"),
        (("mean_fvc_land", "2022"), "'2022'; expected one of 2024"),
    ],
)
def test_what_the_delivery_does_not_have_is_refused_with_what_it_has(delivery, asked, match):
    with pytest.raises(SettingsError, match=match):
        delivery.explain(*asked)
