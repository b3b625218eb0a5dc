"""Registers of other rights, as a config names them: water, discharge, energy, carbon, forest, ponds."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationInfo, model_validator

from pipeline import standards
from pipeline.settings.crs import CrsSetting
from pipeline.settings.parcels import RestrictingFile
from pipeline.settings.paths import ConfigPath
from pipeline.settings.strict import Strict

RightKind = Literal[
    "water_licence",
    "water_trade",
    "discharge_licence",
    "discharge_trade",
    "energy_quota",
    "energy_trade",
    "carbon_project",
    "carbon_trade",
    "forest_right",
    "aquaculture_licence",
]
"""取水许可, 水权交易, 排污许可, 排污权交易, 用能权, 用能权交易, 碳汇项目, 碳交易, 林权, 水域滩涂养殖证."""


def list_fields(kind: str) -> list[str]:
    """Our names of what a column of a register of some kind may be of (table `rights_fields`)."""
    rows = standards.read_rows("rights_fields")
    return list(dict.fromkeys(row["ours"] for row in rows if row["kind"] in (kind, "*")))


class RightsFile(Strict):
    """A register of rights or of their trades: a path or pattern of tables, or of vector files.

    `columns` maps our names to theirs; without it their usual names are looked for (table `rights_fields`).
    `units` gives by our name the unit of amounts whose table tells none, `year` the year of figures whose
    table tells none. `layer`, `encoding` and `crs` are of vector files; `crs` is of coordinates in columns
    too. Names of natural persons are masked unless `mask_holders` is false.
    """

    kind: RightKind
    path: ConfigPath
    layer: str | None = None
    encoding: str = "auto"
    columns: dict[str, str] = {}
    units: dict[str, str] = {}
    year: Annotated[int, Field(ge=1950, le=2099)] | None = None
    crs: CrsSetting | None = None
    mask_holders: bool = True

    @model_validator(mode="after")
    def _check_fields(self) -> Self:
        known = list_fields(self.kind)
        strange = sorted({*self.columns, *self.units} - {*known})
        if strange:
            raise ValueError(f"names of ours, not {', '.join(strange)}: {', '.join(known)}")
        return self


class Rights(Strict):
    """Other rights over the area: their registers, and the layers inside which use is restricted.

    `restricting` are further ones beside those of the run. An outlet or intake belongs to a section of its
    water that lies within `section_within_m`, a proposal of this project. In the simulated world kinds of
    registers that are not named are simulated.
    """

    registers: list[RightsFile] = []
    restricting: list[RestrictingFile] = []
    section_within_m: Annotated[float, Field(gt=0, le=20_000)] = 1000


_REGISTERS = TypeAdapter(list[RightsFile])


def _name_registers(value: Any, info: ValidationInfo) -> Any:
    """A plain list is one of registers; its mistakes keep their places."""
    if isinstance(value, list):
        return {"registers": _REGISTERS.validate_python(value, context=info.context)}
    return value


RightsSetting = Annotated[
    Rights | None,
    BeforeValidator(_name_registers, json_schema_input_type=list[RightsFile] | Rights | None),
]
"""`rights` of a config: a list of registers, or a block with more."""
