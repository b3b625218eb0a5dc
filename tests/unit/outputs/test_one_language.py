"""A delivery in each language, walked through: report, workbook and layers show no word of the other.

Names that came from data (areas, holders, sections) stay as they were given, and so do codes and short forms.
"""

import re
import sqlite3
from contextlib import closing
from html.parser import HTMLParser

import openpyxl
import pytest

from pipeline.outputs.columns import list_values
from tests.books import with_accounts
from tests.deliveries import small_delivery, written
from tests.series import with_series

HAN = re.compile("[\u3400-\u9fff]+")
SENTENCE = re.compile(r"\b[a-z]{3,}(?: [a-z]{2,}){2,}")
"""Three small English words in a row: no code, no short form and no name of a file."""
IN_BOTH = {"数据字典", "Data dictionary"}
"""Sheets that name every column in both languages."""
TOLD = {"reason", "note", "formula", "method", "confidence", "message_zh", "message_en", "name_zh", "name_en"}
"""Columns that hold sentences of ours, of which those in both languages are to be said in one."""


class Words(HTMLParser):
    """What a reader of a page reads, or has read to them."""

    def __init__(self):
        super().__init__()
        self.found, self._mute = [], 0

    def handle_starttag(self, tag, attrs):
        self._mute += tag in {"script", "style"}
        self.found += [value for name, value in attrs if name in {"aria-label", "title", "alt"} and value]

    def handle_endtag(self, tag):
        self._mute -= tag in {"script", "style"}

    def handle_data(self, data):
        if not self._mute and data.strip():
            self.found.append(data.strip())


@pytest.fixture(scope="module", params=["zh", "en"])
def told(request, tmp_path_factory):
    """The language, the words of each file, and those that came from data."""
    folder = tmp_path_factory.mktemp(request.param)
    delivery = with_accounts(with_series(small_delivery(language=request.param, resolution_m=120)))
    written(delivery, folder)
    return request.param, folder, delivery


def read_page(folder, delivery):
    walker = Words()
    walker.feed((folder / delivery.name_file(".html")).read_text(encoding="utf-8"))
    return walker.found


def read_workbook(folder, delivery):
    book = openpyxl.load_workbook(folder / delivery.name_file(".xlsx"), read_only=True)
    for sheet in book:
        yield sheet.title
        if sheet.title not in IN_BOTH:
            yield from (
                cell for row in sheet.iter_rows(values_only=True) for cell in row if isinstance(cell, str)
            )


def read_styles(folder, delivery):
    with closing(sqlite3.connect(folder / delivery.name_file(".gpkg"))) as store:
        for (style,) in store.execute("select styleQML from layer_styles"):
            yield from re.findall(r'\b(?:label|alias)="([^"]*)"', style)
            yield from re.findall(r'<alias[^>]*name="([^"]*)"', style)
            yield from re.findall(r'<Option[^>]*name="([^"]*)"[^>]*/>', style)


def list_given(delivery):
    """Everything in the data that is a name or a word of somebody else."""
    frames = [
        delivery.parcels,
        delivery.sections,
        delivery.findings,
        delivery.inventory,
        *delivery.tables.values(),
    ]
    given = [delivery.aoi.source, delivery.aoi.accuracy, delivery.aoi.name_zh, delivery.aoi.name_en]
    given += [name for part in delivery.aoi.parts for name in (part.name_zh, part.name_en)]
    for frame in frames:
        for column in set(frame.columns) - {"geometry"}:
            values = set(map(str, frame[column].dropna()))
            if column in TOLD:
                values = {text for text in values if "/ " not in text}
            given += values - {entry.name_zh for entry in list_values(column)}
    return "\n".join(given)


@pytest.mark.parametrize("read", [read_page, read_workbook, read_styles])
def test_nothing_is_said_in_the_other_language(told, read):
    language, folder, delivery = told
    pattern = SENTENCE if language == "zh" else HAN
    given = list_given(delivery)
    strange = {
        (found, text[:80])
        for text in read(folder, delivery)
        for found in pattern.findall(text)
        if found not in given
    }
    assert not strange
