"""The tables of the health of rivers and lakes, and of the compliance of water function zones."""

import pandera.pandas as pa

from pipeline.contracts.columns import NUMBER_OR_NULL, TEXT, TEXT_OR_NULL, build_column, build_table

_COUNT = build_column(int, at_least=pa.Check.ge(0))
_CLASS = build_column("Int64", nullable=True, known=pa.Check.in_range(1, 6))
_SCORE = build_column(float, nullable=True, score=pa.Check.in_range(0, 100))
_SHARE = build_column(float, nullable=True, share=pa.Check.in_range(0, 1))
_FLAG = build_column(bool)
_TRUTH = build_column("boolean", nullable=True)
_BODY = {"body": TEXT, "body_name": TEXT, "period": TEXT}

HEALTH_CRITERIA = build_table(
    "HealthCriteria",
    {
        **_BODY,
        "scheme": TEXT,
        "layer": TEXT,
        "criterion": TEXT,
        "name_zh": TEXT,
        "name_en": TEXT,
        "measure": TEXT_OR_NULL,
        "value": NUMBER_OR_NULL,
        "unit": TEXT_OR_NULL,
        "numerator": NUMBER_OR_NULL,
        "denominator": NUMBER_OR_NULL,
        "score": _SCORE,
        "weight": _SHARE,
        "weight_in_layer": _SHARE,
        "basis": TEXT_OR_NULL,
        "inputs": TEXT_OR_NULL,
        "source": TEXT,
        "indicative": _FLAG,
        "reason": TEXT_OR_NULL,
    },
)
"""One row per body, period and criterion of its scheme.

`value` is that of `measure` (of the part that decides, where a criterion has several) and `unit` its unit;
`basis` is sections, maps, table or score (told as a score). `weight` is the criterion's share of the whole,
`weight_in_layer` of its layer. A criterion without a score is left out, and `reason` says why; `source` is
that of its scores.
"""

HEALTH_LAYERS = build_table(
    "HealthLayers",
    {
        **_BODY,
        "scheme": TEXT,
        "layer": TEXT,
        "name_zh": TEXT,
        "name_en": TEXT,
        "score": _SCORE,
        "weight": _SHARE,
        "known_weight": _SHARE,
        "criteria": _COUNT,
        "criteria_known": _COUNT,
        "indicative": _FLAG,
        "reason": TEXT_OR_NULL,
    },
)
"""One row per body, period and layer: the mean of the known scores by weight, null where none is known.

`weight` is the layer's share of the whole, `known_weight` the share of the layer that is known.
"""

HEALTH_CARDS = build_table(
    "HealthCards",
    {
        **_BODY,
        "kind": build_column(str, known=pa.Check.isin(["river", "lake"])),
        "scheme": TEXT,
        "scheme_name": TEXT,
        "score": _SCORE,
        "health_class": TEXT_OR_NULL,
        "class_zh": TEXT_OR_NULL,
        "class_en": TEXT_OR_NULL,
        "known_weight": _SHARE,
        "least_weight": _SHARE,
        "criteria": _COUNT,
        "criteria_known": _COUNT,
        "left_out": TEXT_OR_NULL,
        "lowest": TEXT_OR_NULL,
        "sides": TEXT_OR_NULL,
        "sections": _COUNT,
        "before_period": TEXT_OR_NULL,
        "before_score": _SCORE,
        "change": NUMBER_OR_NULL,
        "year_ago_period": TEXT_OR_NULL,
        "year_ago_score": _SCORE,
        "year_ago_change": NUMBER_OR_NULL,
        "indicative": _FLAG,
        "reason": TEXT_OR_NULL,
    },
)
"""One row per body and period: the score of what is known, and its class.

`known_weight` is the share of all weight that has a score; below `least_weight` there is a score and no
class. `left_out` are the criteria without a score, `lowest` is that with the lowest one; `sides` are the
provinces that have sections on the body.
"""

HEALTH_SIDES = build_table(
    "HealthSides",
    {
        **_BODY,
        "side": TEXT,
        "units": TEXT_OR_NULL,
        "registers": TEXT,
        "sections": _COUNT,
        "sections_graded": _COUNT,
        "good_sections": _COUNT,
        "good_share": _SHARE,
        "judged_sections": _COUNT,
        "met_sections": _COUNT,
        "met_share": _SHARE,
        "water_class": _CLASS,
        "class_position": NUMBER_OR_NULL,
        "decided_by": TEXT_OR_NULL,
        "reason": TEXT_OR_NULL,
    },
)
"""One row per body, period and side: what the sections of a province on it come to.

The class is that of the means over the sections of the side, `class_position` where it lies among the limits.
"""

HEALTH_SECTIONS = build_table(
    "HealthSections",
    {
        **_BODY,
        "side": TEXT,
        "register": TEXT,
        "section_id": TEXT,
        "section": TEXT,
        "upstream_unit": TEXT_OR_NULL,
        "downstream_unit": TEXT_OR_NULL,
        "linked_by": build_column(str, known=pa.Check.isin(["river", "place"])),
        "distance_m": NUMBER_OR_NULL,
        "samples": _COUNT,
        "water_class": _CLASS,
        "target_class": _CLASS,
        "target_met": _TRUTH,
        "decided_by": TEXT_OR_NULL,
        "reason": TEXT_OR_NULL,
    },
)
"""One row per body, period and section on it, of every register; linked by its river's name or its place."""

HEALTH_REACHES = build_table(
    "HealthReaches",
    {
        **_BODY,
        "measure": TEXT,
        "value": NUMBER_OR_NULL,
        "unit": TEXT,
        "numerator": NUMBER_OR_NULL,
        "denominator": NUMBER_OR_NULL,
        "share_inside": _SHARE,
        "in_card": _FLAG,
        "indicative": _FLAG,
        "reason": TEXT_OR_NULL,
    },
)
"""One row per body, period and measure of maps, over the part of the body inside this area.

`share_inside` is how much of the body that is. `in_card`: whether the card of the body rests on it, which it
does where the body and all of its sections are of this area.
"""

ZONE_COMPLIANCE = build_table(
    "ZoneCompliance",
    {
        "zone": TEXT,
        "zone_name": TEXT,
        "zone_kind": TEXT_OR_NULL,
        "body": TEXT_OR_NULL,
        "place": TEXT_OR_NULL,
        "period": TEXT,
        "round": TEXT_OR_NULL,
        "variant": build_column(str, known=pa.Check.isin(["two_factor", "full_factor"])),
        "target_class": _CLASS,
        "sections": _COUNT,
        "sections_sampled": _COUNT,
        "items": TEXT_OR_NULL,
        "exceeded": TEXT_OR_NULL,
        "rounds": _COUNT,
        "rounds_met": _COUNT,
        "met_share": _SHARE,
        "least_rounds": _SHARE,
        "met": _TRUTH,
        "here": _FLAG,
        "indicative": _FLAG,
        "reason": TEXT_OR_NULL,
    },
)
"""Water function zones by variant: a row for each month with readings (`round`), and one for the period.

`two_factor` judges CODMn (COD where there is none) and NH3-N, `full_factor` all items of the evaluation. A
zone meets its target in a round where all its sampled sections do, and in a period where it did so in
`least_rounds` of its rounds at least; `rounds` is 1 for a round that was judged. `here`: whether a section of
the zone is of this area.
"""

WATER_BODIES = build_table(
    "WaterBodies",
    {
        **_BODY,
        "kind": TEXT,
        "outline": build_column(str, known=pa.Check.isin(["polygon", "line"])),
        "score": _SCORE,
        "health_class": TEXT_OR_NULL,
        "class_zh": TEXT_OR_NULL,
        "known_weight": _SHARE,
        "indicative": _FLAG,
        "accuracy": TEXT_OR_NULL,
        "reason": TEXT_OR_NULL,
    },
)
"""The bodies of the last period with their cards, their outlines (EPSG:4490) whole; of names alone none."""
