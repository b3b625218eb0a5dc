"""Tables of the ecological index (EI, HJ 192-2015) and of the ecological quality index (EQI)."""

from pipeline.contracts.columns import NUMBER_OR_NULL, TEXT, TEXT_OR_NULL, build_column, build_table

_FLAG = build_column(bool)
_COUNT = build_column("Int64", nullable=True)

ECOLOGICAL_INDEX = build_table(
    "EcologicalIndex",
    {
        "aoi": TEXT,
        "period": TEXT,
        "sub_index": TEXT,
        "name_zh": TEXT,
        "name_en": TEXT,
        "class_basis": TEXT_OR_NULL,
        "counted": _FLAG,
        "value": NUMBER_OR_NULL,
        "low": NUMBER_OR_NULL,
        "high": NUMBER_OR_NULL,
        "normalised": NUMBER_OR_NULL,
        "weight": NUMBER_OR_NULL,
        "weighted": NUMBER_OR_NULL,
        "known": _COUNT,
        "parts": _COUNT,
        "limit_level": _COUNT,
        "value_before_limit": NUMBER_OR_NULL,
        "grade": TEXT_OR_NULL,
        "before_period": TEXT_OR_NULL,
        "before_value": NUMBER_OR_NULL,
        "before_change": NUMBER_OR_NULL,
        "change_word": TEXT_OR_NULL,
        "compared_reason": TEXT_OR_NULL,
        "indicative": _FLAG,
        "source": TEXT,
        "reason": TEXT_OR_NULL,
    },
)
"""EI of an area by year: a row for each sub-index, and one for their sum (`sub_index` is ei).

`value` is a sub-index before it is rounded; `normalised` is as it counts: rounded to one decimal, of stress
and load 100 less that; `weighted` is that times `weight`. Land stands on each `class_basis`, of which one is
`counted`. `low` and `high` are the value should unknown ground be of the worst or the best class for it, and
land that the map does not tell apart of either. Of the sum `known` sub-indices of its `parts` have a value,
`value` is after the environmental limit, `before_value` that of the year before. What rests on an
unconfirmed figure is `indicative`; `reason` says why something is null.
"""

ECOLOGICAL_INDEX_INPUTS = build_table(
    "EcologicalIndexInputs",
    {
        "aoi": TEXT,
        "period": TEXT,
        "sub_index": TEXT,
        "input": TEXT,
        "name_zh": TEXT,
        "name_en": TEXT,
        "class_basis": TEXT_OR_NULL,
        "value": NUMBER_OR_NULL,
        "unit": TEXT,
        "numerator": NUMBER_OR_NULL,
        "denominator": NUMBER_OR_NULL,
        "weight": NUMBER_OR_NULL,
        "coefficient": NUMBER_OR_NULL,
        "contribution": NUMBER_OR_NULL,
        "source": TEXT,
        "reason": TEXT_OR_NULL,
    },
)
"""What each sub-index is made from, in the unit of its formula: land by class, NDVI by month, statistics.

`contribution` is what the input adds to its sub-index; inputs that only bear on another, such as rain and the
mean of water resources, add nothing and have none. `numerator` and `denominator` are those of shares of area.
"""

ECOLOGICAL_QUALITY = build_table(
    "EcologicalQuality",
    {
        "aoi": TEXT,
        "period": TEXT,
        "level": build_column(int),
        "index": TEXT,
        "name_zh": TEXT,
        "name_en": TEXT,
        "part_of": TEXT_OR_NULL,
        "value": NUMBER_OR_NULL,
        "weight": NUMBER_OR_NULL,
        "weighted": NUMBER_OR_NULL,
        "known": _COUNT,
        "parts": _COUNT,
        "grade": TEXT_OR_NULL,
        "before_period": TEXT_OR_NULL,
        "before_value": NUMBER_OR_NULL,
        "before_change": NUMBER_OR_NULL,
        "change_word": TEXT_OR_NULL,
        "compared_reason": TEXT_OR_NULL,
        "indicative": _FLAG,
        "source": TEXT,
        "reason": TEXT_OR_NULL,
    },
)
"""EQI of an area by year: a row for the sum (level 0, `index` eqi) and for each index of the scheme below it.

`weighted` is what an index adds to the one that it is a `part_of`, of an inverse index 100 less its value
times the weight. `known` of the `parts` of an index have a value.
"""
