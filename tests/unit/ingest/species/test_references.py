"""Tables beside surveys: sites with their places, dated estimates of populations, habitats."""

import pytest

from pipeline.errors import InputError
from pipeline.ingest.rejects import tabulate_rejects
from pipeline.ingest.species.names import read_species_names
from pipeline.ingest.species.populations import read_estimates
from pipeline.ingest.species.sites import read_sites
from pipeline.ingest.species.surveys import read_species
from pipeline.settings.species import SpeciesTable
from tests.unit.ingest.species.tables import AREA, ESTIMATES, HEADINGS, NAMES, SITES, build_block, write_csv


def table(folder, rows):
    return SpeciesTable(path=write_csv(folder / "table.csv", rows))


def test_a_site_is_of_the_area_that_it_lies_in_or_that_the_table_tells(tmp_path):
    rows = [[*row, ""] for row in SITES]
    rows[0][-1], rows[3][-1] = "试点区", "岛"
    told = read_sites(table(tmp_path, rows))
    assert [site.site_id for site in told.list_of(AREA)] == ["S1", "S2", "S3"]
    assert [site.site_id for site in read_sites(table(tmp_path, SITES)).list_of(AREA)] == ["S1", "S2"]
    second = told.find("乙")
    assert (second.lon, second.lat) == pytest.approx((121.85, 31.46))


def test_mistakes_of_the_table_of_sites_are_named_all_at_once(tmp_path):
    rows = [
        SITES[0],
        ["S1", "", "", "东滩", "121.85", "31.45"],
        ["S2", "东滩乙", "", "东滩", "", ""],
        ["S3", "东滩丙", "", "东滩", "385121", "31.4"],
    ]
    with pytest.raises(InputError) as refused:
        read_sites(table(tmp_path, rows))
    places = [problem.place for problem in refused.value.problems]
    assert places == ["table.csv, row 2, 样点名称", "table.csv, row 3, 经度", "table.csv, row 4, 经度",
                      "table.csv, row 4, 经度"]  # fmt: skip


def test_a_name_of_two_sites_is_refused(tmp_path):
    with pytest.raises(InputError) as refused:
        read_sites(table(tmp_path, [*SITES, ["S4", "东滩丁", "甲", "东滩", "121.85", "31.45"]]))
    assert refused.value.problems[0].found == "东滩丁、东滩甲"


@pytest.fixture
def names(tmp_path):
    return read_species_names(SpeciesTable(path=write_csv(tmp_path / "names.csv", NAMES)))


def test_one_per_cent_is_the_tables_own_or_a_hundredth_of_the_population(tmp_path, names):
    estimates, rejects = read_estimates(table(tmp_path, ESTIMATES), names)
    assert {one.species.name: (one.one_percent, one.population, one.year) for one in estimates} == {
        "白头鹤": (10, None, 2021),
        "小天鹅": (920, 92_000, 2021),
    }
    assert rejects == []


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (["斑嘴鸭", "", "100", "", "试验"], "估计年份"),
        (["斑嘴鸭", "", "100", "近年", "试验"], "估计年份"),
        (["斑嘴鸭", "", "", "2021", "试验"], "大于 0"),
        (["斑嘴鸭", "", "0", "2021", "试验"], "大于 0"),
        (["斑嘴鸭", "1", "300", "2021", "试验"], "约 100"),
        (["没有的鸟", "", "100", "2021", "试验"], "名称表"),
        (["白头鹤", "", "12", "2012", "试验"], "最近一次"),
        (["小天鹅", "", "900", "2021", "另一种群"], "一个种群"),
    ],
)
def test_an_estimate_that_cannot_be_used_is_named(tmp_path, names, row, words):
    estimates, rejects = read_estimates(table(tmp_path, [*ESTIMATES, row]), names)
    assert "斑嘴鸭" not in {one.species.name for one in estimates}
    assert all(words in one.advice.expected for one in rejects)
    assert 4 in {one.row for one in rejects}
    assert len(estimates) == (1 if words == "一个种群" else 2)


def test_habitats_of_sites_that_are_none_are_named(tmp_path):
    rows = [HEADINGS, ["白头鹤", "甲", "2024-01-15", "3"]]
    habitats = [["样点", "宗地编码"], ["甲", "P1"], ["东滩丙", "P2"], ["外滩", "P3"]]
    found = read_species(build_block(tmp_path, rows, habitats=habitats), AREA)
    assert found.habitats[["site_id", "parcel", "row"]].to_numpy().tolist() == [["S1", "P1", 2]]
    assert list(tabulate_rejects(found.rejects)["row"]) == [3]
    assert found.estimates is None
