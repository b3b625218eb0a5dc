"""The command that makes bulletins."""

import json
import re

import pytest
from typer.testing import CliRunner

from pipeline import cli
from pipeline.errors import SettingsError
from pipeline.outputs.bulletin import printing
from tests.bulletins import COVER, indicator, publish, publish_two_areas, read_words


@pytest.fixture(autouse=True)
def no_office(monkeypatch):
    monkeypatch.setattr(printing, "find_office", lambda: None)


def run(*words: object):
    return CliRunner().invoke(cli.app, ["bulletin", *map(str, words)])


def test_document_and_evidence_stand_in_the_folder_and_machines_are_told(tmp_path):
    publish_two_areas(tmp_path)
    shown = run(tmp_path, "--quarter", "2024Q3", "--json")
    assert shown.exit_code == 0
    told = json.loads(shown.stdout)
    assert told["document"] == str(tmp_path / "bulletin_2024Q3.docx")
    assert told["evidence"] == str(tmp_path / "bulletin_2024Q3.csv")
    assert told["areas"] == ["东滩", "西沙 & <沙洲>"]
    assert told["pdf"] is None
    assert "No LibreOffice was found" in told["no_pdf"]
    assert "LibreOffice" in shown.stderr
    assert not list(tmp_path.glob(".*"))


def test_the_newest_period_is_told_of_and_areas_that_lack_it_are_named(tmp_path):
    publish_two_areas(tmp_path)
    shown = run(tmp_path, "--json")
    told = json.loads(shown.stdout)
    assert (told["period"], told["areas"]) == ("2024Q4", ["东滩"])
    (absent,) = told["absent"]
    assert absent.startswith("西沙 & <沙洲>：没有含2024年第四季度的交付")
    assert absent in read_words(tmp_path / "bulletin_2024Q4.docx")
    assert absent in shown.stderr


def test_what_the_office_says_stands_in_the_document(tmp_path):
    publish_two_areas(tmp_path)
    words = {
        "--title": "三季度<通报>",
        "--office": "甲局 & 乙局",
        "--date": "2024年10月15日",
        "--to": tmp_path / "a.docx",
    }
    shown = run(tmp_path, "--quarter", "2024Q3", *(word for pair in words.items() for word in pair))
    assert shown.exit_code == 0
    lines = read_words(tmp_path / "a.docx")
    assert lines[0] == "三季度<通报>"
    assert any("甲局 & 乙局" in line and "2024年10月15日" in line for line in lines)


def test_the_same_deliveries_give_the_same_bytes_and_a_later_run_does_not_change_them(tmp_path):
    publish_two_areas(tmp_path)
    run(tmp_path, "--quarter", "2024Q3")
    kept = {name: (tmp_path / name).read_bytes() for name in ("bulletin_2024Q3.docx", "bulletin_2024Q3.csv")}
    later = [indicator(COVER, "2024Q3", 0.99, aoi="east"), indicator(COVER, "2025Q1", 0.5, aoi="east")]
    publish(
        tmp_path,
        "east",
        "2025Q1",
        later,
        days=("2023-01-01", "2025-03-31"),
        as_of="2025-03-30T03:00:00+00:00",
    )
    run(tmp_path, "--quarter", "2024Q3")
    assert kept == {name: (tmp_path / name).read_bytes() for name in kept}


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--quarter", "2024Q3", "--period", "2024"], "--quarter, --period"),
        (["--quarter", "2024"], "--quarter"),
        (["--quarter", "2031Q1"], "2023Q1, 2023Q2"),
        (["--to", "bulletin.pdf"], ".docx"),
        (["--to", "nowhere/bulletin.docx"], "no such folder"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(tmp_path, words, named):
    publish_two_areas(tmp_path)
    refused = run(tmp_path, *words).exception
    assert isinstance(refused, SettingsError)
    assert named in str(refused)
    assert not list(tmp_path.glob("*.csv"))


def test_a_place_that_cannot_be_written_to_is_refused_and_keeps_what_it_has(tmp_path):
    publish_two_areas(tmp_path)
    (tmp_path / "a.docx").mkdir()
    (tmp_path / "a.docx" / "kept").write_text("kept")
    refused = run(tmp_path, "--quarter", "2024Q3", "--to", tmp_path / "a.docx").exception
    assert isinstance(refused, SettingsError)
    assert str(tmp_path / "a.docx") in str(refused)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == []


def test_a_pdf_of_an_earlier_bulletin_does_not_stand_beside_a_new_one(tmp_path):
    publish_two_areas(tmp_path)
    (tmp_path / "bulletin_2024Q3.pdf").write_bytes(b"old")
    assert run(tmp_path, "--quarter", "2024Q3").exit_code == 0
    assert not (tmp_path / "bulletin_2024Q3.pdf").exists()


def test_a_folder_without_deliveries_is_refused(tmp_path):
    refused = run(tmp_path).exception
    assert isinstance(refused, SettingsError)
    assert re.search(r"no deliveries", str(refused))
