"""Tables of water samples, the river sections they belong to, and how readings become means."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.settings.paths import ConfigPath, OptionalPath, SchemeName
from pipeline.settings.strict import Share, Strict

WaterBody = Literal["river", "lake"]


class SampleFile(Strict):
    """Tables of water samples: a path or glob; `columns` maps our names to theirs.

    `year` is that of times without a year; otherwise the file's name or its own time tells it. A day in the
    file's name is that of its download: later readings are refused as being in the future.
    """

    path: ConfigPath
    water_body: WaterBody = "river"
    columns: dict[str, str] = {}
    year: Annotated[int, Field(ge=1950, le=2099)] | None = None


class SectionRules(Strict):
    """How readings become means: these rules are from knowledge, unconfirmed; and what a section stands on.

    A value below detection enters with `censored_share` of its limit; a year on fewer than `year_months`
    months with data is marked indicative; means of the parameters in `decimals` (code: number) are rounded to
    so many of them, half to even (四舍六入五成双), before they are graded. A section is linked to the nearest
    water parcel up to `nearest_water_m` away.
    """

    censored_share: Share = 0.5
    year_months: Annotated[int, Field(ge=1, le=12)] = 8
    decimals: dict[str, Annotated[int, Field(ge=0, le=6)]] = {}
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
