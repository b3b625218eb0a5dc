"""The land register and the layers that restrict use, as a config names them; dictionaries of rights."""

from functools import cache
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from pipeline.aoi import PROJECT_ROOT
from pipeline.errors import SettingsError
from pipeline.settings import text

ParcelProfile = Literal[
    "auto",
    "ecoledger",
    "dltb",
    "zrzy_djdy",
    "zrzy_szy",
    "zrzy_sd",
    "zrzy_sl",
    "zrzy_cy",
    "zrzy_hd",
    "zdjbxx",
]
"""Which columns a register has: `auto` looks which of the others fits best (table `parcel_columns`)."""

RestrictingKind = Literal["ecological_red_line", "permanent_farmland", "special_protection"]
AreaUnit = Literal["m2", "ha", "mu"]


class _Model(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, coerce_numbers_to_str=True, allow_inf_nan=False
    )


class ParcelFile(_Model):
    """The land register: a vector file; `columns` maps our names to theirs.

    `crs` stands in for one that the file lacks or misstates, `area_unit` is that of areas whose column does
    not tell. `area_tolerance_percent`, by which the registered may differ from the measured area, is a
    proposal of this project. `dictionaries` maps, by our column, codes of this register to names of the
    `rights` table.
    """

    path: str
    layer: str | None = None
    encoding: str = "auto"
    profile: ParcelProfile = "auto"
    crs: str | None = None
    columns: dict[str, str] = {}
    area_unit: AreaUnit = "m2"
    area_tolerance_percent: Annotated[float, Field(ge=0, le=100)] = 1
    dictionaries: dict[str, dict[str, str]] = {}
    mask_holders: bool = True


class RestrictingFile(_Model):
    """Polygons inside which use is restricted: a vector file, and what kind of restriction they are."""

    path: str
    kind: RestrictingKind
    layer: str | None = None
    crs: str | None = None


class Codes(_Model):
    """What the codes of a column of theirs mean in the dictionary of a column of ours."""

    ours: str
    source: str
    codes: dict[str, str]


@cache
def rights_codes() -> dict[str, Codes]:
    """Codes that mean one of ours, by their column: configs/rights.yaml; SettingsError lists its mistakes."""
    path = PROJECT_ROOT / "configs" / "rights.yaml"
    node, content = text.parse(path, text.read(path))
    try:
        return TypeAdapter(dict[str, Codes]).validate_python(content)
    except ValidationError as error:
        problems = text.problems_of(path, node, content, error.errors())
        raise SettingsError(f"The dictionaries of rights {path} have mistakes", problems) from error
