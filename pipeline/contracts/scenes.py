"""A scene and its bands as they flow, what became of each read, and how numbers are packed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

REFLECTANCE_SCALE = 1e-4
REFLECTANCE_NODATA = -32768
REFLECTANCE_LIMIT = 32767
INDEX_STEP = 2.0**-13
"""Indices are kept in steps of 0.00012, as fine as the reflectance behind them, which halves their files."""

Outcome = Literal["read", "skipped", "failed"]


@dataclass(frozen=True)
class Packing:
    """How whole numbers stand for values in a unit: `value = number * scale + offset` (CF, packed data).

    `nodata` stands for none, `valid` are the least and the greatest number that stand for one; None where all
    others do. `special` are numbers that stand for something else, such as a limit that was cut to.
    """

    scale: float = 1.0
    offset: float = 0.0
    nodata: int = 0
    unit: str = "1"
    valid: tuple[int, int] | None = None
    special: tuple[int, ...] = ()


REFLECTANCE = Packing(REFLECTANCE_SCALE, nodata=REFLECTANCE_NODATA)
"""Reflectance as composites hold it, int16."""


@dataclass(frozen=True)
class BandChoice:
    """Which band of a file is meant: what it may be called there, and its number, where that is told.

    `number` counts from 1, `among` is how many bands the file is said to have; 0 where nothing is said.
    """

    names: tuple[str, ...] = ()
    number: int = 0
    among: int = 0


@dataclass(frozen=True)
class Asset:
    """One band of a file of a scene: `value = DN * scale + offset` in the unit of the band.

    `nodata` is the DN of nothing, as are those of `stated`; `valid` the least and the greatest DN that stand
    for a value, of which the `special` ones do not; None where all others do. `band` says which band of the
    file it is. `version` is what the disk or the server says of its content, which changes when it is
    replaced; `checksum` (multihash, hexadecimal) and `size` (bytes) are what the item says of it. Each is
    empty where nothing is said.
    """

    href: str
    scale: float = 1.0
    offset: float = 0.0
    nodata: int = 0
    valid: tuple[int, int] | None = None
    special: tuple[int, ...] = ()
    stated: tuple[int, ...] = ()
    band: BandChoice = BandChoice()
    version: str = ""
    checksum: str = ""
    size: int = 0


@dataclass(frozen=True)
class Scene:
    """One normalised scene. `assets` are keyed by STAC common name; `mask` says what is clear, None: all is.

    `saturation` says in which bands a pixel was too bright, None: nothing does.

    `offset_source` tells what the radiometric offset rests on (pixels, raster:bands, boa_offset_applied,
    baseline or header), `offset_evidence` what all said, `offset_conflict` whether they disagreed. `orbit`
    names the pass where looks are told apart by it, and is empty elsewhere. `item_href` is the address of the
    item at its provider, without a signature; empty where it tells none.
    """

    id: str
    mission: str
    platform: str
    datetime: datetime
    tile: str
    baseline: str
    updated: str
    cloud_percent: float
    crs: str
    assets: dict[str, Asset]
    mask: Asset | None
    offset_source: str
    offset_evidence: str
    offset_conflict: bool
    item_sha256: str
    simulated: bool
    orbit: str = ""
    saturation: Asset | None = None
    item_href: str = ""

    @property
    def files(self) -> list[Asset]:
        """All files, the mask first."""
        masks = [asset for asset in (self.mask, self.saturation) if asset]
        return [*masks, *self.assets.values()]

    @property
    def hrefs(self) -> list[str]:
        """Where its files are, the mask first."""
        return [asset.href for asset in self.files]


NOT_READABLE, NEVER_READABLE = "not readable", "not readable, nor by another run"
"""Why a read failed: what was in the way may pass, or the file is gone or broken."""


@dataclass(frozen=True)
class ReadRecord:
    """What became of one asset in one block; `band` is `mask` for what says where a scene is clear.

    `attempts` counts how often the file was asked (0: it was not), `error` lists what went wrong on the way,
    also where it came in the end; `href` is without signature.
    """

    scene_id: str
    band: str
    block: str
    outcome: Outcome
    reason: str
    href: str
    attempts: int = 1
    error: str = ""
