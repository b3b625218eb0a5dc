"""How fractional vegetation cover is worked out."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from pipeline.settings.strict import Percent, Share, Strict

Month = Annotated[int, Field(ge=1, le=12)]


class Endmembers(Strict):
    """NDVI of bare soil and of full vegetation, given instead of taken from the scenes."""

    soil: Annotated[float, Field(ge=-1, le=1)]
    vegetation: Annotated[float, Field(ge=-1, le=1)]

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.vegetation <= self.soil:
            raise ValueError("vegetation must lie above soil")
        return self


class ClassPercentiles(Strict):
    """Endmembers at two percentiles of NDVI within each class of the land cover."""

    method: Literal["by_class"]
    percentiles: tuple[Percent, Percent] = (5, 95)


class Vegetation(Strict):
    """Fractional vegetation cover by the pixel dichotomy model.

    `ndvi` is what it is made from: that of the `composite` of a period; the `maximum` of all its clear looks;
    or, with periods of a year, the median of those of the `growing-season`, whose first and last month
    `growing_season` names (April to October are a proposal of this project for the Yangtze). Percentiles for
    `endmembers` leave water out, and what is built up as well where `without_built` says so. `freeze` has all
    periods of a run share them; `keep_endmembers` is a name under which runs share them: the first run finds
    them, its delivery tells them, and later runs of the area take them from there.
    """

    ndvi: Literal["composite", "maximum", "growing-season"] = "composite"
    growing_season: tuple[Month, Month] = (4, 10)
    endmembers: Endmembers | ClassPercentiles | tuple[Percent, Percent] = (5, 95)
    without_built: bool = False
    freeze: bool = True
    keep_endmembers: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] | None = None
    cover_threshold: Share = 0.3

    @model_validator(mode="after")
    def _rising(self) -> Self:
        chosen = self.endmembers
        percentiles = chosen.percentiles if isinstance(chosen, ClassPercentiles) else chosen
        if isinstance(percentiles, tuple) and percentiles[0] >= percentiles[1]:
            raise ValueError("the percentile of vegetation (the second) must lie above that of soil")
        if self.growing_season[1] < self.growing_season[0]:
            raise ValueError("the last month of the growing season must not lie before the first")
        if self.keep_endmembers and (isinstance(chosen, Endmembers) or not self.freeze):
            raise ValueError("endmembers are kept by percentile and with freeze: those given never change")
        return self

    @property
    def endmember_rules(self) -> dict[str, Any]:
        """How endmembers are found, as it stands in JSON."""
        return self.model_dump(mode="json", include={"ndvi", "growing_season", "endmembers", "without_built"})
