"""Planted statistics, written as offices write them: in every layout, unit and name that the tables know."""

import csv
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pandas as pd
from hypothesis import strategies as st

from pipeline import standards
from pipeline.aoi import PROJECT_ROOT, load_aoi
from pipeline.ingest.statistics import StatisticTables, read_statistics
from pipeline.settings.statistics import StatisticsFile

AOI = load_aoi("chongming_wetlands", relative_to=PROJECT_ROOT)
REGIONS = pd.DataFrame({"region": ["t1", "t2"], "name": ["陈家镇", "新海镇"]})
NAMES = {"t1": "陈家镇", "t2": "新海镇", AOI.id: AOI.name_zh}
ITEMS = {row["code"]: row for row in standards.read_rows("statistic_items")}
PLAIN = [code for code in ITEMS if not code.startswith(("output.", "price."))]
PRODUCTS = {"稻谷": "agriculture_managed", "油茶籽": "forestry_managed", "河蟹": "fishery_managed"}


class Key(NamedTuple):
    """What a figure is of."""

    region: str
    year: int
    item: str
    product: str | None = None


def write_csv(path: Path, rows, encoding: str = "utf-8-sig") -> Path:
    """A text file of rows as Excel saves it."""
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def write_book(path: Path, *sheets, merges=(), name: str = "数据") -> Path:
    """A workbook with a sheet for each table of rows; `merges` are those of the first."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(name if not number else f"{name}{number}")
        for row in rows:
            sheet.append(list(row))
        for area in merges if not number else ():
            sheet.merge_cells(area)
    book.save(path)
    return path


def read(path: Path, **options) -> StatisticTables:
    """What is read of a file for the area and its two towns."""
    return read_statistics([StatisticsFile(path=str(path), **options)], AOI, REGIONS)


def find(tables: StatisticTables) -> dict[Key, float]:
    """Figures by what they are of."""
    table = tables.statistics
    names = zip(table["region"], table["year"], table["item"], table["product"], strict=True)
    keys = [Key(region, int(year), item, product or None) for region, year, item, product in names]
    return dict(zip(keys, table["value"].tolist(), strict=True))


def list_names(item: str, product: str | None) -> list[str]:
    """Headings that mean an item."""
    if product:
        words = standards.read_rows("statistic_words")
        measure = item.partition(".")[0]
        return [f"{product}{row['alias']}" for row in words if row["means"] == measure]
    return [alias.partition("[")[0] for alias in ITEMS[item]["aliases"].split(";")] + [item]


def list_units(item: str) -> list[tuple[str, float]]:
    """Names of units that an item may be in without another unit of it being meant, and their factors."""
    own = ITEMS[item]["unit"].split(";")
    rows = standards.read_rows("statistic_units")
    first = {row["alias"]: row for unit in reversed(own) for row in rows if row["unit"] == unit}
    return [(alias, float(row["factor"])) for alias, row in first.items() if row["unit"] == own[0]]


@st.composite
def draw_columns(draw):
    """An item, the product it is of, a name and a unit of it, and the factor of the unit."""
    product = draw(st.sampled_from([None, None, *PRODUCTS]))
    measure = draw(st.sampled_from(["output", "price"]))
    item = f"{measure}.{PRODUCTS[product]}" if product else draw(st.sampled_from(PLAIN))
    name = draw(st.sampled_from(list_names(item, product)))
    unit, factor = draw(st.sampled_from(list_units(item)))
    return item, product, name, unit, factor


@st.composite
def draw_truths(draw):
    """Columns as `draw_columns`, each of another item, and a figure of each for every town and year."""
    columns = draw(st.lists(draw_columns(), min_size=1, max_size=4, unique_by=lambda one: one[:2]))
    years = draw(st.lists(st.integers(2015, 2024), min_size=1, max_size=3, unique=True))
    figures = {
        (region, year, place): draw(st.integers(0, 10 * int(ITEMS[columns[place][0]]["most"] or 10**6))) / 10
        for region in REGIONS["region"]
        for year in years
        for place in range(len(columns))
    }
    return columns, years, figures
