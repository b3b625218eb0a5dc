"""Sheets of the workbook: one for every table that a part of the assessment delivers."""

from collections.abc import Iterator

import pandas as pd

from pipeline.contracts import Delivery
from pipeline.outputs.assessment.wording import name_part_columns, name_part_values
from pipeline.outputs.texts import find_texts


def build_part_sheets(delivery: Delivery) -> Iterator[tuple[str, pd.DataFrame]]:
    """Name and table of each sheet, in the order of the parts, each table with all its rows and columns."""
    titles = find_texts("sheet", delivery.language)
    for stem in delivery.assessed:
        rows = pd.DataFrame(delivery.tables[stem])
        told = {
            name: name_part_values(column, stem, rows[column], delivery)
            for column, name in name_part_columns(rows, stem, delivery).items()
        }
        yield titles.get(stem, stem), pd.DataFrame(told)
