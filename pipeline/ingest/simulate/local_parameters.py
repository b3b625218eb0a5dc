"""Parameters of the simulated world, as an office sets them beside a profile: what no document tells."""

from pathlib import Path

import pandas as pd

from pipeline.ingest.simulate.world import World

SOURCE = "模拟参数（不是真实调查）/ simulated, from no survey"

_RANGE = 0.15
_SINGLE = {
    "visit_hours": (3.5, "h"),
    "hourly_wage": (41.5, "yuan/h"),
    "leisure_wage_share": (0.3, "1"),
    "landscape_premium": (26.0, "yuan/m2"),
    "coast_protection_cost": (118_000.0, "yuan/km"),
    "noise_reduction": (5.5, "dB"),
    "noise_cost": (27_000.0, "yuan/(dB km)"),
}
_BY_CLASS = {
    ("runoff_reduction", "草地"): (0.21, "1"),
    ("runoff_coefficient", "vegetation"): (0.07, "1"),
    ("runoff_reduction", "vegetation"): (0.29, "1"),
    ("conservation_practice", "vegetation"): (0.85, "1"),
    ("soil_nitrogen", "vegetation"): (0.0012, "1"),
    ("soil_phosphorus", "vegetation"): (0.0006, "1"),
    ("carbon_rate", "vegetation"): (0.43, "t C/ha/a"),
    ("so2_rate", "vegetation"): (0.041, "t/ha/a"),
    ("nox_rate", "vegetation"): (0.0035, "t/ha/a"),
    ("dust_rate", "vegetation"): (4.6, "t/ha/a"),
    ("transpiration_heat", "vegetation"): (1720.0, "kJ/m2/d"),
    ("species_unit_value", "vegetation"): (4400.0, "yuan/ha"),
}
"""Of plants off the parcels, which no map tells apart, above all."""


def write_parameters(world: World, path: Path) -> None:
    """A local table of parameters, in prices of the first year, each within 15 % and none confirmed."""
    told = _BY_CLASS | {(key, ""): figure for key, figure in _SINGLE.items()}
    rows = [(*place, *figure) for place, figure in told.items()]
    table = pd.DataFrame(rows, columns=["key", "class", "value", "unit"])
    price = table["unit"].str.startswith("yuan")
    table.assign(
        low=(table["value"] * (1 - _RANGE)).round(6),
        high=(table["value"] * (1 + _RANGE)).round(6),
        price_year=pd.Series(world.periods[0].first.year, table.index, dtype="Int64").where(price),
        source=SOURCE,
        confirmed="no",
    ).to_csv(path, index=False)
