"""How land cover is mapped, which change of it counts, and what is water over the dates."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline import standards
from pipeline.legends import LAND_KINDS, LAND_MAPS
from pipeline.settings.crs import CrsSetting
from pipeline.settings.layers import BandName
from pipeline.settings.paths import ConfigPath
from pipeline.settings.strict import Percent, Share, Strict

Regime = Literal["tidal", "reservoir"]
TrendTest = Literal["mann-kendall", "ar1", "hamed-rao", "hirsch-slack"]


class ChangeRules(Strict):
    """Which change of land cover counts; 0 lets everything stand.

    A pixel counts where NDVI, MNDWI or BSI moved by `least_shift` at least (a proposal of this project), so
    that a class on the brink is no change; a patch where it has at least `mmu_m2`, the minimum mapping unit:
    600 m2 is that of most classes of the third land survey (TD/T 1055-2019; from knowledge, unconfirmed);
    and where its confidence, the mean over its pixels of the product of both periods' confidence, reaches
    `least_confidence`: from 0.5 on it is likelier that both maps are right than that one is wrong.
    Between existing maps `mmu_m2` alone counts.
    """

    least_shift: Annotated[float, Field(ge=0, le=2)] = 0.15
    mmu_m2: Annotated[float, Field(ge=0)] = 600
    least_confidence: Share = 0.5


class WaterRules(Strict):
    """How often each pixel is under water, from all clear looks of a period; reads four bands once more.

    Wet in at least `mostly` of its looks is permanent water, in at least `seldom` the zone between low and
    high water (limits as Wang et al. 2020, DOI 10.1016/j.rse.2018.11.030, from knowledge, unconfirmed). Fewer
    than `least_looks` tell nothing (a proposal of this project). `regimes` say by id of the area what that
    zone is: 潮间带 where the water is `tidal`, 消落带 at a `reservoir`; without it the zone has no such name.
    """

    inundation: bool = False
    least_looks: Annotated[int, Field(ge=1)] = 5
    seldom: Annotated[float, Field(gt=0, le=1)] = 0.05
    mostly: Annotated[float, Field(gt=0, le=1)] = 0.95
    regimes: dict[str, Regime] = {}

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if self.mostly <= self.seldom:
            raise ValueError("mostly must lie above seldom")
        return self


class GreennessRules(Strict):
    """NDVI against earlier years and its trend, pixel by pixel; neither unless asked for.

    `anomaly` sets a period beside the same season of all earlier years of the run, of which at least
    `least_years` must be known; ground is clearly less green where NDVI lies `least_drop` below their mean.
    `trend` is the Theil-Sen slope over all periods, significant below `significance` by the `test`, which
    parcels have as well: `mann-kendall` takes the periods as independent; of years, `ar1` and `hamed-rao`
    correct for serial correlation, of months, quarters and seasons `hirsch-slack` does. With
    `false_discovery` the `significance` is the share of false ones among the pixels called significant
    (Benjamini and Hochberg), else that among pixels without a trend. The limits are proposals of this
    project.
    """

    anomaly: bool = False
    least_years: Annotated[int, Field(ge=2)] = 3
    least_drop: Annotated[float, Field(gt=0, le=2)] = 0.1
    trend: bool = False
    test: TrendTest = "mann-kendall"
    significance: Annotated[float, Field(gt=0, lt=1)] = 0.05
    false_discovery: bool = False


class EcologicalIndex(Strict):
    """How the remote sensing ecological index (RSEI) is made; `rsei: true` leaves it as it stands here.

    Each component is 0 and 1 at the percentiles of `trim`, by which single pixels decide no range; what lies
    beyond is cut. `common` makes one axis and one range of all periods together: only then can figures of two
    periods be compared. `wetness` takes the coefficients that are usual in Xu's index, which for OLI are of
    at-sensor reflectance, or those of `surface` reflectance, which the scenes hold.
    """

    trim: tuple[Percent, Percent] = (0, 100)
    common: bool = False
    wetness: Literal["usual", "surface"] = "usual"

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if self.trim[1] <= self.trim[0]:
            raise ValueError("the second percentile of trim must lie above the first")
        return self


class LabelledSamples(Strict):
    """Points or polygons of known land cover: any vector file with a column of classes.

    `classes` maps what stands in the column to keys of the `land_kinds` table; without it the column holds
    these keys, or their Chinese names. The labels hold in `period` (a label of the run), or in all periods
    where it is not given.
    """

    path: ConfigPath
    layer: str | None = None
    crs: CrsSetting | None = None
    column: str = "class"
    classes: dict[str, str] = {}
    period: str | None = None


class Forest(Strict):
    """How a classifier is trained: a random forest on samples split by blocks of ground.

    All samples within a square of `block_m` stand on the same side of the split; about `test_share` of them
    judge the model and are never shown to it. A class needs `least` pixels on the side that trains.
    """

    trees: Annotated[int, Field(ge=10, le=1000)] = 100
    seed: Annotated[int, Field(ge=0, le=2**31)] = 1
    block_m: Annotated[float, Field(gt=0)] = 1000
    test_share: Annotated[float, Field(ge=0.1, le=0.5)] = 0.3
    least: Annotated[int, Field(ge=2)] = 10


class ModelFile(Strict):
    """A classifier that an earlier run saved, by its folder; taken only if its checksum is this one."""

    path: ConfigPath
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Smoothing(Strict):
    """Means of class probabilities before the most likely class is taken; proposals of this project.

    In space over the square of `radius_px` pixels to every side, in time with `neighbour_weight` for the
    period before and the one after, beside 1 for the period itself; 0 leaves probabilities as they are.
    """

    radius_px: Annotated[int, Field(ge=0, le=5)] = 0
    neighbour_weight: Share = 0


class AlertRules(Strict):
    """Alerts of vegetation loss in the last days of the run; none unless their number is given.

    Every look of those days is judged by the looks before them, the history: by the `least_history` or more
    within `season_days` of its day of the year, and the pixel's noise, at least `least_noise` of NDVI. What
    lies below, less `slack` and at most `most_step` standard deviations a look, is summed up until it passes
    `limit` with a mean drop of at least `least_drop` (CUSUM, Page 1954; the figures are proposals of this
    project).
    """

    last_days: Annotated[int, Field(ge=1)] | None = None
    season_days: Annotated[int, Field(ge=1, le=180)] = 30
    least_history: Annotated[int, Field(ge=2)] = 4
    least_noise: Annotated[float, Field(gt=0, le=1)] = 0.03
    slack: Annotated[float, Field(ge=0)] = 0.75
    most_step: Annotated[float, Field(gt=0)] = 3.5
    limit: Annotated[float, Field(gt=0)] = 8
    least_drop: Annotated[float, Field(ge=0, le=2)] = 0.1

    @property
    def thresholds(self) -> dict[str, float]:
        """What an alert is decided by."""
        return self.model_dump(exclude={"last_days"})


class LandMap(Strict):
    """An existing map of land cover: a GeoTIFF of class codes in any CRS, and what its codes mean.

    `product` names a crosswalk of the `land_maps` table: worldcover-v100, worldcover-v200 or dynamic-world.
    Any other raster has `classes`, from its codes to keys of the `land_kinds` table, and as `product` a name
    of its own: maps of one product are compared with each other, those of two products are not. `crs` stands
    in for one that the file lacks or misstates. `band`, by number or name, is needed where there are several.
    """

    path: ConfigPath
    product: Annotated[str, Field(min_length=1)]
    band: BandName | None = None
    classes: dict[Annotated[int, Field(ge=0)], str] = {}
    crs: CrsSetting | None = None

    @model_validator(mode="after")
    def _one_crosswalk(self) -> Self:
        if bool(self.classes) == (self.product in LAND_MAPS):
            raise ValueError(
                f"either a product out of {sorted(LAND_MAPS)}, or another name of a product and its classes"
            )
        strange = sorted(set(self.classes.values()) - set(LAND_KINDS))
        if strange:
            raise ValueError(f"{strange} are no land kinds; classes go to {sorted(LAND_KINDS)}")
        return self

    @property
    def kinds_by_code(self) -> Mapping[int, str]:
        """Kind of land (legends.LAND_KINDS) of every code."""
        return self.classes or LAND_MAPS[self.product]

    @property
    def title(self) -> str:
        """Product and file in words."""
        return f"{self.product} ({Path(self.path).name})"

    def incomparable(self, other: "LandMap") -> str:
        """Why what differs between two maps is no change of the ground; empty where they can be compared."""
        pair = {self.product, other.product}
        for row in standards.read_rows("land_map_versions"):
            if pair == {row["product"], row["other"]}:
                return f"{row['reason']} ({row['source']})"
        if len(pair) > 1:
            return "different products differ in method and legend, not only in what the ground was"
        if self.kinds_by_code != other.kinds_by_code:
            return "one product has two crosswalks, which make a change of what did not change"
        return ""


class LandCover(Strict):
    """How land cover is mapped: by `rules`, by a `classifier` with `samples` or a `model`, or from a `map`.

    `maps` are existing maps by the label of the period that each holds in; in other periods land cover is
    unknown. They bring no confidence, so that change counts by its minimum mapping unit alone.
    `water_mndwi`, `vegetation_ndvi` and `bare_bsi` are the thresholds of the rules, `index_noise` the
    standard deviation of an index of a composite, from which the rules' confidence follows: proposals of
    this project. `accuracy` is a sample by which the map is judged, whatever its method: points that
    `ecoledger sample` drew, labelled; they hold in their `period`, the last unless it is named.
    """

    method: Literal["rules", "classifier", "map"] = "rules"
    water_mndwi: float = 0.1
    vegetation_ndvi: float = 0.3
    bare_bsi: float = 0.08
    index_noise: Annotated[float, Field(gt=0, le=1)] = 0.05
    samples: LabelledSamples | None = None
    model: ModelFile | None = None
    forest: Forest = Forest()
    smoothing: Smoothing = Smoothing()
    maps: dict[str, LandMap] = {}
    accuracy: LabelledSamples | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = (self.samples is not None) + (self.model is not None)
        if given != (self.method == "classifier"):
            raise ValueError("a classifier needs either samples or a model, and the other methods neither")
        if bool(self.maps) != (self.method == "map"):
            raise ValueError("the method map needs maps, and the other methods have none")
        if self.samples and self.accuracy and self.samples.path == self.accuracy.path:
            raise ValueError("samples that train the classifier cannot judge it: accuracy needs its own")
        return self

    @property
    def thresholds(self) -> dict[str, float]:
        """What the rules decide by."""
        return self.model_dump(include={"water_mndwi", "vegetation_ndvi", "bare_bsi"})
