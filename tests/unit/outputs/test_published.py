"""Deliveries as they stand: which one tells of a period, what it is compared with, what is refused."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError, SettingsError
from pipeline.outputs.bulletin.comparing import compare_area
from pipeline.outputs.bulletin.dispatch import list_tasks
from pipeline.outputs.bulletin.evidence import EvidenceBook
from pipeline.outputs.published import (
    choose_delivery,
    find_deliveries,
    find_moments,
    find_newest_period,
)
from pipeline.periods import PERIODS_A_YEAR
from tests.bulletins import COVER, indicator, publish, targets

QUARTERS = [f"{year}Q{quarter}" for year in (2022, 2023, 2024) for quarter in (1, 2, 3, 4)]


def quarter_days(first: int, last: int) -> tuple[str, str]:
    """From the first day of a quarter (0 is 2022Q1) to the last day of another."""
    ends = ("03-31", "06-30", "09-30", "12-31")
    return f"{2022 + first // 4}-{3 * (first % 4) + 1:02d}-01", f"{2022 + last // 4}-{ends[last % 4]}"


@given(
    spans=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), min_size=1, max_size=5), data=st.data()
)
def test_a_period_is_told_by_the_run_that_ends_with_it_or_goes_the_least_beyond(
    tmp_path_factory, spans, data
):
    out = tmp_path_factory.mktemp("out")
    spans = [tuple(sorted(span)) for span in spans]
    for number, (first, last) in enumerate(spans):
        rows = [indicator(COVER, label, number / 10, aoi="east") for label in QUARTERS[first : last + 1]]
        publish(out, "east", f"run{number}", rows, days=quarter_days(first, last))
    asked = data.draw(st.integers(0, 11))
    holding = [last for first, last in spans if first <= asked <= last]
    chosen = choose_delivery(find_deliveries(out), QUARTERS[asked])
    if not holding:
        assert chosen is None
        return
    assert list(chosen.periods)[-1] == QUARTERS[min(holding)]


@given(
    values=st.lists(st.floats(0, 1), min_size=12, max_size=12, unique=True),
    order=st.permutations(range(24)),
    asked=st.integers(4, 11),
)
def test_planted_figures_are_found_whatever_the_order_of_the_rows(tmp_path_factory, values, order, asked):
    out = tmp_path_factory.mktemp("out")
    rows = [indicator(COVER, label, value, aoi="east") for label, value in zip(QUARTERS, values, strict=True)]
    strange = [
        indicator(COVER, label, value / 2, aoi="town") for label, value in zip(QUARTERS, values, strict=True)
    ]
    publish(out, "east", "all", [[*rows, *strange][number] for number in order], days=quarter_days(0, 11))
    (compared,) = compare_area(find_deliveries(out), QUARTERS[asked]).compared
    found = [known.cell.value for known in (compared.now, compared.before, compared.year_ago)]
    assert found == [values[asked], values[asked - 1], values[asked - 4]]
    assert compared.course in ({"worse", "same"} if found[0] < found[1] else {"better", "same"})


@pytest.mark.parametrize(
    ("kind", "label", "moments"),
    [
        ("quarter", "2024Q1", ("2024Q1", "2023Q4", "2023Q1", "2023Q4/2024Q1", "2022Q4/2023Q1")),
        ("month", "2024-03", ("2024-03", "2024-02", "2023-03", "2024-02/2024-03", "2023-02/2023-03")),
        ("year", "2024", ("2024", "2023", "2023", "2023/2024", "2022/2023")),
        (
            "season", "2024-winter",
            (
                "2024-winter", "2023-autumn", "2023-winter",
                "2023-autumn/2024-winter", "2022-autumn/2023-winter",
            ),
        ),
    ],
)  # fmt: skip
def test_a_period_has_one_before_it_and_one_a_year_ago(tmp_path, kind, label, moments):
    publish(tmp_path, "east", "run", [], days=("2022-01-01", "2024-12-31"), period=kind)
    found = find_moments(find_deliveries(tmp_path)[0], label)
    seen = found.now.label, found.before.label, found.year_ago.label, found.now.pair, found.year_ago.pair
    assert seen == moments
    assert PERIODS_A_YEAR[kind] == 1 or found.before != found.year_ago


def test_the_newest_period_is_the_last_of_all_runs(tmp_path):
    publish(tmp_path, "east", "quarters", [], days=("2023-01-01", "2024-09-30"))
    publish(tmp_path, "west", "years", [], days=("2023-01-01", "2023-12-31"), period="year")
    assert find_newest_period(find_deliveries(tmp_path)) == "2024Q3"


def test_a_file_that_was_changed_since_is_refused_by_name(tmp_path):
    folder = publish(tmp_path, "east", "run", [indicator(COVER, "2024Q3", 0.8, aoi="east")])
    table = folder / "tables" / "indicators.csv"
    table.write_text(table.read_text("utf-8-sig").replace("0.8", "0.9"), "utf-8-sig")
    with pytest.raises(InputError, match="not what was published") as refused:
        compare_area(find_deliveries(tmp_path), "2024Q3")
    assert str(table) in str(refused.value)
    table.unlink()
    with pytest.raises(InputError, match="no such file"):
        compare_area(find_deliveries(tmp_path), "2024Q3")


def test_a_table_of_another_version_is_refused_by_its_column(tmp_path):
    rows = [indicator(COVER, "2024Q3", 0.8, aoi="east")]
    table = targets({"status": "failed"}).drop(columns="target_period")
    publish(tmp_path, "east", "run", rows, targets=table)
    area = compare_area(find_deliveries(tmp_path), "2024Q3")
    with pytest.raises(InputError, match="no column target_period"):
        list_tasks([area], EvidenceBook("zh"))
    publish(tmp_path, "west", "run", [{"indicator": COVER}])
    with pytest.raises(InputError, match=r"west/run/tables/indicators.csv.*no column aoi"):
        compare_area([one for one in find_deliveries(tmp_path) if one.aoi == "west"], "2024Q3")


def test_manifests_that_are_none_are_all_named(tmp_path):
    good = publish(tmp_path, "east", "run", [])
    contents = {"text": "hello", "list": "[]", "old": json.dumps({"aoi": "east"})}
    told = json.loads((good / "manifest.json").read_text("utf-8"))
    contents["half"] = json.dumps({key: told[key] for key in ("aoi", "config")})
    for name, content in contents.items():
        (tmp_path / "east" / name).mkdir()
        (tmp_path / "east" / name / "manifest.json").write_text(content, "utf-8")
    with pytest.raises(InputError) as refused:
        find_deliveries(tmp_path)
    assert sorted(problem.place.split("/")[-2] for problem in refused.value.problems) == sorted(contents)


def test_what_is_being_published_is_no_delivery_yet(tmp_path):
    publish(tmp_path, "east", ".2024.part", [])
    with pytest.raises(SettingsError, match="No deliver"):
        find_deliveries(tmp_path)


def test_years_are_compared_once(tmp_path):
    rows = [indicator(COVER, "2023", 0.7, aoi="east"), indicator(COVER, "2024", 0.8, aoi="east")]
    publish(tmp_path, "east", "2024", rows, period="year")
    found = compare_area(find_deliveries(tmp_path), "2024")
    assert found.moments.before == found.moments.year_ago
    assert found.delivery.periods["2024"].first == date(2024, 1, 1)
