"""What a sensor is: its bands and how their numbers are stored, its mask if any, and what one look of it is.

One entry per mission; bands are keyed by STAC common name as the analysis uses it. Asset keys are tried
in order: Earth Search, Planetary Computer, CDSE (Sentinel-2); Earth Search and Planetary Computer, USGS
(Landsat).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Literal

from pipeline import standards
from pipeline.contracts import REFLECTANCE, REFLECTANCE_NODATA, Packing

LookKind = Literal["day", "orbit"]


@dataclass(frozen=True)
class Band:
    """A band: its asset keys in the order to try, how its files store values, the size of their pixels."""

    keys: tuple[str, ...]
    packing: Packing
    pixel_m: float


@dataclass(frozen=True)
class ClassMask:
    """A file of classes: `clear` are those in which the surface is seen, None: those that the config names.

    Of the others the `obscuring` ones, None: all of them, are something above the surface, whose edges the
    mask may miss. `nodata` is never clear, and obscures nothing beside it.
    """

    keys: tuple[str, ...]
    pixel_m: float
    clear: tuple[int, ...] | None = None
    obscuring: tuple[int, ...] | None = None
    nodata: int = 0
    pixel_bytes: int = 1


@dataclass(frozen=True)
class BitMask:
    """A file of bits: any of `hidden` obscures the surface, `fill` says that there is no data."""

    keys: tuple[str, ...]
    pixel_m: float
    hidden: tuple[int, ...]
    fill: int = 0
    pixel_bytes: int = 2

    @property
    def nodata(self) -> int:
        """The number that says nothing but that there is no data."""
        return 1 << self.fill


@dataclass(frozen=True)
class Saturation:
    """A file of bits that say in which bands a pixel was too bright to be measured: the bit of each band.

    Any of `spoiling` says that none of its bands tells of the surface.
    """

    keys: tuple[str, ...]
    bits: Mapping[str, int]
    spoiling: tuple[int, ...] = ()


@dataclass(frozen=True)
class Sensor:
    """A mission: what its items are called, its bands, its mask, and its looks.

    Without a mask all pixels with a number are clear. What `saturation` says is none in the bands that are
    read. Scenes of one mission and solar day are one `look`, or
    those of one orbit. `offset_from_pixels`: they are asked for the offset of the numbers, see `radiometry`.
    Since the day `complete_since` every place is taken at least every `revisit_days`; None where that is not
    so: Landsat 4, 5 and 7 did not take all that they passed over.
    """

    mission: str
    platforms: tuple[str, ...]
    collections: tuple[str, ...]
    bands: Mapping[str, Band]
    mask: ClassMask | BitMask | None = None
    saturation: Saturation | None = None
    look: LookKind = "day"
    offset_from_pixels: bool = False
    revisit_days: int | None = None
    complete_since: date | None = None


def _bands(
    packing: Packing, pixel_m: float, keys: Mapping[str, tuple[str, ...]], **others: Band
) -> Mapping[str, Band]:
    """Bands that are stored alike, and others."""
    alike = {band: Band(names, packing, pixel_m) for band, names in keys.items()}
    return MappingProxyType({**alike, **others})


_MSI = Packing(1e-4, valid=(-999, 65534), special=(1,))
"""65535 is saturated (ESA, Sentinel-2 Products Specification); 1 is what processing before 04.00 cuts to at
the edges of its strips and in deep shadow. Nothing is measured below the offset: that is nodata, shifted.
"""
_FINE = {
    "blue": ("blue", "B02", "B02_10m"),
    "green": ("green", "B03", "B03_10m"),
    "red": ("red", "B04", "B04_10m"),
    "nir": ("nir", "B08", "B08_10m"),
}
_MEDIUM = {
    "rededge071": ("rededge1", "B05", "B05_20m"),
    "rededge075": ("rededge2", "B06", "B06_20m"),
    "rededge078": ("rededge3", "B07", "B07_20m"),
    "nir08": ("nir08", "B8A", "B8A_20m"),
    "swir16": ("swir16", "B11", "B11_20m"),
    "swir22": ("swir22", "B12", "B12_20m"),
}
_COARSE = {"coastal": ("coastal", "B01", "B01_60m", "B01_20m")}

_SENTINEL_2 = Sensor(
    mission="sentinel-2",
    platforms=("sentinel-2a", "sentinel-2b", "sentinel-2c", "sentinel-2d"),
    collections=("sentinel-2-c1-l2a", "sentinel-2-l2a"),
    bands=_bands(_MSI, 10, _FINE, **_bands(_MSI, 20, _MEDIUM), **_bands(_MSI, 60, _COARSE)),
    mask=ClassMask(("scl", "SCL", "SCL_20m"), pixel_m=20, obscuring=(3, 8, 9, 10)),
    offset_from_pixels=True,
    revisit_days=5,
    complete_since=date(2018, 12, 14),
)

_OLI = {
    "coastal": ("coastal", "SR_B1"),
    "blue": ("blue", "SR_B2"),
    "green": ("green", "SR_B3"),
    "red": ("red", "SR_B4"),
    "nir": ("nir08", "SR_B5"),
    "nir08": ("nir08", "SR_B5"),
    "swir16": ("swir16", "SR_B6"),
    "swir22": ("swir22", "SR_B7"),
}
_TM = {
    "blue": ("blue", "SR_B1"),
    "green": ("green", "SR_B2"),
    "red": ("red", "SR_B3"),
    "nir": ("nir08", "SR_B4"),
    "nir08": ("nir08", "SR_B4"),
    "swir16": ("swir16", "SR_B5"),
    "swir22": ("swir22", "SR_B7"),
}
_COLLECTION_2 = Packing(2.75e-5, -0.2, valid=(7273, 43636))
_TEMPERATURE = Packing(0.00341802, 149.0, unit="K", valid=(293, 61440))
"""Of the surface, with their valid ranges (USGS, Landsat Collection 2 Level 2 Science Product Guide)."""
_RADSAT = ("qa_radsat", "QA_RADSAT")
_OLI_SATURATION = Saturation(
    _RADSAT,
    {"coastal": 0, "blue": 1, "green": 2, "red": 3, "nir": 4, "nir08": 4, "swir16": 5, "swir22": 6},
    spoiling=(11,),
)
_TM_SATURATION = Saturation(
    _RADSAT,
    {"blue": 0, "green": 1, "red": 2, "nir": 3, "nir08": 3, "swir16": 4, "lwir11": 5, "swir22": 6},
    spoiling=(9,),
)
"""QA_RADSAT of OLI, whose bit 11 is terrain that hides the pixel; of TM and ETM+, whose bit 9 is a dropped
pixel (USGS, Landsat Collection 2 Level 1 Data Format Control Books)."""


def _landsat(
    number: int,
    keys: Mapping[str, tuple[str, ...]],
    thermal: tuple[str, ...],
    complete_since: date | None = None,
) -> Sensor:
    return Sensor(
        mission=f"landsat-{number}",
        platforms=(f"landsat-{number}", f"landsat_{number}"),
        collections=("landsat-c2-l2", "landsat-c2l2-sr"),
        bands=_bands(_COLLECTION_2, 30, keys, lwir11=Band(thermal, _TEMPERATURE, 30)),
        mask=BitMask(("qa_pixel", "QA_PIXEL"), pixel_m=30, hidden=(1, 2, 3, 4)),
        saturation=_OLI_SATURATION if keys is _OLI else _TM_SATURATION,
        revisit_days=16 if complete_since else None,
        complete_since=complete_since,
    )


_SENSORS = {
    sensor.mission: sensor
    for sensor in (
        _SENTINEL_2,
        *(_landsat(number, _TM, ("lwir", "ST_B6")) for number in (4, 5, 7)),
        _landsat(8, _OLI, ("lwir11", "ST_B10"), date(2013, 4, 12)),
        _landsat(9, _OLI, ("lwir11", "ST_B10"), date(2022, 2, 11)),
    )
}
SENSORS: Mapping[str, Sensor] = MappingProxyType(_SENSORS)
"""Revisit: ESA (5 days with two satellites; L2A worldwide since mid-December 2018), USGS (16 days a path)."""

WITHOUT_COUNTERPART = ("rededge071", "rededge075", "rededge078")
"""Bands of Sentinel-2 that OLI has not: there is nothing to bring them to, so they stay as they are."""

HARMONISED_NIR = "nir08"
"""The near infrared that has a counterpart on OLI: B8A of Sentinel-2, whose B08 is wider."""

_STORED = {"lwir11": Packing(0.01, 273.15, REFLECTANCE_NODATA, "K")}
STORED: Mapping[str, Packing] = MappingProxyType(_STORED)
"""How composites hold bands that are no reflectance, in the unit of every sensor that has them."""

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


def choose_packing(band: str) -> Packing:
    """How composites hold a band: as reflectance, unless it is something else."""
    return STORED.get(band, REFLECTANCE)
