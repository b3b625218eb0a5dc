import json

import pandas as pd
import pytest

from pipeline import standards
from pipeline.contracts import INVENTORY
from pipeline.legends import WATER_CLASS
from pipeline.rights_registry import inventory
from pipeline.rights_registry.findings import join_observations
from pipeline.settings.products import load_products

COVER = inventory.CoverBasis({"2023": "FVC of the greatest NDVI", "2024": "FVC of the composite"})


@pytest.fixture
def measures(parcels, measures_of):
    area = parcels.set_index("parcel_id")["area_m2"]
    return measures_of(
        ("A", "2023", area["A"], {"water": 1.0}, 0.05),
        ("A", "2024", area["A"], {"water": 0.9}, 0.02),
        ("B", "2023", area["B"], {"vegetation": 0.75, "bare": 0.25}, 0.45),
        ("B", "2024", area["B"], {"vegetation": 0.5, "bare": 0.25, "built": 0.25}, 0.44),
        ("C", "2023", area["C"], {}, None),
        ("C", "2024", area["C"], {"vegetation": 1.0}, 0.8),
        ("D", "2023", area["D"], {"bare": 1.0}, 0.1),
        ("D", "2024", area["D"], {"bare": 1.0}, 0.2),
    )


@pytest.fixture
def build(parcels, measures, periods, aoi):
    def run(**options):
        times = options.pop("periods", periods)
        land, seen = options.pop("parcels", parcels), options.pop("measures", measures)
        return inventory.build_inventory(
            join_observations(land, seen, times),
            times,
            aoi=aoi,
            products=load_products(),
            sources={"2023": "Sentinel-2 2023", "2024": "Sentinel-2 2024"},
            simulated=options.pop("simulated", False),
            evidence="parcels 12ab",
            cover=options.pop("cover", COVER),
            **options,
        )

    return run


def rows_of(table, parcel_id, period):
    return table[(table["parcel_id"] == parcel_id) & (table["period"] == period)]


def test_there_is_one_row_per_parcel_period_and_product_with_all_columns(build):
    table = build()
    assert ["parcel_id", *INVENTORY.columns, "geometry"] == list(table.columns)
    assert table["product_id"].is_unique
    assert rows_of(table, "B", "2023")["cat2_code"].tolist() == [
        product.cat2_code for product in load_products().ecosystems["森林"]
    ]
    assert table["product_id"].iloc[0] == "island-2023-M-MAT-02-310151204000001-A"
    assert table.groupby(["parcel_id", "period"], sort=False).ngroups == 8


def test_products_limited_to_land_classes_stay_with_them(build):
    codes = set(rows_of(build(), "A", "2024")["cat2_code"])
    assert "REG-10b" in codes
    assert not codes & {"REG-04", "REG-05a", "REG-06a"}


def test_quantity_is_the_area_in_hectares_and_values_are_null(build, parcels):
    table = build()
    area = table["parcel_id"].map(parcels.set_index("parcel_id")["area_m2"]) / 10_000
    assert (table["quantity"] == area).all()
    assert (table["area_ha"] == area).all()
    assert set(table["quantity_unit"]) == {"ha"}
    for name in ("eco_value_yuan", "econ_value_yuan", "physical_value", "redline", "param_set"):
        assert table[name].isna().all()


@pytest.mark.parametrize(
    ("fvc", "grade"),
    [(0.0, "低"), (0.2999, "低"), (0.3, "中低"), (0.45, "中"), (0.6, "中高"), (0.75, "高"), (1.0, "高")],
)
def test_a_cover_on_a_cut_belongs_to_the_better_grade(build, measures, fvc, grade):
    measures.loc[(measures["parcel_id"] == "B") & (measures["measure"] == "fvc_mean"), "value"] = fvc
    row = rows_of(build(), "B", "2024").iloc[0]
    assert row["quality_grade"] == grade
    assert row["quality_value"] == fvc
    assert "SL 190-2007" in row["quality_basis"]
    assert row["quality_basis"].endswith("；FVC of the composite")


def test_change_is_against_the_period_before_and_null_with_a_reason_otherwise(build):
    table = build()
    assert rows_of(table, "B", "2024")["change"].tolist() == pytest.approx([-0.01] * 6)
    first = rows_of(table, "B", "2023")
    assert first["change"].isna().all()
    assert first["confidence"].str.contains("首期，变化为空").all()
    after_nothing = rows_of(table, "C", "2024")
    assert after_nothing["change"].isna().all()
    assert after_nothing["confidence"].str.contains("上期无质量指标值").all()


def test_what_was_never_seen_is_null_and_says_so(build):
    row = rows_of(build(), "C", "2023").iloc[0]
    assert pd.isna(row["quality_grade"])
    assert pd.isna(row["quality_value"])
    assert pd.isna(row["quality_basis"])
    assert "晴空可见 0.0%" in row["confidence"]
    assert "本期无晴空观测" in row["confidence"]


def test_what_was_seen_but_not_in_its_season_is_not_called_never_seen(build):
    row = rows_of(build(cover=inventory.CoverBasis(COVER.words, "本期生长季无晴空观测")), "C", "2023").iloc[0]
    assert "本期生长季无晴空观测，质量等级为空" in row["confidence"]


def test_a_period_without_classes_says_why_and_only_there(build):
    cover = inventory.CoverBasis(COVER.words, unclassed={"2023": "影像缺波段 swir16", "2024": ""})
    rows = build(cover=cover)
    told = rows["confidence"].str.contains("；影像缺波段 swir16，地表覆盖为空")
    assert told.eq(rows["period"].eq("2023")).all()


def test_a_parcel_without_a_land_class_has_one_row_without_product(build):
    rows = rows_of(build(), "D", "2024")
    assert len(rows) == 1
    assert rows[["cat1_code", "cat2_code", "ecosystem_l1", "dlbm"]].isna().all(axis=None)
    assert rows["quality_grade"].tolist() == ["低"]
    assert "无地类编码" in rows["confidence"].iloc[0]


def test_a_type_without_products_has_one_row_that_says_so(build, parcels):
    rows = rows_of(build(parcels=parcels.assign(dlbm="0601")), "B", "2024")
    assert rows["ecosystem_l1"].tolist() == ["城镇"]
    assert rows["cat2_code"].isna().all()
    assert "未列产品" in rows["confidence"].iloc[0]


def sections(parcels, *entries):
    first = parcels["parcel_id"].iloc[0]
    rows = [
        {"section": name, "period": period, "water_class": code, "parcel_id": None if elsewhere else first}
        for name, period, code, elsewhere in entries
    ]
    return pd.DataFrame(rows).astype({"water_class": "Int64"})


def test_water_takes_the_class_of_the_worst_section_linked_to_it(build, parcels):
    status = sections(
        parcels,
        ("上游", "2024", 2, 0),
        ("下游", "2024", 3, 0),
        ("别处", "2024", 6, 1),
        ("上游", "2023", None, 0),
    )
    table = build(sections=status)
    row = rows_of(table, "A", "2024").iloc[0]
    assert row["quality_grade"] == "Ⅲ类"
    assert row["quality_value"] == 3
    assert "上游、下游" in row["quality_basis"]
    assert "GB 3838-2002" in row["quality_basis"]
    assert row["quality_basis"].endswith("变化为正表示变差")
    assert "变化为正表示提高" in rows_of(table, "B", "2024")["quality_basis"].iloc[0]
    before = rows_of(table, "A", "2023").iloc[0]
    assert pd.isna(before["quality_grade"])
    assert "无已评价的水质断面" in before["confidence"]


def test_every_water_class_has_its_name(build, parcels):
    for entry in WATER_CLASS.classes:
        row = rows_of(build(sections=sections(parcels, ("x", "2024", entry.code, 0))), "A", "2024").iloc[0]
        assert row["quality_grade"] == entry.name_zh


def test_sections_do_not_grade_land(build, parcels):
    land = parcels.assign(dlbm="0301")
    status = sections(parcels, ("x", "2024", 5, 0))
    assert rows_of(build(parcels=land, sections=status), "A", "2024")["quality_grade"].tolist()[0] == "低"


def test_water_without_any_section_has_no_grade(build):
    row = rows_of(build(), "A", "2024").iloc[0]
    assert pd.isna(row["quality_grade"])
    assert "无已评价的水质断面" in row["confidence"]


def test_structure_holds_the_share_of_every_class_and_of_the_unknown(build):
    shares = json.loads(rows_of(build(), "A", "2024")["structure"].iloc[0])
    assert shares == {"水体": 0.9, "植被": 0.0, "裸地": 0.0, "建设用地": 0.0, "未知": 0.1}


def test_codes_of_the_register_are_spoken_and_areas_go_to_their_owner(build):
    table = build()
    state, collective, unknown = (rows_of(table, name, "2024").iloc[0] for name in "ABD")
    assert state["owner_type"] == "全民所有"
    assert state["state_area_ha"] == state["area_ha"]
    assert pd.isna(state["collective_area_ha"])
    assert collective["owner_type"] == "集体所有"
    assert collective["collective_area_ha"] == collective["area_ha"]
    assert pd.isna(unknown["state_area_ha"])
    assert pd.isna(unknown["owner_type"])
    assert state["right_type"] == 9
    assert pd.isna(collective["right_type"])


def test_wetland_area_stands_under_each_of_its_meanings_and_is_null_where_one_is_not_known(build, parcels):
    kinds = ["SZY", None, "SD6", "SL"]
    table = build(parcels=parcels.assign(dlbm=["1101", "1104", "1105", None], resource_kind=kinds))
    area = {name: rows_of(table, name, "2024")["area_ha"].iloc[0] for name in "ABCD"}
    expected = {
        "A": (0, area["A"], area["A"]),
        "B": (0, area["B"], None),
        "C": (area["C"], area["C"], area["C"]),
        "D": (None, "?", 0),
    }
    names = ["wetland_surveyed_ha", "wetland_ecosystem_ha", "wetland_registered_ha"]
    for parcel_id, meanings in expected.items():
        found = rows_of(table, parcel_id, "2024").iloc[0][names]
        told = [None if pd.isna(value) else value for value in found]
        assert all(other in (one, "?") for one, other in zip(told, meanings, strict=True)), parcel_id


def test_areas_by_owner_are_the_registered_ones_where_the_register_tells_them(build, parcels):
    told = parcels.assign(
        state_area_m2=[30_000.0, None, None, None],
        disputed_area_m2=[5_000.0, None, None, None],
        ecological_red_line_share=[0.25, None, 0.0, None],
    )
    table = build(parcels=told)
    row = rows_of(table, "A", "2024").iloc[0]
    assert (row["state_area_ha"], row["disputed_area_ha"], row["redline"]) == (3.0, 0.5, 0.25)
    assert pd.isna(rows_of(table, "B", "2024")["redline"]).all()
    assert rows_of(table, "C", "2024")["redline"].eq(0).all()


def moves(parcel_id, area_m2, seen_m2, **net_ha):
    """Rows of PARCEL_MEASURES in which classes gained or lost so much between 2023 and 2024."""
    records = [
        {
            "parcel_id": parcel_id,
            "period": "2023/2024",
            "measure": f"{kind}_area:{key}",
            "value": 1000.0 + max(0.0, sign * net_ha.get(key, 0.0) * 10_000),
            "unit": "m2",
            "covered_area_m2": seen_m2,
            "unknown_area_m2": area_m2 - seen_m2,
        }
        for kind, sign in (("gained", 1), ("lost", -1))
        for key in ("water", "vegetation", "bare", "built")
    ]
    return pd.DataFrame(records)


def test_the_change_of_each_class_stands_with_what_moved_in_words(build, measures, parcels):
    area = parcels.set_index("parcel_id")["area_m2"]
    added = [moves("B", area["B"], 0.8 * area["B"], vegetation=-1.25, built=1.25), moves("C", area["C"], 0.0)]
    table = build(measures=pd.concat([measures, *added], ignore_index=True))
    row = rows_of(table, "B", "2024").iloc[0]
    assert row["chg_from"] == "2023"
    assert row["chg_quality"] == "降低"
    assert row["chg_vegetation_ha"] == pytest.approx(-1.25)
    assert row["chg_built_ha"] == pytest.approx(1.25)
    assert row["chg_water_ha"] == 0
    assert row["chg_seen_share"] == pytest.approx(0.8)
    words = "两期均可见 80.0%：植被-1.25 公顷、建设用地+1.25 公顷；质量等级 中→中低"
    assert row["chg_reason"] == words
    assert rows_of(table, "C", "2024")["chg_reason"].iloc[0].startswith("两期没有共同可见的部分")
    first = rows_of(table, "B", "2023").iloc[0]
    assert first["chg_reason"] == "首期，无上期可比"
    assert first[["chg_from", "chg_quality", "chg_built_ha", "chg_seen_share"]].isna().all()


def test_a_better_water_class_is_an_improvement_though_its_number_falls(build, parcels):
    status = sections(parcels, ("x", "2023", 4, False), ("x", "2024", 2, False))
    row = rows_of(build(sections=status), "A", "2024").iloc[0]
    assert (row["change"], row["chg_quality"]) == (-2, "提高")


def test_less_cover_is_a_loss_also_on_land_that_a_section_is_linked_to(build, parcels):
    of_b = parcels[parcels["parcel_id"].eq("B")]
    status = sections(of_b, ("x", "2023", 4, False), ("x", "2024", 2, False))
    row = rows_of(build(sections=status), "B", "2024").iloc[0]
    assert (round(row["change"], 6), row["chg_quality"]) == (-0.01, "降低")


def test_every_row_names_its_evidence(build):
    assert set(build()["evidence"]) == {"parcels 12ab"}


def test_every_row_names_the_scenes_of_its_own_period(build):
    table = build()
    assert table["data_source"].tolist() == [f"Sentinel-2 {period}" for period in table["period"]]


def test_simulated_sources_are_labelled_in_every_row(build):
    assert build(simulated=True)["data_source"].str.contains("模拟").all()
    assert not build()["data_source"].str.contains("模拟").any()


def test_no_parcels_give_an_empty_inventory(build, parcels):
    table = build(parcels=parcels.iloc[:0])
    assert table.empty
    assert set(INVENTORY.columns) <= set(table.columns)


@pytest.mark.parametrize("count", [0, 4])
def test_a_run_of_one_period_has_no_change_and_says_so(build, parcels, measures, periods, count):
    only = measures[measures["period"] == "2023"]
    some = parcels.iloc[:count]
    table = build(parcels=some, measures=only[only["parcel_id"].isin(some["parcel_id"])], periods=periods[:1])
    assert table["parcel_id"].nunique() == count
    assert table["chg_from"].isna().all()
    assert set(table["chg_reason"]) <= {"首期，无上期可比"}


def test_every_ecosystem_type_and_land_class_of_the_products_is_of_the_standard():
    classes = standards.table("land_classes")
    table = load_products()
    assert set(table.ecosystems) == set(classes["ecosystem"])
    by_type = classes.groupby("ecosystem")["code"].agg(set)
    for ecosystem, entries in table.ecosystems.items():
        for entry in entries:
            assert set(entry.dlbm) <= by_type[ecosystem]
            assert entry.source
            assert {"M": "MAT", "R": "REG", "C": "CUL"}[entry.cat1] == entry.cat2_code[:3]
