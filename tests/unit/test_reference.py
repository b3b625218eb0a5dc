"""The generated pages say what the code says: nothing is left out, and both languages are there."""

import csv
import sys

import pytest

from pipeline import errors, standards
from pipeline.cli import app
from pipeline.indices.spectral import list_known_indices
from pipeline.legends import LEGENDS
from pipeline.rights_registry.rules import RULES
from pipeline.settings import Settings
from pipeline.settings.words import walk_keys
from tests.pages import DOCS, PAGES, ROOT

sys.path.insert(0, str(DOCS / "_ext"))

from chinese_search import split_pairs  # beside the pages, not in the package
from reference.chapters import Chapter, Code, Lines, Said
from reference.entries import PAGES as GENERATED
from reference.library import list_public_names
from reference.norms import list_names
from reference.unconfirmed import is_unconfirmed, list_unconfirmed

CHAPTERS = {page: list(build()) for page, build in GENERATED.items()}


def list_cells(chapter: Chapter) -> list:
    cells = [chapter.title, chapter.sentence, *(cell for row in chapter.rows for cell in row)]
    return [one for cell in cells for one in (cell.lines if isinstance(cell, Lines) else (cell,))]


def list_codes(page: str) -> set[str]:
    cells = [cell for chapter in CHAPTERS[page] for cell in list_cells(chapter)]
    return {cell.text for cell in cells if isinstance(cell, Code)}


EVERYTHING = {
    "config": {key.path for key in walk_keys(Settings) if key.path == key.told},
    "columns": {row["column"] for row in standards.read_rows("column_names")},
    "indicators": {row["indicator"] for row in standards.read_rows("indicator_names")},
    "rules": set(RULES),
    "legends": {one.key for legend in LEGENDS.values() for one in legend.classes},
    "indices": {one.name for one in list_known_indices()},
    "standards": {f"pipeline/standards/{name}.csv" for name in list_names()},
    "commands": {
        f"ecoledger {command.name or command.callback.__name__}" for command in app.registered_commands
    },
    "errors": {"SettingsError", "InputError", "TooMuchLost", "WorkspaceBusy", "SourceError", "Interrupted"},
    "unconfirmed": {"configs/access.yaml", "configs/accounts/parameters/chongqing.csv"},
}


@pytest.mark.parametrize("page", GENERATED)
def test_a_generated_page_leaves_nothing_out(page):
    assert EVERYTHING[page] - list_codes(page) == set()


@pytest.mark.parametrize("page", GENERATED)
def test_what_is_said_in_one_language_is_said_in_the_other(page):
    notes_in_chinese_alone = page == "columns"
    said = [cell for chapter in CHAPTERS[page] for cell in list_cells(chapter) if isinstance(cell, Said)]
    assert [one for one in said if bool(one.zh) != bool(one.en) and not notes_in_chinese_alone] == []


@pytest.mark.parametrize("page", GENERATED)
def test_no_two_places_of_a_page_are_called_the_same(page):
    anchors = [chapter.anchor for chapter in CHAPTERS[page]]
    cells = [cell for chapter in CHAPTERS[page] for cell in list_cells(chapter)]
    anchors += [cell.anchor for cell in cells if isinstance(cell, Code) and cell.anchor]
    assert len(anchors) == len(set(anchors))


def test_every_exit_code_has_its_row():
    codes = {row[0] for chapter in CHAPTERS["errors"] for row in chapter.rows}
    raised = {
        one.exit_code for one in vars(errors).values() if isinstance(one, type) and hasattr(one, "exit_code")
    }
    assert codes == {str(code) for code in raised | {0, 1, 130, 143}}


def test_every_row_of_a_parameter_book_that_is_not_confirmed_is_listed_with_its_source():
    for path in sorted((ROOT / "configs" / "accounts" / "parameters").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            expected = [row["source"] for row in csv.DictReader(file) if row["confirmed"] == "no"]
        place = Code(path.relative_to(ROOT).as_posix())
        told = [row[2] for chapter in list_unconfirmed() if chapter.title == place for row in chapter.rows]
        assert told == expected


@pytest.mark.parametrize(
    ("row", "marked"),
    [
        ({"key": "a", "confirmed": "no", "source": "seen"}, True),
        ({"key": "a", "kind_confirmed": "no", "confirmed": "yes"}, True),
        ({"key": "a", "source": "from knowledge, unconfirmed"}, True),
        ({"key": "a", "confirmed": "yes", "source": "GB 3838-2002 table 1"}, False),
        ({"key": "no", "source": "named by this project"}, False),
    ],
)
def test_a_row_is_unconfirmed_by_its_mark_or_by_its_source(row, marked):
    assert is_unconfirmed(row) == marked


def test_the_library_lists_what_the_package_gives_and_no_room():
    names = list_public_names()
    assert {"Delivery", "open_delivery", "list_deliveries"} <= set(names)
    assert {"flow", "settings", "library"} & set(names) == set()


def test_a_chinese_word_is_found_in_whatever_text_it_stands():
    assert split_pairs("植被覆盖率 NDVI_2024") == ["植被", "被覆", "覆盖", "盖率", "NDVI_2024"]
    assert set(split_pairs("覆盖率")) <= set(split_pairs("陆域植被覆盖率（不含水面）"))
    assert split_pairs("亩") == ["亩"]


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("docs/reference/")])
def test_every_directive_of_a_page_is_one_that_is_there(page):
    known = {f"ecoledger-{name}" for name in GENERATED}
    used = {line[4:-1] for line in PAGES[page].splitlines() if line.startswith("```{ecoledger-")}
    assert len(used) == 1
    assert used <= known
