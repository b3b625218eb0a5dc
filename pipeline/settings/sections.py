"""Tables of water samples, the river sections they belong to, and how readings become means."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pipeline import standards
from pipeline.settings.paths import ConfigPath, OptionalPath, SchemeName
from pipeline.settings.strict import Share, Strict


def _check_code(code: str) -> str:
    """A code of the tables of limits and of the parameters beside them."""
    known = [row["code"] for name in ("water_limits", "water_extras") for row in standards.read_rows(name)]
    if code not in known:
        raise ValueError(f"a code of a parameter: {', '.join(dict.fromkeys(known))}")
    return code


WaterBody = Literal["river", "lake"]
ParameterCode = Annotated[str, AfterValidator(_check_code)]


class SampleFile(Strict):
    """Tables of water samples: a path or glob; `columns` maps our names to theirs.

    `year` is that of times without a year; otherwise the file's name or its own time tells it. A day in the
    file's name is that of its download: later readings are refused as being in the future. A value that is
    only said to be not detected has the limit of its cell, its row or its table, else that of
    `detection_limits` (code: in the unit of the standard), else it is rejected.
    """

    path: ConfigPath
    water_body: WaterBody = "river"
    columns: dict[str, str] = {}
    year: Annotated[int, Field(ge=1950, le=2099)] | None = None
    detection_limits: dict[ParameterCode, Annotated[float, Field(gt=0)]] = {}


class SectionRules(Strict):
    """How readings become means: these rules are from knowledge, unconfirmed; and what a section stands on.

    A value below detection enters with `censored_share` of its limit. An item with data in fewer than
    `year_months` months of a year is marked indicative, or with `few_months: exclude` left out of the
    evaluation. Means are rounded, half to even (四舍六入五成双), before they are graded: with `rounding:
    "2020-82"` to the decimals of 环办监测函〔2020〕82号 (unconfirmed), and those of the parameters in
    `decimals` (code: number) to so many. Exceedances and main pollutants are measured against one
    `reference`: class III, or the target class of the section. A section is linked to the nearest water
    parcel up to `nearest_water_m` away.
    """

    censored_share: Share = 0.5
    year_months: Annotated[int, Field(ge=1, le=12)] = 8
    few_months: Literal["mark", "exclude"] = "mark"
    rounding: Literal["none", "2020-82"] = "none"
    decimals: dict[ParameterCode, Annotated[int, Field(ge=0, le=6)]] = {}
    reference: Literal["III", "target"] = "III"
    nearest_water_m: Annotated[float, Field(ge=0, le=10_000)] = 200


class Sections(Strict):
    """The register of river sections (a table), if there is one, and what is made of them.

    `targets` is a table of the same form whose target classes go before those of the register; `schemes`
    are compensation schemes, ids of configs/schemes or files.
    """

    register_path: OptionalPath | None = Field(default=None, alias="register")
    targets: OptionalPath | None = None
    schemes: list[SchemeName] = []
    rules: SectionRules = SectionRules()
