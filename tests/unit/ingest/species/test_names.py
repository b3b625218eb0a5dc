"""Names of species: aliases, Latin names with authors, and those that name none, or several."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.ingest.species.latin import read_latin
from pipeline.ingest.species.names import read_species_names
from pipeline.ingest.statistics.figures import Unusable
from pipeline.settings.species import SpeciesTable
from tests.unit.ingest.species.tables import NAMES, write_csv


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    path = write_csv(tmp_path_factory.mktemp("names") / "names.csv", NAMES, encoding="gb18030")
    return read_species_names(SpeciesTable(path=path))


@pytest.mark.parametrize(
    ("text", "species"),
    [
        ("Grus monacha Temminck, 1835", "grus monacha"),
        ("Anas platyrhynchos L.", "anas platyrhynchos"),
        ("Calidris alpina sakhalina (Vieillot, 1816)", "calidris alpina"),
        ("Phragmites australis (Cav.) Trin. ex Steud.", "phragmites australis"),
        ("Salix matsudana Koidz. var. tortuosa Vilm.", "salix matsudana"),
        ("Scirpus mariqueter Tang et F. T. Wang", "scirpus mariqueter"),
        ("Macoma (Limecola) balthica", "macoma balthica"),
        ("Populus × canadensis Moench", "populus ×canadensis"),
        ("GRUS MONACHA", "grus monacha"),
        ("grus  monacha", "grus monacha"),
        ("Ｇｒｕｓ ｍｏｎａｃｈａ", "grus monacha"),
    ],
)
def test_a_latin_name_is_genus_and_species_without_its_author(text, species):
    assert read_latin(text).species == species


def test_what_stands_below_a_species_is_told_apart_from_its_author():
    assert read_latin("Calidris alpina sakhalina (Vieillot, 1816)").below == "sakhalina"
    assert read_latin("Salix matsudana Koidz. var. tortuosa Vilm.").below == "tortuosa"
    assert read_latin("Scirpus mariqueter Tang et F. T. Wang").below is None


@pytest.mark.parametrize("text", ["Carex sp.", "Carex spp.", "Anas cf. crecca", "Anatidae", "白头鹤", ""])
def test_a_name_without_a_species_is_none(text):
    assert read_latin(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "白头鹤", "玄鹤", " 白头鹤 ", "1. 白头鹤", "(2)白头鹤", "白头鹤*", "白头鹤（幼）", "白头鹤（玄鹤）",
        "白头鹤 Grus monacha Temminck, 1835", "白头鹤（Grus monacha）", "白头鹤Grus monacha", "Grus monacha",
        "GRUS MONACHA", "修女鹤 Grus monacha", "Grus monacha monacha",
    ],
)  # fmt: skip
def test_a_species_is_found_by_any_of_its_names(names, text):
    assert names.find(text).name == "白头鹤"


def test_an_alias_of_two_species_names_none_unless_the_latin_name_tells(names):
    with pytest.raises(Unusable) as refused:
        names.find("野鸭")
    assert refused.value.facts == {"names": "斑嘴鸭、绿翅鸭"}
    assert names.find("野鸭", "Anas crecca Linnaeus").name == "绿翅鸭"


@pytest.mark.parametrize(
    ("text", "latin"), [("白头鹤", "Anas crecca"), ("白头鹤", "Grus japonensis"), ("白头鹤（小天鹅）", "")]
)
def test_two_names_that_are_not_of_one_species_name_none(names, text, latin):
    with pytest.raises(Unusable) as refused:
        names.find(text, latin)
    assert "白头鹤" in refused.value.facts["names"]


def test_a_latin_name_in_another_genus_with_the_same_epithet_is_a_synonym(names):
    assert names.find("赤颈鸭", "Anas penelope Linnaeus, 1758").name == "赤颈鸭"


@pytest.mark.parametrize("text", ["Carex sp.", "白头鹤?", "疑似白头鹤", "未识别", "苔草 Carex sp."])
def test_what_is_not_determined_to_the_species_is_none(names, text):
    with pytest.raises(Unusable, match="鉴定到种"):
        names.find(text)


def test_an_unknown_name_is_refused_with_the_nearest(names):
    with pytest.raises(Unusable) as refused:
        names.find("白头鹳")
    assert refused.value.facts == {"near": "白头鹤"}
    with pytest.raises(Unusable) as refused:
        names.find("", "Grus monaca")
    assert refused.value.facts == {"near": "白头鹤"}


@given(st.text(max_size=20))
def test_any_text_is_a_species_or_is_refused_by_name(names, text):
    try:
        found = names.find(text).name
    except Unusable:
        found = "refused"
    assert found in {"refused", *(row[0] for row in NAMES)}


def test_every_mistake_of_the_table_is_named_at_once(tmp_path):
    rows = [
        *NAMES,
        ["", "Aix galericulata", "", "水鸟"],
        ["鸳鸯", "Aix galericulata", "", "飞禽"],
        ["灰鹤", "Grus", "", "水鸟"],
        ["白头鹤", "Grus grus", "", "水鸟"],
    ]
    with pytest.raises(InputError) as refused:
        read_species_names(SpeciesTable(path=write_csv(tmp_path / "names.csv", rows)))
    places = [problem.place for problem in refused.value.problems]
    assert places == [f"names.csv, row {row}" + f", {column}" for row, column in (
        (11, "中文名"), (12, "类群"), (13, "学名"), (14, "中文名")
    )]  # fmt: skip
    assert refused.value.exit_code == 3


def test_a_table_without_headings_is_refused_with_those_that_it_needs(tmp_path):
    path = write_csv(tmp_path / "names.csv", [["甲", "乙"], ["白头鹤", "水鸟"]])
    with pytest.raises(InputError) as refused:
        read_species_names(SpeciesTable(path=path))
    assert "species_group (类群)" in refused.value.problems[0].expected
    told = SpeciesTable(path=path, columns={"species": "甲", "species_group": "乙"})
    assert read_species_names(told).find("白头鹤").group == "waterbird"
