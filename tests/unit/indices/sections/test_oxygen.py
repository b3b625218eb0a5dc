"""Saturated oxygen against the published table; class I by saturation where its parts are known."""

import numpy as np
import pandas as pd
import pytest

from pipeline import standards
from pipeline.indices.sections.grades import grade_sections
from pipeline.indices.sections.oxygen import compute_saturated_oxygen
from pipeline.periods import list_periods

LIMITS = standards.table("water_limits")
WARM_C, HIGH_M = 26.0, 1900.0


@pytest.mark.parametrize(
    ("temperature_c", "expected"),
    [
        (0, 14.621),
        (5, 12.770),
        (10, 11.288),
        (15, 10.084),
        (20, 9.092),
        (25, 8.263),
        (30, 7.559),
        (40, 6.412),
    ],
)
def test_at_sea_level_it_is_that_of_the_table_of_benson_and_krause(temperature_c, expected):
    found = compute_saturated_oxygen(np.array([float(temperature_c)]), np.array([0.0]))
    assert found == pytest.approx([expected], abs=1.1e-3)


def test_it_falls_with_height_about_as_the_pressure_does():
    low, high = compute_saturated_oxygen(np.array([20.0, 20.0]), np.array([0.0, 1500.0]))
    assert high / low == pytest.approx((1 - 1.5 / 44.3) ** 5.25, rel=0.01)


def _grade(*readings, altitude_m=HIGH_M):
    table = pd.DataFrame(readings, columns=["time", "parameter", "value"])
    samples = table.assign(
        time=pd.to_datetime(table["time"]).dt.tz_localize("Asia/Shanghai"),
        section="甲", section_id="S", province=None, basin=None, censored=False, unit="", water_body="lake",
    )  # fmt: skip
    register = pd.DataFrame({"section_id": ["S"], "section": ["甲"], "aliases": "", "altitude_m": altitude_m})
    first = pd.Timestamp("2024-01-01").date()
    months = list_periods(first, pd.Timestamp("2024-12-31").date(), "year")
    register = register.reindex(
        columns=["province", "basin", "water_body", "target_class", "lon", "lat", *register]
    )
    return grade_sections(samples, months, LIMITS, register)


def _saturated(share):
    return share * float(compute_saturated_oxygen(np.array([WARM_C]), np.array([HIGH_M]))[0])


@pytest.mark.parametrize(("share", "grade"), [(0.95, 1), (0.9, 1), (0.89, 3)])
def test_warm_water_high_up_is_of_class_i_from_ninety_percent_of_saturation(share, grade):
    value = _saturated(share)
    assert value < 7.5
    graded = _grade(("2024-05-01", "DO", value), ("2024-05-01", "WT", WARM_C))
    oxygen = graded.items.set_index("parameter").loc["DO"]
    assert oxygen["saturation"] == pytest.approx(share)
    assert oxygen["class"] == grade
    assert graded.status["water_class"].tolist() == [grade]


@pytest.mark.parametrize(
    "readings",
    [
        [("2024-05-01", "DO", 5.9)],
        [("2024-05-01", "DO", 5.9), ("2024-05-02", "WT", WARM_C)],
        [("2024-05-01", "DO", 5.9), ("2024-05-01", "WT", WARM_C), ("2024-06-01", "DO", 5.9)],
    ],
)
def test_without_the_temperature_of_every_reading_the_saturation_is_unknown(readings):
    oxygen = _grade(*readings).items.set_index("parameter").loc["DO"]
    assert np.isnan(oxygen["saturation"])
    assert oxygen["class"] == 3


def test_without_the_altitude_the_saturation_is_unknown():
    graded = _grade(("2024-05-01", "DO", 5.9), ("2024-05-01", "WT", WARM_C), altitude_m=np.nan)
    assert graded.items["saturation"].isna().all()


def test_the_saturation_of_a_year_is_the_mean_of_its_months():
    days = [("2024-05-01", 0.8), ("2024-05-02", 0.8), ("2024-06-01", 1.2)]
    readings = [("DO", day, _saturated(share)) for day, share in days] + [
        ("WT", day, WARM_C) for day, _ in days
    ]
    found = _grade(*[(day, code, value) for code, day, value in readings])
    assert found.items.set_index("parameter").loc["DO", "saturation"] == pytest.approx(1.0)
