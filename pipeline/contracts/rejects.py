"""The table of what is not used of files that people write."""

from pipeline.contracts.columns import TEXT, TEXT_OR_NULL, build_column, build_table

REJECTED = build_table(
    "Rejected",
    {
        "file": TEXT,
        "sheet": TEXT_OR_NULL,
        "row": build_column(int),
        "column": TEXT_OR_NULL,
        "found": TEXT,
        "expected": TEXT,
        "todo": TEXT_OR_NULL,
    },
)
"""What of files is not used, and why: one row per cell, row, feature or sheet; `row` is 0 for a whole sheet.

`sheet` is the layer of a vector file. `expected` says what should have stood there, in Chinese and English,
`todo` what to do about it.
"""
