"""Health of rivers and lakes: the bodies, tables and schemes that a config names."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from pipeline.settings.crs import CrsSetting
from pipeline.settings.paths import ConfigPath, HealthSchemeName, WaterName
from pipeline.settings.sections import SampleFile, WaterBody
from pipeline.settings.strict import Share, Strict

BODY_COLUMNS = ("id", "name", "kind", "aliases", "width", "management", "reference_area")
"""What a column of a layer of bodies may be of."""
TABLE_COLUMNS = ("body", "side", "period", "measure", "value", "unit", "source")
"""What a column of a table of measures may be of."""
ZONE_COLUMNS = ("zone", "name", "kind", "body", "section", "target_class", "place", "source")
"""What a column of a table of water function zones may be of."""


def _check_columns(known: tuple[str, ...]) -> AfterValidator:
    def check(columns: dict[str, str]) -> dict[str, str]:
        strange = sorted(set(columns) - set(known))
        if strange:
            raise ValueError(f"names of ours, not {', '.join(strange)}: {', '.join(known)}")
        return columns

    return AfterValidator(check)


def _list_files(given: Any) -> Any:
    """A list of files, of which a path alone may stand for one."""
    entries = given if isinstance(given, list) else [given]
    return [{"path": entry} if isinstance(entry, str) else entry for entry in entries]


class BodyFile(Strict):
    """Rivers and lakes: the id of a shipped outline, or a vector file of polygons or lines, or a table.

    `columns` maps our names to theirs; without it the usual ones are looked for. `kind` is that of bodies
    whose own column does not tell. A table has no outlines: its bodies have sections by their names alone.
    """

    path: WaterName
    layer: str | None = None
    encoding: str = "auto"
    columns: Annotated[dict[str, str], _check_columns(BODY_COLUMNS)] = {}
    kind: WaterBody | None = None
    crs: CrsSetting | None = None


class MeasureFile(Strict):
    """Tables of measures of bodies: a path or glob; `columns` maps our names to theirs.

    `period` and `source` are those of figures whose table tells none.
    """

    path: ConfigPath
    columns: Annotated[dict[str, str], _check_columns(TABLE_COLUMNS)] = {}
    period: str | None = None
    source: str | None = None


class ZoneFile(Strict):
    """Tables of water function zones, a row for each section: a path or glob, `columns` as elsewhere."""

    path: ConfigPath
    columns: Annotated[dict[str, str], _check_columns(ZONE_COLUMNS)] = {}


class OtherSections(Strict):
    """Sections of another office: its tables of samples, and its register of them.

    `name` is what the register is called beside that of the run.
    """

    name: Annotated[str, Field(min_length=1)]
    samples: Annotated[list[SampleFile], Field(min_length=1)]
    register_path: ConfigPath = Field(alias="register")


class KindSchemes(Strict):
    """The scheme of each kind of body."""

    river: HealthSchemeName = "guide-2020-river"
    lake: HealthSchemeName = "guide-2020-lake"


def _files_of(kind: type[Strict]) -> BeforeValidator:
    return BeforeValidator(_list_files, json_schema_input_type=str | kind | list[str | kind])  # type: ignore[valid-type]


class Health(Strict):
    """Health of rivers and lakes by schemes of `configs/health`, and compliance of water function zones.

    `schemes` are those of rivers and of lakes: ids, or paths of own ones. `registers` are sections of other
    offices on the same bodies. A section is on the body whose name its register says as river; one of which
    no river is said, on that within `nearest_m` of its point. `bank_width_m` is that of the strip along a
    body whose cover and nature are measured. A card has a class from `least_weight` known on; a zone complies
    that met its target in `least_rounds` of its rounds: proposals of this project, and unconfirmed. In the
    simulated world what is not named is simulated.
    """

    schemes: KindSchemes = KindSchemes()
    bodies: Annotated[list[BodyFile], _files_of(BodyFile)] = []
    tables: Annotated[list[MeasureFile], _files_of(MeasureFile)] = []
    zones: Annotated[list[ZoneFile], _files_of(ZoneFile)] = []
    registers: list[OtherSections] = []
    nearest_m: Annotated[float, Field(ge=0, le=10_000)] = 200
    bank_width_m: Annotated[float, Field(gt=0, le=1000)] = 50
    least_weight: Share = 0.6
    least_rounds: Share = 0.8
