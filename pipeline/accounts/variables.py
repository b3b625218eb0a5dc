"""Fields over the ground that services are computed from; only their sums under units are kept."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Variable:
    """A number of each pixel and year: its sum under ground is value times area, its unit times m2."""

    name: str
    unit: str
    title_zh: str
    title_en: str


VARIABLES: dict[str, Variable] = {
    variable.name: variable
    for variable in (
        Variable("rain", "mm/a", "降水量", "rain"),
        Variable("evapotranspiration", "mm/a", "实际蒸散发量", "actual evapotranspiration"),
        Variable("deficit", "mm/a", "水量亏缺（负值部分）", "deficit of water, the negative part"),
        Variable("erosion_potential", "t/ha/a", "潜在土壤侵蚀量", "potential soil erosion"),
        Variable("erosion", "t/ha/a", "土壤侵蚀量（未计措施因子）", "soil erosion, before support practices"),
        Variable("storm_rain", "mm/a", "暴雨降水量", "rain of storms"),
        Variable("npp", "t C/ha/a", "净初级生产力", "net primary production"),
        Variable("hot_days", "d/a", "高温天数", "hot days"),
        Variable("water_evaporation", "mm/a", "高温期水面蒸发量", "evaporation of water in hot days"),
        Variable("fvc", "1", "植被覆盖度", "fractional vegetation cover"),
    )
}
"""The variables by name.

`deficit` is the part below 0 of rain x (1 - runoff coefficient of the mapped class) - evapotranspiration,
pixel by pixel, at most 0. `erosion_potential` is R K L S of the RUSLE, `erosion` R K L S C, with C from the
FVC of the run's own period and without P. All are means of a pixel; `hot_days` are days with a mean
temperature above the threshold of the config.
"""
