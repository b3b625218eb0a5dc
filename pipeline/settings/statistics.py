"""Statistics, regions and projects of the accounts, as a config names them."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from pipeline import standards
from pipeline.settings.crs import CrsSetting
from pipeline.settings.paths import ConfigPath
from pipeline.settings.strict import Day, Strict

STATISTIC_COLUMNS = ("region", "year", "item", "product", "value", "unit", "source")
"""What a column of a table of statistics may be of, beside the items themselves."""

ProjectKind = Literal["belt", "village", "pledged", "carbon"]
"""沿江生态景观带, 村庄, GEP生态贷质押单元, 碳汇项目."""

PROJECT_COLUMNS = (
    "project", "name", "kind", "start", "end", "holder", "right", "documents", "methodology",
    "intertidal", "alien_species",
)  # fmt: skip
"""What a column of a layer of projects may be of."""


def _check_columns(columns: dict[str, str]) -> dict[str, str]:
    known = [*STATISTIC_COLUMNS, *(row["code"] for row in standards.read_rows("statistic_items"))]
    strange = sorted(set(columns) - set(known))
    if strange:
        raise ValueError(f"names of ours, not {', '.join(strange)}: {', '.join(known)}")
    return columns


def _check_project_columns(columns: dict[str, str]) -> dict[str, str]:
    strange = sorted(set(columns) - set(PROJECT_COLUMNS))
    if strange:
        raise ValueError(f"names of ours, not {', '.join(strange)}: {', '.join(PROJECT_COLUMNS)}")
    return columns


class StatisticsFile(Strict):
    """Tables of statistics: a path or glob; `columns` maps our names, or codes of items, to theirs.

    `names` maps their names of regions to ids of ours, as 崇明区 to that of an area within it. `region`, an
    id of an area or of a region, is that of figures whose table names none, and `year` that of figures whose
    table tells none; `source` is of rows without one.
    """

    path: ConfigPath
    columns: Annotated[dict[str, str], AfterValidator(_check_columns)] = {}
    names: dict[str, str] = {}
    region: Annotated[str, Field(min_length=1)] | None = None
    year: Annotated[int, Field(ge=1950, le=2099)] | None = None
    source: str | None = None


class RegionFile(Strict):
    """Towns or villages: a vector file of polygons, its columns of ids and names.

    Without `id` the name is the id, without `name` the id is the name; without both the usual columns are
    looked for (XZQDM, XZQMC, ZLDWDM, ZLDWMC, id, name). `crs` stands in for one that the file lacks.
    """

    path: ConfigPath
    layer: str | None = None
    encoding: str = "auto"
    id: str | None = None
    name: str | None = None
    crs: CrsSetting | None = None


class ProjectFile(Strict):
    """Projects: a vector file of polygons; `columns` maps our names to theirs.

    `kind`, `start` and `end` are those of projects whose own columns do not tell. Names of natural persons
    among the holders are masked unless `mask_holders` is false.
    """

    path: ConfigPath
    layer: str | None = None
    encoding: str = "auto"
    columns: Annotated[dict[str, str], AfterValidator(_check_project_columns)] = {}
    kind: ProjectKind | None = None
    start: Day | None = None
    end: Day | None = None
    crs: CrsSetting | None = None
    mask_holders: bool = True

    @model_validator(mode="after")
    def _check_order(self) -> "ProjectFile":
        if self.start and self.end and self.end < self.start:
            raise ValueError("an end that is not before the start")
        return self
