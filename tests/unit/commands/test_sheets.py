"""`ecoledger sheets`: which delivery, which parcels, where to; all that is wrong is said at once."""

import shutil

import pytest

from pipeline.commands import sheets
from pipeline.commands.sheets import choose_parcels, make_sheets
from pipeline.errors import InputError, SettingsError
from pipeline.outputs.fact_sheets.facts import read_parcel_facts
from tests.planted_facts import plant_facts, publish_facts


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return publish_facts(plant_facts(), tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def facts(published):
    return read_parcel_facts(published)


def test_latest_leads_to_the_delivery_and_the_pdf_stands_beside_the_area(published):
    out = published.folder.parents[1]
    made = make_sheets(out / "delta" / "latest", parcels=["P010"])
    (document,) = made.documents
    assert document == out / "delta_2024_sheets.pdf"
    assert document.read_bytes().startswith(b"%PDF")
    assert made.summary == {"documents": [str(document)], "delivery": "delta/2024", "parcels": 1}
    assert [path.name for path in out.iterdir() if path.suffix == ".part"] == []


def test_parcels_are_taken_in_the_order_asked_each_once_by_id_or_code(facts):
    code = facts.parcels.loc["P007", "parcel_no"]
    assert choose_parcels(facts, ["P010", code or "P007", "P010"]) == ["P010", "P007"]
    assert choose_parcels(facts, []) == sorted(facts.parcels.index)


def test_all_parcels_that_are_not_there_are_said_at_once(facts):
    with pytest.raises(SettingsError) as refused:
        choose_parcels(facts, ["P010", "Q1", "Q2"])
    assert [problem.found for problem in refused.value.problems] == ["Q1", "Q2"]


def test_more_than_one_document_holds_fill_numbered_volumes(published, tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "MOST_SHEETS", 2)
    made = make_sheets(published.folder, parcels=["P001", "P002", "P003"], to=tmp_path / "all.pdf")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all_1.pdf", "all_2.pdf"]
    assert [path.name for path in made.documents] == ["all_1.pdf", "all_2.pdf"]


def test_a_document_that_cannot_be_written_leaves_nothing_behind(published, tmp_path):
    (tmp_path / "taken.pdf").mkdir()
    with pytest.raises(SettingsError, match="a place to write to"):
        make_sheets(published.folder, parcels=["P001"], to=tmp_path / "taken.pdf")
    assert [path.name for path in tmp_path.iterdir()] == ["taken.pdf"]


@pytest.mark.parametrize(
    ("name", "words"), [("sheets.docx", ".docx"), ("nowhere/sheets.pdf", "no such folder")]
)
def test_a_target_that_cannot_be_is_refused(published, tmp_path, name, words):
    with pytest.raises(SettingsError, match=words):
        make_sheets(published.folder, parcels=["P010"], to=tmp_path / name)


def test_a_folder_without_a_delivery_is_refused_by_what_is_expected(tmp_path):
    with pytest.raises(SettingsError, match="manifest"):
        make_sheets(tmp_path)


def test_a_geopackage_that_was_edited_is_refused_and_nothing_is_written(published, tmp_path):
    folder = tmp_path / "delta" / "2024"
    shutil.copytree(published.folder, folder, symlinks=True)
    with (folder / "delta_2024.gpkg").open("ab") as file:
        file.write(b"x")
    with pytest.raises(InputError, match="was changed since"):
        make_sheets(folder)
    assert not list(tmp_path.glob("*.pdf"))
