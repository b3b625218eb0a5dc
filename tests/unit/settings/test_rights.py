"""The block `rights` of a config: a list of registers, or a block with more; mistakes keep their lines."""

import pytest

from pipeline.errors import SettingsError
from pipeline.settings import load_settings
from pipeline.settings.rights import RightKind, list_fields
from pipeline.standards import read_rows

BASE = """label: x
aoi: [guangyang_island]
scenes: {provider: simulated, missions: [sentinel-2], start: 2024-01-01, end: 2024-12-31}
"""


@pytest.fixture
def load(tmp_path):
    def write_and_load(text):
        (tmp_path / "config.yaml").write_text(BASE + text, encoding="utf-8")
        return load_settings(tmp_path / "config.yaml")

    return write_and_load


def test_a_run_without_rights_does_not_name_them(load):
    assert load("").rights is None
    assert "rights" not in load("").model_dump(mode="json")


def test_a_list_is_one_of_registers_and_its_paths_follow_the_config(load, tmp_path):
    found = load("rights:\n  - {kind: water_licence, path: a.xlsx}\n").rights
    assert [register.path for register in found.registers] == [str(tmp_path / "a.xlsx")]
    assert load(f"rights: {found.model_dump_json()}\n").rights == found, "as a manifest repeats it"


def test_every_mistake_of_a_list_is_told_with_its_line(load):
    text = "rights:\n  - {kind: water, path: a}\n  - {kind: forest_right, path: b, columns: {foo: x}}\n"
    with pytest.raises(SettingsError) as caught:
        load(text)
    places = [problem.place for problem in caught.value.problems]
    assert [place.rpartition(":")[2] for place in places] == ["5, rights.0.kind", "6, rights.1"]


def test_every_kind_of_register_has_names_fields_and_a_family():
    kinds = {row["kind"] for row in read_rows("rights_kinds")}
    assert kinds == set(RightKind.__args__)
    assert all("number" in list_fields(kind) for kind in kinds)
    resources = {row["resource"] for row in read_rows("rights_resources")}
    told = {row["ours"].partition(".")[2] for row in read_rows("rights_fields") if "." in row["ours"]}
    assert told <= resources


def test_every_resource_has_a_unit_that_its_own_name_is_an_alias_of():
    units = {row["unit"] for row in read_rows("rights_units")}
    assert {row["unit"] for row in read_rows("rights_resources")} <= units
