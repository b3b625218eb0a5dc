"""Saturation of dissolved oxygen: GB 3838-2002 lets class I be kept by 90 % of it instead of 7.5 mg/L."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_ZERO_CELSIUS = 273.15
_SEA_LEVEL_KM = 44.3
_PRESSURE_POWER = 5.25


def compute_saturated_oxygen(
    temperature_c: NDArray[np.float64], altitude_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Dissolved oxygen (mg/L) of fresh water in equilibrium with air, NaN where either is.

    Benson and Krause (1984) at one atmosphere, brought to the pressure of the altitude with the vapour of
    water and the second virial coefficient of oxygen (the formulas of APHA 4500-O and of USGS TM 2011.03);
    pressure by the standard atmosphere, (1 - h / 44.3 km) ** 5.25.
    """
    kelvin = temperature_c + _ZERO_CELSIUS
    at_sea_level = np.exp(
        -139.34411
        + 1.575701e5 / kelvin
        - 6.642308e7 / kelvin**2
        + 1.243800e10 / kelvin**3
        - 8.621949e11 / kelvin**4
    )
    pressure = (1 - altitude_m / 1000 / _SEA_LEVEL_KM) ** _PRESSURE_POWER
    vapour = np.exp(11.8571 - 3840.70 / kelvin - 216961 / kelvin**2)
    virial = 0.000975 - 1.426e-5 * temperature_c + 6.436e-8 * temperature_c**2
    lowered = (pressure - vapour) * (1 - virial * pressure) / ((1 - vapour) * (1 - virial))
    return np.asarray(at_sea_level * lowered)


def compute_saturation(days: pd.DataFrame, altitude_m: pd.Series) -> pd.Series:
    """Mean saturation of oxygen (a share, 1 for water in equilibrium with air) by place, of dated samples.

    The mean of the monthly means of readings, each over the saturated oxygen of the water temperature that
    was read with it. A place has one only where its altitude (`altitude_m`, by place) is known and every
    reading of oxygen has its temperature.
    """
    oxygen, temperature = (
        days[(days["parameter"] == code) & ~days["censored"]].groupby(["place", "month", "time"])["value"]
        for code in ("DO", "WT")
    )
    rows = oxygen.mean().rename("oxygen").to_frame().join(temperature.mean().rename("temperature"))
    rows = rows.reset_index()
    altitude = rows["place"].map(altitude_m).to_numpy(dtype=float)
    saturated = compute_saturated_oxygen(rows["temperature"].to_numpy(dtype=float), altitude)
    share = rows.assign(share=rows["oxygen"] / saturated)
    whole = ~share["share"].isna().groupby(share["place"]).any()
    monthly = share.groupby(["place", "month"])["share"].mean()
    return monthly.groupby("place").mean().where(whole)
