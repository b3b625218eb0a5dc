import pandas as pd
import pytest

from pipeline import contracts, standards
from pipeline.outputs.columns import describe_column, holds_names, list_values, name_columns, name_values

SCHEMAS = (
    contracts.INVENTORY,
    contracts.PARCELS,
    contracts.SECTION_STATUS,
    contracts.CHANGE_PATCHES,
    contracts.FINDINGS,
    contracts.PARCEL_MEASURES,
    contracts.AREA_BALANCE,
    contracts.INDICATORS,
    contracts.SCENE_TABLE,
    contracts.STATISTICS,
    contracts.REGIONS,
    contracts.ACCOUNT_SUMS,
    contracts.ACCOUNT_PARAMETERS,
    contracts.ACCOUNT_ITEMS,
    contracts.ACCOUNT_TOTALS,
    contracts.ACCOUNT_METHODS,
    contracts.ACCOUNT_INPUTS,
    contracts.REJECTED,
    contracts.PROJECTS,
    contracts.ACCOUNT_EXTENT,
    contracts.ACCOUNT_CONDITION,
    contracts.ACCOUNT_SERVICES,
    contracts.ACCOUNT_BRIDGE,
    contracts.ACCOUNT_CARBON,
    contracts.ACCOUNT_PROJECTS,
    contracts.ACCOUNT_BALANCE,
    contracts.ACCOUNT_BASES,
    contracts.SPECIES_COUNTS,
    contracts.SPECIES_LIST,
    contracts.SPECIES_RECORDS,
    contracts.SPECIES_CHANGE,
    contracts.WATERBIRDS,
    contracts.SPECIES_SITES,
    contracts.ECOLOGICAL_INDEX,
    contracts.ECOLOGICAL_INDEX_INPUTS,
    contracts.ECOLOGICAL_QUALITY,
    contracts.REJECTED,
    contracts.SURVEY_SITES,
    contracts.ACCESS,
    contracts.ACCESS_UNSERVED,
    contracts.ACCESS_INPUTS,
    contracts.REJECTED,
    contracts.HEALTH_CRITERIA,
    contracts.HEALTH_LAYERS,
    contracts.HEALTH_CARDS,
    contracts.HEALTH_SIDES,
    contracts.HEALTH_SECTIONS,
    contracts.HEALTH_REACHES,
    contracts.ZONE_COMPLIANCE,
    contracts.WATER_BODIES,
)
NO_COLUMNS_FOR_STAFF = {"assets"}


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_every_column_of_the_contracts_has_a_chinese_name(schema):
    for column in set(schema.columns) - NO_COLUMNS_FOR_STAFF:
        assert describe_column(column).source, column


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_two_columns_of_a_table_share_a_name(schema, language):
    names = name_columns(schema.columns, language)
    assert len(set(names.values())) == len(names)


def test_no_column_is_named_twice_in_the_standards():
    own = standards.table("column_names")["column"]
    assert own.is_unique
    assert not set(own) & set(standards.table("inventory_schema")["field"])


def test_the_mean_of_a_parameter_is_named_after_it():
    assert describe_column("mean_TP").name("zh") == "总磷均值"
    assert describe_column("mean_TP").unit == "mg/L"
    assert describe_column("mean_pH").unit == ""


def test_a_column_that_nobody_named_is_called_by_its_key():
    assert describe_column("whatever").name("zh") == "whatever"
    assert describe_column("mean_unobtainium").name("zh") == "mean_unobtainium"


def test_names_that_would_meet_carry_their_key(monkeypatch):
    monkeypatch.setattr("pipeline.outputs.columns._load_columns", dict)
    assert name_columns(["a", "b"], "zh") == {"a": "a", "b": "b"}
    same = describe_column("a")
    monkeypatch.setattr("pipeline.outputs.columns._load_columns", lambda: {"a": same, "b": same})
    assert name_columns(["a", "b"], "zh") == {"a": "a (a)", "b": "a (b)"}


def test_codes_are_read_as_names_and_other_words_stay():
    owners = pd.Series(["1", "2", None, "国有"])
    assert name_values("owner_type", owners, "zh").fillna("").tolist() == ["全民所有", "集体所有", "", "国有"]
    classes = pd.Series([6, None], dtype="Int64")
    assert name_values("water_class", classes, "zh").fillna("").tolist() == ["劣Ⅴ类", ""]


def test_owners_have_english_names_and_land_classes_their_code_and_name():
    owners = pd.Series(["1", "2"])
    assert name_values("owner_type", owners, "en").tolist() == ["State-owned", "Collectively owned"]
    assert [entry.code for entry in list_values("owner_type")] == ["1", "2"]
    assert name_values("dlbm", pd.Series(["0303", "9999"]), "zh").tolist() == ["0303 红树林地", "9999"]


def test_no_value_of_a_column_is_named_twice():
    for column in (
        "owner_type",
        "exercise_mode",
        "unit_type",
        "right_type",
        "dlbm",
        "ecosystem_l1",
        "measure",
    ):
        codes = [entry.code for entry in list_values(column)]
        assert len(codes) == len(set(codes)) > 1


def test_english_overrides_keep_the_chinese_names_of_the_register():
    rights = standards.table("rights").set_index(["dictionary", "code"])["name_zh"]
    for column in ("owner_type", "exercise_mode"):
        assert {entry.code: entry.name_zh for entry in list_values(column)} == rights[column].to_dict()


def test_a_column_of_names_is_told_from_a_column_of_codes():
    assert holds_names("owner_type", pd.Series(["全民所有", None]))
    assert not holds_names("owner_type", pd.Series(["1", "2", None]))
    assert not holds_names("owner_type", pd.Series([None, None]))


def test_every_indicator_has_a_name():
    assert {entry.code for entry in list_values("indicator")} == set(
        standards.table("indicator_names")["indicator"]
    )
