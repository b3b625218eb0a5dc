"""Tables of the parts of the assessment, and sums of the accounts, as a bulletin shows them."""

import pandas as pd
import pytest

from pipeline import contracts
from pipeline.outputs.bulletin.comparing import compare_area
from pipeline.outputs.bulletin.evidence import EvidenceBook
from pipeline.outputs.bulletin.themes import THEMES, build_themes
from pipeline.outputs.bulletin.values import say_values
from pipeline.outputs.published import find_deliveries
from tests.bulletins import COVER, indicator, publish

YEAR = {"days": ("2023-01-01", "2024-12-31"), "period": "year"}


def contract_of(theme):
    return getattr(contracts, theme.table.upper())


def row_of(theme, number: int, **cells: object) -> dict[str, object]:
    """A row of the table of a theme: what its contract asks for, a figure of its own in every number."""
    row = {}
    for place, (column, described) in enumerate(contract_of(theme).columns.items()):
        kind = str(described.dtype).lower()
        known = [check.statistics.get("allowed_values") for check in described.checks]
        if any(known):
            row[column] = min(next(filter(None, known)))
        elif "bool" in kind:
            row[column] = True
        elif "int" in kind:
            row[column] = 1 + place % 5
        elif "float" in kind:
            row[column] = (number + place) / 128
        else:
            row[column] = f"词{column}"
    chosen = {column: values[0] for column, values in theme.where.items()}
    return {**row, "period": "2024", "region": "east", **chosen, **cells}


def tables_of(out, theme, rows, language="zh"):
    folder = out / "east" / "2024"
    if not folder.exists():
        table = pd.DataFrame(rows)
        publish(
            out, "east", "2024", [indicator(COVER, "2024", 0.8, aoi="east")], **YEAR, **{theme.table: table}
        )
    area = compare_area(find_deliveries(out), "2024")
    evidence = EvidenceBook(language)
    return list(build_themes(area, evidence)), evidence.tabulate()


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.table)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_theme_shows_columns_of_its_contract_with_their_evidence(tmp_path, theme, language):
    columns = [column.format(language=language) for column in theme.columns]
    assert set(columns) <= set(contract_of(theme).columns)
    rows = [row_of(theme, 1), row_of(theme, 2, period="2023"), row_of(theme, 3)]
    (shown,), evidence = tables_of(tmp_path, theme, rows, language)
    assert len(shown.rows) == 2
    assert len(shown.headers) == len(columns)
    cells = evidence[evidence["origin"] == "cell"]
    assert set(cells["line"]) == {2, 4}
    for cell in cells.itertuples():
        assert rows[cell.line - 2][cell.column] == cell.value
        assert any(cell.text in row for row in shown.rows)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.table)
def test_rows_of_other_periods_places_and_kinds_are_not_shown(tmp_path, theme):
    rows = [row_of(theme, 1, period="2023")]
    rows += [row_of(theme, 2, region="town")] if theme.whole else []
    rows += [row_of(theme, 3, **{column: _other_than(values)}) for column, values in theme.where.items()]
    assert tables_of(tmp_path, theme, rows)[0] == []


def _other_than(values):
    """A value that is none of some, of their kind."""
    first = values[0]
    return (not first) if isinstance(first, bool) else 7 if isinstance(first, int) else "2024-03"


def test_what_is_not_known_is_a_dash_and_what_nothing_is_known_of_no_column(tmp_path):
    theme = next(theme for theme in THEMES if theme.table == "gdp_gep")
    rows = [row_of(theme, 1, gep_yuan=None, gep_rank=None), row_of(theme, 2, gep_rank=None)]
    (shown,), _ = tables_of(tmp_path, theme, rows)
    place = theme.columns.index("gep_yuan")
    assert shown.rows[0][place] == "—"
    assert shown.rows[1][place] != "—"
    assert len(shown.headers) == len(theme.columns) - 1


def test_a_long_table_is_cut_with_the_way_to_the_rest(tmp_path):
    theme = next(theme for theme in THEMES if theme.table == "species_counts")
    (shown,), _ = tables_of(tmp_path, theme, [row_of(theme, number) for number in range(30)])
    assert len(shown.rows) == 20
    assert "tables/species_counts.csv" in shown.left_out


def totals(period, service, value, *, known=20, of=20, basis="registered", region="east"):
    row = row_of(THEMES[0], 1, period=period, service=service, region=region)
    return {**row, "basis": basis, "value_yuan": value, "known": known, "of": of, "indicative": True}


def say(tmp_path, rows):
    indicators = [indicator(COVER, "2024", 0.8, aoi="east")]
    publish(tmp_path, "east", "2024", indicators, **YEAR, account_totals=pd.DataFrame(rows))
    return say_values(compare_area(find_deliveries(tmp_path), "2024"), EvidenceBook("zh"))


def test_gep_is_told_beside_the_year_before(tmp_path):
    rows = [
        totals("2023", "GEP", 3.0489e8),
        totals("2024", "GEP", 3.207e8),
        totals("2024", "GEP", 9e9, region="town"),
    ]
    known = "登记地类，20 项指标中已核算 20 项，参考"
    assert say(tmp_path, rows) == [
        f"东滩生态产品总值（GEP）为 3.21 亿元（{known}），较2023年上升 1,581.00 万元。"
    ]


def test_a_partial_sum_is_not_called_gep_and_not_compared_with_one_of_other_indicators(tmp_path):
    rows = [totals("2023", "GEP", 3e8), totals("2024", "partial", 2.69e8, known=18)]
    assert say(tmp_path, rows) == [
        "东滩部分合计（不是 GEP）为 2.69 亿元（登记地类，20 项指标中已核算 18 项，参考）。"
    ]
