"""Surveys of species, and the tables that they are read by, as a config names them."""

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from pipeline.settings.paths import ConfigPath
from pipeline.settings.strict import Strict

SPECIES_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "surveys": (
        "species", "latin", "species_group", "site", "date", "count", "count_unit", "method", "observers",
    ),
    "names": ("species", "latin", "aliases", "species_group"),
    "populations": (
        "species", "latin", "population_name", "population_estimate", "one_percent", "estimate_year",
        "source",
    ),
    "sites": ("site_id", "site", "aliases", "site_complex", "aoi", "lon", "lat"),
    "habitats": ("site", "parcel"),
}  # fmt: skip
"""What a column of each table may be of."""


class SpeciesTable(Strict):
    """A table: a path or glob; `columns` maps our names to theirs, where the usual headings do not stand."""

    path: ConfigPath
    columns: dict[str, str] = {}


class SurveyFile(SpeciesTable):
    """Tables of surveys: a path or glob; `columns` maps our names to theirs.

    `site`, `year`, `method` and `species_group` are those of records whose table tells none; the group is
    that which the survey was after. `repeats` says what several counts of one species at a site on a day by
    one group of observers are: `refuse` takes them for entries that contradict each other, `sum` for flocks
    apart. Names of persons among the observers are masked unless `mask_observers` is false.
    """

    site: str | None = None
    year: Annotated[int, Field(ge=1950, le=2099)] | None = None
    method: str | None = None
    species_group: str | None = None
    repeats: Literal["refuse", "sum"] = "refuse"
    mask_observers: bool = True


def _take_path(value: Any) -> Any:
    return {"path": value} if isinstance(value, str) else value


OneTable = Annotated[SpeciesTable, BeforeValidator(_take_path, json_schema_input_type=str | SpeciesTable)]
"""A table, or its path alone."""


class Species(Strict):
    """Surveys of species, and the tables of names, populations, sites and habitats.

    `names` gives each species its accepted name, Latin name, aliases and group; `populations` the dated
    estimates that waterbirds are held against; `sites` where surveys are made and which sites make up one
    complex; `habitats` which parcels are the habitat of a site. Without `populations` no waterbird reaches
    or misses 1 %; without `habitats` the parcel that a site lies in is its habitat.
    """

    surveys: list[SurveyFile] = []
    names: OneTable | None = None
    populations: OneTable | None = None
    sites: OneTable | None = None
    habitats: OneTable | None = None

    @model_validator(mode="after")
    def _know_columns(self) -> "Species":
        given: dict[str, list[SpeciesTable]] = {"surveys": [*self.surveys]}
        single = {name: getattr(self, name) for name in SPECIES_COLUMNS if name != "surveys"}
        given |= {name: [table] for name, table in single.items() if table}
        for name, tables in given.items():
            for table in tables:
                _refuse_strange(name, table.columns, SPECIES_COLUMNS[name])
        return self


def _refuse_strange(name: str, columns: Collection[str], known: Collection[str]) -> None:
    strange = sorted(set(columns) - set(known))
    if strange:
        raise ValueError(f"{name}.columns with names of ours, not {', '.join(strange)}: {', '.join(known)}")
