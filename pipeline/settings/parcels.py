"""The land register and the layers that restrict use, as a config names them."""

from typing import Literal

from pipeline.settings.crs import CrsSetting
from pipeline.settings.paths import ConfigPath
from pipeline.settings.strict import Percent, Strict

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

LandClassEdition = Literal["third", "second"]
"""Whose land classes a register has: of the third (TD/T 1055-2019) or second survey (GB/T 21010-2007)."""

RestrictingKind = Literal["ecological_red_line", "permanent_farmland", "special_protection"]
AreaUnit = Literal["m2", "ha", "mu"]


class ParcelFile(Strict):
    """The land register: a vector file; `columns` maps our names to theirs.

    `crs` stands in for one that the file lacks or misstates, `area_unit` is that of areas whose column does
    not tell. `area_tolerance_percent`, by which the registered may differ from the measured area, is a
    proposal of this project. `land_class_edition` is for a column of land classes that does not tell by its
    codes which survey they are of, such as 101 and 102 alone. `dictionaries` maps, by our column, codes of
    this register to names of the `rights` table.
    """

    path: ConfigPath
    layer: str | None = None
    encoding: str = "auto"
    profile: ParcelProfile = "auto"
    crs: CrsSetting | None = None
    columns: dict[str, str] = {}
    area_unit: AreaUnit = "m2"
    area_tolerance_percent: Percent = 1
    land_class_edition: LandClassEdition | None = None
    dictionaries: dict[str, dict[str, str]] = {}
    mask_holders: bool = True


class RestrictingFile(Strict):
    """Polygons inside which use is restricted: a vector file, and what kind of restriction they are."""

    path: ConfigPath
    kind: RestrictingKind
    layer: str | None = None
    crs: CrsSetting | None = None
