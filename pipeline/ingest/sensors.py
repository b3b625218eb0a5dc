"""What a band of a sensor is called, what its numbers mean, and how it compares to Landsat OLI.

One entry per mission; bands are keyed by STAC common name as the analysis uses it. Asset keys are tried
in order: Earth Search, Planetary Computer, CDSE (Sentinel-2); Earth Search and Planetary Computer, USGS
(Landsat).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Sensor:
    """How one mission writes its surface reflectance: `reflectance = DN * scale + offset`."""

    mission: str
    platforms: tuple[str, ...]
    collections: tuple[str, ...]
    bands: Mapping[str, tuple[str, ...]]
    mask: tuple[str, ...]
    mask_nodata: int
    scale: float
    offset: float
    nodata: int


_SENTINEL_2 = Sensor(
    mission="sentinel-2",
    platforms=("sentinel-2a", "sentinel-2b", "sentinel-2c"),
    collections=("sentinel-2-c1-l2a", "sentinel-2-l2a"),
    bands=MappingProxyType(
        {
            "coastal": ("coastal", "B01", "B01_60m"),
            "blue": ("blue", "B02", "B02_10m"),
            "green": ("green", "B03", "B03_10m"),
            "red": ("red", "B04", "B04_10m"),
            "nir": ("nir", "B08", "B08_10m"),
            "nir08": ("nir08", "B8A", "B8A_20m"),
            "swir16": ("swir16", "B11", "B11_20m"),
            "swir22": ("swir22", "B12", "B12_20m"),
        }
    ),
    mask=("scl", "SCL", "SCL_20m"),
    mask_nodata=0,
    scale=1e-4,
    offset=0.0,
    nodata=0,
)

_LANDSAT_BANDS = MappingProxyType(
    {
        "coastal": ("coastal", "SR_B1"),
        "blue": ("blue", "SR_B2"),
        "green": ("green", "SR_B3"),
        "red": ("red", "SR_B4"),
        "nir": ("nir08", "SR_B5"),
        "nir08": ("nir08", "SR_B5"),
        "swir16": ("swir16", "SR_B6"),
        "swir22": ("swir22", "SR_B7"),
    }
)


def _landsat(number: int) -> Sensor:
    return Sensor(
        mission=f"landsat-{number}",
        platforms=(f"landsat-{number}", f"landsat_{number}"),
        collections=("landsat-c2-l2", "landsat-c2l2-sr"),
        bands=_LANDSAT_BANDS,
        mask=("qa_pixel",),
        mask_nodata=1,
        scale=2.75e-5,
        offset=-0.2,
        nodata=0,
    )


SENSORS: Mapping[str, Sensor] = MappingProxyType(
    {sensor.mission: sensor for sensor in (_SENTINEL_2, _landsat(8), _landsat(9))}
)

HARMONISED_NIR = "nir08"
"""The near infrared of Sentinel-2 that has a counterpart on OLI (B8A); B08 is wider."""

_S2A = {
    "coastal": (0.9959, -0.0002),
    "blue": (0.9778, -0.0040),
    "green": (1.0053, -0.0009),
    "red": (0.9765, 0.0009),
    "nir08": (0.9983, -0.0001),
    "swir16": (0.9987, -0.0011),
    "swir22": (1.0030, -0.0012),
}
_S2B = {
    "coastal": (0.9959, -0.0002),
    "blue": (0.9778, -0.0040),
    "green": (1.0075, -0.0008),
    "red": (0.9761, 0.0010),
    "nir08": (0.9966, 0.0000),
    "swir16": (1.0000, -0.0003),
    "swir22": (0.9867, 0.0004),
}
_S2C = {
    "coastal": (1.003, 0.0),
    "blue": (0.9851, -0.0027),
    "green": (1.0038, -0.0009),
    "red": (0.9718, 0.0011),
    "nir08": (0.9995, -0.0003),
    "swir16": (0.9994, -0.0007),
    "swir22": (0.991, 0.0004),
}

OLI_BANDPASS: Mapping[str, Mapping[str, tuple[float, float]]] = MappingProxyType(
    {"sentinel-2a": _S2A, "sentinel-2b": _S2B, "sentinel-2c": _S2C}
)
"""Slope and offset by platform and band: OLI = slope * MSI + offset. HLS v2 (NASA-IMPACT/hls-sentinel)."""


def sensor_of(platform: str, collection: str) -> Sensor | None:
    """The sensor that an item comes from, by its platform, else by its collection; None if unknown."""
    by_platform = [sensor for sensor in SENSORS.values() if platform.lower() in sensor.platforms]
    by_collection = [sensor for sensor in SENSORS.values() if collection in sensor.collections]
    if by_platform:
        return by_platform[0]
    return by_collection[0] if len(by_collection) == 1 else None
