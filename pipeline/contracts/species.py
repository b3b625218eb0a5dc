"""The tables of species: what was found, what came and went, waterbirds against their populations, sites."""

import pandera.pandas as pa

from pipeline.contracts.columns import (
    NUMBER,
    NUMBER_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    build_column,
    build_table,
)

_COUNT = build_column(int)
_COUNT_OR_NULL = build_column("Int64", nullable=True)
_FLAG = build_column(bool)
_FLAG_OR_NULL = build_column("boolean", nullable=True)
_SHARE_OR_NULL = build_column(float, nullable=True, share=pa.Check.ge(0))


def _one_of(*values: str) -> pa.Column:
    return build_column(str, known=pa.Check.isin(values))


SPECIES_COUNTS = build_table(
    "SpeciesCounts",
    {
        "period": TEXT,
        "species_group": TEXT,
        "species_count": _COUNT_OR_NULL,
        "not_found_count": _COUNT_OR_NULL,
        "known_count": _COUNT_OR_NULL,
        "surveys": _COUNT,
        "sites": _COUNT,
        "records": _COUNT,
        "reason": TEXT_OR_NULL,
    },
)
"""One row per period and group of `species_groups`, groups within others counted in both.

`species_count` is of those found, 0 where surveys found none, null with a `reason` where the group was not
surveyed. `not_found_count` is of those that were looked for and not found anywhere. `known_count` is of all
found until the end of the period in all files, null where the group was never surveyed until then. `surveys`
counts days at sites on which the group was surveyed, `sites` their sites, `records` what was entered.
"""

SPECIES_RECORDS = build_table(
    "SpeciesRecords",
    {
        "period": TEXT_OR_NULL,
        "species_group": TEXT,
        "species": TEXT_OR_NULL,
        "latin": TEXT_OR_NULL,
        "surveyed_group": TEXT,
        "site_id": TEXT,
        "site": TEXT,
        "site_complex": TEXT,
        "survey_date": TEXT,
        "count_low": NUMBER,
        "count_high": NUMBER_OR_NULL,
        "count_about": _FLAG,
        "survey_method": TEXT_OR_NULL,
        "observers": TEXT_OR_NULL,
        "file": TEXT,
        "sheet": TEXT_OR_NULL,
        "row": _COUNT,
    },
)
"""What surveys say, one row per species, site, date, method and group of observers; `period` is null outside.

`species` is null where nothing of the group was found. From `count_low` to `count_high` individuals, 0 where
the species was looked for and not found; `count_high` is null where only the least is told, which is 1 where
it is told that there were some. `count_about` marks numbers told as about. Names of persons among
`observers` are masked.
"""

SPECIES_LIST = build_table(
    "SpeciesList",
    {
        "period": TEXT,
        "species_group": TEXT,
        "species": TEXT,
        "latin": TEXT_OR_NULL,
        "species_status": _one_of("found", "not_found"),
        "records": _COUNT,
        "sites": _COUNT,
        "count_low": NUMBER_OR_NULL,
        "count_high": NUMBER_OR_NULL,
        "site": TEXT_OR_NULL,
        "survey_date": TEXT_OR_NULL,
        "first_found": TEXT_OR_NULL,
        "evidence": TEXT,
    },
)
"""The species behind the counts: one row per period and species that was found, or looked for in vain.

`count_low` to `count_high` is the greatest number of individuals in one record, `site` and `survey_date`
where and when; null where none was counted; `count_high` also where the record tells only the least.
`first_found` is the first day in all files, also before the run. `evidence` names file, sheet and row.
"""

SPECIES_CHANGE = build_table(
    "SpeciesChange",
    {
        "comparison": _one_of("before", "year_ago"),
        "period": TEXT,
        "period_before": TEXT,
        "species_group": TEXT,
        "species": TEXT,
        "latin": TEXT_OR_NULL,
        "species_change": _one_of("new", "lost", "kept", "unknown_new", "unknown_lost"),
        "efforts": _COUNT,
        "efforts_shared": _COUNT,
        "reason": TEXT_OR_NULL,
    },
)
"""Species of a period beside those of an earlier one, only against comparable effort.

An effort is a site in a season (December to February, and so on) at which the group was surveyed. Of a
species found in one of the two periods only, `efforts` are those at which it was found, `efforts_shared`
those of them that were surveyed in the other period as well. It is lost where all, new where any were;
otherwise that is unknown, with a `reason`.
"""

WATERBIRDS = build_table(
    "Waterbirds",
    {
        "period": TEXT,
        "species": TEXT,
        "latin": TEXT_OR_NULL,
        "site_complex": TEXT_OR_NULL,
        "survey_date": TEXT_OR_NULL,
        "sites": _COUNT,
        "count_low": NUMBER_OR_NULL,
        "count_high": NUMBER_OR_NULL,
        "one_percent": NUMBER_OR_NULL,
        "population_name": TEXT_OR_NULL,
        "population_estimate": NUMBER_OR_NULL,
        "estimate_year": _COUNT_OR_NULL,
        "source": TEXT_OR_NULL,
        "share_low": _SHARE_OR_NULL,
        "share_high": _SHARE_OR_NULL,
        "reaches_one_percent": _FLAG_OR_NULL,
        "indicative": _FLAG,
        "evidence": TEXT,
        "reason": TEXT_OR_NULL,
    },
)
"""Waterbirds found in a period beside 1 % of their population (Ramsar criterion 6), one row each.

The count is the greatest of one date in one complex of sites, the sites of that date together; never summed
over dates. `share_low` to `share_high` is it over a hundred times `one_percent`. `reaches_one_percent` is
null with a `reason` where no estimate is given or the count does not decide. It is `indicative` where a
count is given as about, or the table of populations names no source.
"""

SPECIES_SITES = build_table(
    "SpeciesSites",
    {
        "period": TEXT,
        "site_id": TEXT,
        "site": TEXT,
        "site_complex": TEXT,
        "surveys": _COUNT,
        "species_count": _COUNT_OR_NULL,
        "parcels": TEXT_OR_NULL,
        "habitat_basis": TEXT_OR_NULL,
        "habitat_area_m2": build_column(float, nullable=True, at_least=pa.Check.ge(0)),
        "water_share": _SHARE_OR_NULL,
        "flooded_share": _SHARE_OR_NULL,
        "fvc_mean": _SHARE_OR_NULL,
        "reason": TEXT_OR_NULL,
    },
)
"""Sites by period: days surveyed, species found, and the parcels of their habitat under the maps.

`species_count` is null where the site was not surveyed. `parcels` are ids joined by `;`, `habitat_basis` is
`table` or `place`; `habitat_area_m2` their area together, `water_share` and `fvc_mean` means over it of
PARCEL_MEASURES, `flooded_share` the share of it that was ever under water by the map of inundation.
"""

SURVEY_SITES = build_table(
    "SurveySites",
    {
        "site_id": build_column(str, unique=True),
        "site": TEXT,
        "site_complex": TEXT,
        "surveys": _COUNT,
        "species_count": _COUNT,
        "waterbird_count": _COUNT,
        "first_survey": TEXT_OR_NULL,
        "last_survey": TEXT_OR_NULL,
    },
)
"""The layer of sites with a place (EPSG:4490 points): what was found at each over all periods of the run."""
