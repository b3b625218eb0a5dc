"""Periods that roll with the calendar."""

from datetime import date, timedelta

import pytest
import yaml

from pipeline.errors import SettingsError
from pipeline.periods import list_complete_before, list_periods
from pipeline.settings import Settings, build_schema, load_settings

DAY = date(2026, 11, 22)


def settings_of(folder, day=DAY, **content):
    path = folder / "run.yaml"
    path.write_text(yaml.safe_dump({"aoi": ["longyou_bay"], **content}), encoding="utf-8")
    return load_settings(path, day=day)


@pytest.mark.parametrize(
    ("kind", "count", "labels"),
    [
        ("year", 1, ["2025"]),
        ("quarter", 2, ["2026Q2", "2026Q3"]),
        ("season", 2, ["2026-spring", "2026-summer"]),
        ("month", 3, ["2026-08", "2026-09", "2026-10"]),
    ],
)
def test_the_last_complete_periods_end_before_the_day(kind, count, labels):
    assert [period.label for period in list_complete_before(DAY, kind, count)] == labels


@pytest.mark.parametrize("kind", ["year", "quarter", "season", "month"])
def test_on_every_day_of_two_years_the_periods_are_whole_and_the_last_that_are_over(kind):
    wide = list_periods(date(2018, 1, 1), date(2030, 12, 31), kind)
    for number in range(730):
        day = date(2024, 1, 1) + timedelta(number)
        over = [period for period in wide if period.last < day]
        assert list_complete_before(day, kind, 3) == over[-3:]


def test_a_rolling_config_gets_its_days_and_the_label_of_its_last_period(tmp_path):
    settings = settings_of(tmp_path, scenes={"rolling": 4, "period": "quarter"})
    assert (settings.scenes.start, settings.scenes.end) == (date(2025, 10, 1), date(2026, 9, 30))
    assert settings.label == "2026Q3"


def test_a_label_that_is_given_stays(tmp_path):
    assert settings_of(tmp_path, label="checked", scenes={"rolling": 1}).label == "checked"


def test_rolling_beside_days_is_a_mistake(tmp_path):
    days = {"start": "2024-01-01", "end": "2024-12-31"}
    with pytest.raises(SettingsError, match="either rolling, or start and end"):
        settings_of(tmp_path, label="2024", scenes={"rolling": 4, **days})


@pytest.mark.parametrize("wrong", [0, -1, 601, "four", 1.5])
def test_a_number_of_periods_that_cannot_be_is_a_mistake(tmp_path, wrong):
    with pytest.raises(SettingsError, match=r"scenes\.rolling"):
        settings_of(tmp_path, label="2024", scenes={"rolling": wrong})


def test_the_schema_asks_for_days_or_for_a_number_of_periods():
    scenes = build_schema()["$defs"]["Scenes"]
    assert scenes["oneOf"] == [{"required": ["start", "end"]}, {"required": ["rolling"]}]


def test_settings_written_to_a_manifest_come_back_to_the_letter(tmp_path):
    written = settings_of(tmp_path, label="2024", scenes={"rolling": 1}).model_dump_json(by_alias=True)
    assert Settings.model_validate_json(written).model_dump_json(by_alias=True) == written
