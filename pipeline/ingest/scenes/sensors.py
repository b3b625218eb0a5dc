"""What a band of a sensor is called, what its numbers mean, and how it compares to Landsat OLI.

One entry per mission; bands are keyed by STAC common name as the analysis uses it. Asset keys are tried
in order: Earth Search, Planetary Computer, CDSE (Sentinel-2); Earth Search and Planetary Computer, USGS
(Landsat).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from pipeline import standards


@dataclass(frozen=True)
class Sensor:
    """How one mission writes its surface reflectance: `reflectance = DN * scale + offset`.

    `calibration` are scale and offset by band where they are others and give no reflectance: `lwir11` is the
    temperature of the surface in kelvin (USGS, Landsat Collection 2 Level 2 Science Product Guide).
    `pixels_m` are the sizes of pixels by band where they are not `pixel_m`, which is that of the mask.
    Since the day `complete_since` every place is taken at least every `revisit_days`; None where that is
    not so: Landsat 4, 5 and 7 did not take all that they passed over.
    """

    mission: str
    platforms: tuple[str, ...]
    collections: tuple[str, ...]
    bands: Mapping[str, tuple[str, ...]]
    mask: tuple[str, ...]
    mask_nodata: int
    scale: float
    offset: float
    nodata: int
    pixel_m: float
    mask_bytes: int
    pixels_m: Mapping[str, float]
    calibration: Mapping[str, tuple[float, float]]
    revisit_days: int | None = None
    complete_since: date | None = None


_SENTINEL_2 = Sensor(
    mission="sentinel-2",
    platforms=("sentinel-2a", "sentinel-2b", "sentinel-2c", "sentinel-2d"),
    collections=("sentinel-2-c1-l2a", "sentinel-2-l2a"),
    bands=MappingProxyType(
        {
            "coastal": ("coastal", "B01", "B01_60m", "B01_20m"),
            "blue": ("blue", "B02", "B02_10m"),
            "green": ("green", "B03", "B03_10m"),
            "red": ("red", "B04", "B04_10m"),
            "rededge071": ("rededge1", "B05", "B05_20m"),
            "rededge075": ("rededge2", "B06", "B06_20m"),
            "rededge078": ("rededge3", "B07", "B07_20m"),
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
    pixel_m=20,
    mask_bytes=1,
    calibration=MappingProxyType({}),
    pixels_m=MappingProxyType({"coastal": 60, **dict.fromkeys(("blue", "green", "red", "nir"), 10)}),
    revisit_days=5,
    complete_since=date(2018, 12, 14),
)

_OLI_BANDS = MappingProxyType(
    {
        "coastal": ("coastal", "SR_B1"),
        "blue": ("blue", "SR_B2"),
        "green": ("green", "SR_B3"),
        "red": ("red", "SR_B4"),
        "nir": ("nir08", "SR_B5"),
        "nir08": ("nir08", "SR_B5"),
        "swir16": ("swir16", "SR_B6"),
        "swir22": ("swir22", "SR_B7"),
        "lwir11": ("lwir11", "ST_B10"),
    }
)
_TM_BANDS = MappingProxyType(
    {
        "blue": ("blue", "SR_B1"),
        "green": ("green", "SR_B2"),
        "red": ("red", "SR_B3"),
        "nir": ("nir08", "SR_B4"),
        "nir08": ("nir08", "SR_B4"),
        "swir16": ("swir16", "SR_B5"),
        "swir22": ("swir22", "SR_B7"),
        "lwir11": ("lwir", "ST_B6"),
    }
)
_SURFACE_TEMPERATURE = MappingProxyType({"lwir11": (0.00341802, 149.0)})


def _landsat(number: int, bands: Mapping[str, tuple[str, ...]], complete_since: date | None = None) -> Sensor:
    return Sensor(
        mission=f"landsat-{number}",
        platforms=(f"landsat-{number}", f"landsat_{number}"),
        collections=("landsat-c2-l2", "landsat-c2l2-sr"),
        bands=bands,
        mask=("qa_pixel", "QA_PIXEL"),
        mask_nodata=1,
        scale=2.75e-5,
        offset=-0.2,
        nodata=0,
        pixel_m=30,
        mask_bytes=2,
        pixels_m=MappingProxyType({}),
        calibration=_SURFACE_TEMPERATURE,
        revisit_days=16 if complete_since else None,
        complete_since=complete_since,
    )


SENSORS: Mapping[str, Sensor] = MappingProxyType(
    {
        sensor.mission: sensor
        for sensor in (
            _SENTINEL_2,
            *(_landsat(number, _TM_BANDS) for number in (4, 5, 7)),
            _landsat(8, _OLI_BANDS, date(2013, 4, 12)),
            _landsat(9, _OLI_BANDS, date(2022, 2, 11)),
        )
    }
)
"""Revisit: ESA (5 days with two satellites; L2A worldwide since mid-December 2018), USGS (16 days a path)."""

WITHOUT_COUNTERPART = ("rededge071", "rededge075", "rededge078")
"""Bands of Sentinel-2 that OLI has not: there is nothing to bring them to, so they stay as they are."""

HARMONISED_NIR = "nir08"
"""The near infrared that has a counterpart on OLI: B8A of Sentinel-2, whose B08 is wider."""

UNTOLD_SENTINEL = "sentinel-2"
"""The platform of a Sentinel-2 scene whose satellite neither its item nor its id names."""

Bandpass = Mapping[str, tuple[float, float]]


def _bandpasses() -> dict[str, Bandpass]:
    table = standards.table("bandpass").astype({"slope": float, "offset": float})
    return {
        str(platform): dict(zip(rows["band"], zip(rows["slope"], rows["offset"], strict=True), strict=True))
        for platform, rows in table.groupby("platform")
    }


OLI_BANDPASS: Mapping[str, Bandpass] = MappingProxyType(_bandpasses())
"""Slope and offset by platform and band: OLI = slope * band + offset. The table `bandpass`, with sources."""


def bandpass_of(platform: str) -> Bandpass | None:
    """What brings the bands of a platform to OLI; None for OLI itself.

    A Sentinel-2 that has no figures of its own (2D, or one that is not told) takes those of 2A, which
    differ from those of 2B and 2C by up to 0.02.
    """
    otherwise = OLI_BANDPASS["sentinel-2a"] if platform.startswith("sentinel-2") else None
    return OLI_BANDPASS.get(platform, otherwise)


def sensor_of(platform: str, collection: str) -> Sensor | None:
    """The sensor that an item comes from, by its platform, else by its collection; None if unknown."""
    by_platform = [sensor for sensor in SENSORS.values() if platform.lower() in sensor.platforms]
    by_collection = [sensor for sensor in SENSORS.values() if collection in sensor.collections]
    if by_platform:
        return by_platform[0]
    return by_collection[0] if len(by_collection) == 1 else None
