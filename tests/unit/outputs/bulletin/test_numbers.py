"""Every number of a bulletin stands in a delivered table."""

import json
import re
import zipfile
from xml.etree import ElementTree as ET

import pytest

from pipeline.commands.bulletin import make_bulletin
from pipeline.outputs.bulletin import printing
from pipeline.outputs.texts import find_texts
from tests.bulletins import (
    NUMBER,
    assert_held,
    list_numbers,
    publish_two_areas,
    read_evidence,
    read_words,
)

CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"


@pytest.fixture(scope="module", params=["zh", "en"])
def made(request, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    publish_two_areas(out)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(printing, "find_office", lambda: None)
        return out, make_bulletin(out, period="2024Q3", language=request.param), request.param


def test_every_number_of_the_document_is_printed_from_the_evidence(made):
    _, bulletin, _ = made
    seen = list_numbers(bulletin.document, ["北闸2号"])
    assert {
        "81.18",
        "82.27",
        "57.14",
        "1.09",
        "0.67",
        "42.9",
        "82.00",
        "37.50",
        "25.00",
        "58.33",
        "140.00",
    } <= seen
    told = {number for row in read_evidence(bulletin.evidence) for number in NUMBER.findall(row["text"])}
    assert seen - told - set(NUMBER.findall(bulletin.evidence.name)) == set()


def test_every_number_of_a_chart_is_printed_from_the_evidence(made):
    _, bulletin, _ = made
    known = {float(row["value"]) for row in read_evidence(bulletin.evidence) if row["origin"] == "cell"}
    with zipfile.ZipFile(bulletin.document) as parts:
        charts = [name for name in parts.namelist() if re.fullmatch(r"word/charts/\w+.xml", name)]
        drawn = {
            float(value.text)
            for name in charts
            for cache in ET.fromstring(parts.read(name)).iter(f"{CHART}numCache")
            for value in cache.iter(f"{CHART}v")
        }
    assert len(charts) == 2
    assert {0.8118, 0.8051, 0.7145} <= drawn <= known


def test_every_row_of_the_evidence_is_what_the_table_holds(made):
    out, bulletin, _ = made
    rows = [row for row in read_evidence(bulletin.evidence) if row["origin"] not in {"manifest", "key"}]
    assert {row["origin"] for row in rows} == {"cell", "text", "difference"}
    for row in rows:
        assert_held(out, row)


def test_what_the_manifest_is_said_to_tell_it_tells(made):
    out, bulletin, _ = made
    manifests = {
        f"{path.parent.parent.name}/{path.parent.name}": json.loads(path.read_text("utf-8"))
        for path in out.glob("*/*/manifest.json")
    }
    days = [row for row in read_evidence(bulletin.evidence) if re.fullmatch(r"\d{4}-\d\d-\d\d", row["text"])]
    assert days
    assert all(manifests[row["delivery"]]["as_of"].startswith(row["text"]) for row in days)


def test_what_was_missed_stands_first_and_what_got_worse_before_what_got_better(made):
    _, bulletin, language = made
    words = find_texts("bulletin", language)
    order = [
        words["status.failed"],
        *(words[f"courses.{course}"] for course in ("worse", "better", "unknown")),
    ]
    lines = [line for line in read_words(bulletin.document) if line.startswith(("【", "["))]
    kinds = [re.match(r"[【\[](.*?)[】\]]", line).group(1) for line in lines]
    assert kinds == sorted(kinds, key=order.index)
    assert set(kinds) == set(order)
    assert "81.18" in lines[1]


def test_a_change_within_the_intervals_of_both_figures_is_called_neither_better_nor_worse(made):
    _, bulletin, language = made
    lines = read_words(bulletin.document)
    assert find_texts("bulletin", language)["courses.unclear"] in lines
    assert not any("2.13%" in line and line.startswith(("【", "[")) for line in lines)


def test_what_left_to_people_is_said_to_be(made):
    _, bulletin, language = made
    assert read_words(bulletin.document).count(find_texts("bulletin", language)["to_fill"]) >= 6


def test_figures_of_another_run_are_said_to_be_and_that_it_was_made_otherwise(made):
    _, bulletin, _ = made
    notes = " ".join(read_words(bulletin.document))
    assert "west/2023Q4" in notes
    assert "vegetation" in notes
