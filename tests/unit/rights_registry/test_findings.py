import pandas as pd
import pytest
import shapely

from pipeline.contracts import FINDINGS
from pipeline.rights_registry.findings import build_findings, evaluate_rules, join_findings, join_observations
from pipeline.rights_registry.rules import OBSERVATION_RULES, RULES


def found(parcels, measures, periods, aoi, **options):
    return evaluate(parcels, measures, periods, aoi, **options)["finding_id"].tolist()


def evaluate(parcels, measures, periods, aoi, **options):
    return evaluate_rules(join_observations(parcels, measures, periods), aoi=aoi, **options)


def one(parcels, dlbm):
    return parcels.iloc[[0]].assign(dlbm=dlbm)


@pytest.mark.parametrize(
    ("dlbm", "shares", "expected"),
    [
        ("0701", {"vegetation": 0.6, "built": 0.4}, ["built_but_vegetated:A:2023"]),
        ("0701", {"vegetation": 0.5, "built": 0.5}, []),
        ("0701", {"vegetation": 0.3, "built": 0.1}, []),
        ("0701", {"vegetation": 0.45, "built": 0.1}, ["built_but_vegetated:A:2023"]),
        ("0101", {"vegetation": 0.4, "built": 0.6}, ["green_but_built:A:2023"]),
        ("1101", {"water": 0.4, "built": 0.6}, ["green_but_built:A:2023"]),
        ("115", {"water": 0.88, "built": 0.12}, ["wetland_built:A:2023"]),
        ("1105", {"water": 0.4, "built": 0.6}, ["green_but_built:A:2023", "wetland_built:A:2023"]),
        ("1105", {"water": 0.95, "built": 0.05}, []),
        (None, {"vegetation": 0.1, "built": 0.9}, []),
    ],
)
def test_cover_is_held_against_the_registered_class(
    parcels, measures_of, periods, aoi, dlbm, shares, expected
):
    measures = measures_of(("A", "2023", parcels["area_m2"].iloc[0], shares, 0.5))
    assert found(one(parcels, dlbm), measures, periods[:1], aoi) == expected


@pytest.mark.parametrize(
    ("before", "after", "lost"), [(0.6, 0.4, True), (0.6, 0.5, False), (0.4, 0.6, False), (None, 0.1, False)]
)
def test_a_drop_of_vegetation_is_found_against_the_period_before(
    parcels, measures_of, periods, aoi, before, after, lost
):
    area = parcels["area_m2"].iloc[0]
    measures = measures_of(
        ("A", "2024", area, {"vegetation": 1.0}, after), ("A", "2023", area, {"vegetation": 1.0}, before)
    )
    expected = ["vegetation_loss:A:2024"] if lost else []
    assert found(one(parcels, "0301"), measures, periods, aoi) == expected


@pytest.mark.parametrize(
    ("dlbm", "gained_m2", "expected"),
    [
        ("1105", 30_000.0, ["wetland_lost:A:2024"]),
        ("0101", 30_000.0, ["farmland_gone:A:2024"]),
        ("011", 30_000.0, ["farmland_gone:A:2024"]),
        ("0301", 30_000.0, []),
        ("0101", 399.0, []),
        ("0101", 5_000.0, []),
        ("0101", None, []),
    ],
)
def test_wetland_and_farmland_built_on_since_the_last_period_are_found(
    parcels, measures_of, periods, aoi, dlbm, gained_m2, expected
):
    area = parcels["area_m2"].iloc[0]
    measures = measures_of(*(("A", year, area, {"vegetation": 1.0}, 0.5) for year in ("2023", "2024")))
    gained = {
        **measures.iloc[0].to_dict(),
        "period": "2023/2024",
        "measure": "gained_area:built",
        "value": gained_m2,
    }
    measures = pd.concat([measures, pd.DataFrame([gained])], ignore_index=True)
    assert 100_000 < area < 600_000
    assert found(one(parcels, dlbm), measures, periods, aoi) == expected


def test_a_parcel_never_clear_is_said_for_each_period(parcels, measures_of, periods, aoi):
    area = parcels["area_m2"].iloc[0]
    measures = measures_of(("A", "2023", area, {}, None), ("A", "2024", area, {"water": 0.01}, 0.0))
    assert found(one(parcels, "1101"), measures, periods, aoi) == ["never_clear:A:2023"]


def test_a_parcel_that_was_seen_is_not_called_never_clear_though_nothing_tells_its_class(
    parcels, measures_of, periods, aoi
):
    area = parcels["area_m2"].iloc[0]
    measures = measures_of(*(("A", year, area, {}, 0.6) for year in ("2023", "2024")))
    measures.loc[measures["measure"].eq("seen_share"), "value"] = 1.0
    assert found(one(parcels, "1101"), measures, periods, aoi) == []


def test_each_missing_column_is_one_finding_on_the_area(parcels, measures_of, periods, aoi):
    measures = measures_of(("A", "2023", parcels["area_m2"].iloc[0], {"water": 1.0}, 0.5))
    missing = ["dlbm", "owner_type"]
    findings = evaluate(one(parcels, None), measures, periods[:1], aoi, missing_columns=missing)
    assert findings["finding_id"].tolist() == ["missing_column:dlbm", "missing_column:owner_type"]
    assert findings["parcel_id"].isna().all()
    assert shapely.equals(findings.geometry.to_numpy(), aoi.geometry).all()


def test_findings_carry_the_geometry_of_their_parcel_and_speak_both_languages(
    parcels, measures_of, periods, aoi
):
    measures = measures_of(("A", "2023", parcels["area_m2"].iloc[0], {"built": 1.0}, 0.0))
    (finding,) = evaluate(one(parcels, "0101"), measures, periods[:1], aoi).itertuples()
    assert finding.geometry.equals(parcels.geometry.iloc[0])
    assert finding.severity == "error"
    assert "建设用地" in finding.message_zh
    assert "built-up" in finding.message_en


def test_nothing_seen_and_nothing_registered_gives_an_empty_table(parcels, measures_of, periods, aoi):
    measures = measures_of(("A", "2023", 1.0, {"water": 1.0}, 0.5))
    findings = evaluate(parcels.iloc[:0], measures, periods[:1], aoi)
    assert findings.empty
    assert set(FINDINGS.columns) <= set(findings.columns)


@pytest.mark.parametrize("seed", range(3))
def test_measures_stand_at_their_parcel_and_period_whatever_their_order(parcels, measures_of, periods, seed):
    planted = [
        (parcel, year, 100.0, {"water": share, "bare": 1 - share}, share / 2)
        for year, shift in (("2024", 0.0), ("2023", 0.5))
        for parcel, share in (("C", 0.125 + shift), ("A", 0.25 + shift))
    ]
    measures = measures_of(*planted).sample(frac=1, random_state=seed)
    rows = join_observations(parcels, measures, periods).set_index(["parcel_id", "period"])
    assert list(rows.index) == [
        (parcel, year) for parcel in parcels["parcel_id"] for year in ("2023", "2024")
    ]
    for parcel, year, area, shares, cover in planted:
        row = rows.loc[(parcel, year)]
        assert (row["water_m2"], row["bare_m2"]) == (area * shares["water"], area * shares["bare"])
        assert row["fvc_mean"] == cover
    assert rows.loc[("A", "2024"), "fvc_before"] == rows.loc[("A", "2023"), "fvc_mean"]
    assert rows.loc["B", ["water_m2", "fvc_mean", "fvc_before", "built_gained_m2"]].isna().all(axis=None)


def test_a_measure_given_twice_is_refused(parcels, measures_of, periods):
    measures = measures_of(("A", "2023", 1.0, {"water": 1.0}, 0.5))
    with pytest.raises(ValueError, match="duplicate"):
        join_observations(parcels, pd.concat([measures, measures]), periods)


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_every_rule_says_what_it_is_in_both_languages_and_on_what_basis(rule):
    for text in (rule.title_zh, rule.title_en, rule.basis, rule.message_zh, rule.message_en):
        assert text.strip() == text != ""
    assert rule.message_en.isascii()


@pytest.mark.parametrize("rule", OBSERVATION_RULES, ids=lambda rule: rule.id)
def test_every_rule_about_what_is_seen_passes_over_nothing_and_nulls(rule, parcels, measures_of, periods):
    frame = join_observations(parcels, measures_of(("A", "2023", 1.0, {"water": 1.0}, 0.5)), periods)
    assert not rule.applies(frame[frame["parcel_id"] == "D"]).any()
    assert join_findings([build_findings(rule, frame[rule.applies(frame)].iloc[:0])]).empty
