"""Tables of the standards."""

import pytest

from pipeline import standards
from pipeline.aoi import PROJECT_ROOT

NAMES = sorted(path.stem for path in (PROJECT_ROOT / "pipeline" / "standards").glob("*.csv"))


@pytest.mark.parametrize("name", NAMES)
def test_rows_and_tables_are_the_same_text(name):
    rows, table = standards.read_rows(name), standards.table(name)
    assert len(rows) > 0
    assert table.to_dict("records") == list(rows)
    assert all(type(cell) is str for row in rows for cell in row.values())


def test_commas_in_quotes_line_ends_and_empty_cells_are_kept_as_they_are():
    text = (PROJECT_ROOT / "pipeline" / "standards" / "land_classes.csv").read_text(encoding="utf-8")
    rows = standards.read_rows("land_classes")
    assert list(rows[0]) == text.splitlines()[0].split(",")
    assert {row["code"]: row for row in rows}.keys() == {line.split(",")[0] for line in text.splitlines()[1:]}
    assert "" in {cell for row in rows for cell in row.values()}
