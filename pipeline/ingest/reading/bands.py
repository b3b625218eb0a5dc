"""Which band of a file an asset is, and its numbers where the file or the item says that nothing is there."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.contracts import Asset, BandChoice
from pipeline.errors import BrokenAsset
from pipeline.ingest.reading.gdal import Extract
from pipeline.ingest.reading.headers import FileBand, Profile
from pipeline.redaction import redact

_TYPES = ("uint8", "uint16", "int16")
"""The numbers of scenes; others are brought to the first of them that holds them all."""
_LIKE = 0.8
"""Scales that are so much alike are one: that of a sensor may be brought to the bandpass of another."""


@dataclass(frozen=True)
class AssetBand:
    """The band of a file that an asset is: what is extracted, and the numbers that stand for nothing there.

    Those are what the file and its item state besides the nodata of the asset.
    """

    asset: Asset
    extract: Extract
    nothing: tuple[float, ...]

    @classmethod
    def of(cls, asset: Asset, profile: Profile) -> "AssetBand":
        """The band by what the file says of itself.

        BrokenAsset where it is not told which one it is, or its scale is another than that of its item.
        """
        band = choose_band(asset, profile)
        if band.is_scaled and not (
            _LIKE < band.scale / asset.scale < 1 / _LIKE and math.isfinite(band.offset)
        ):
            found = f"a scale of {band.scale:g} in the file, and of {asset.scale:g} by its item"
            raise BrokenAsset(
                f"{redact(asset.href)}: {found}; expected one scale, in raster:bands of the item"
            )
        own = () if band.nodata is None else (band.nodata,)
        nothing = dict.fromkeys(number for number in (*own, *asset.stated) if number != asset.nodata)
        fill = asset.nodata if band.hidden else None
        return cls(asset, Extract(band.number, fill), tuple(nothing))

    def settle(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """The numbers, changed in place, with the asset's nodata wherever there is nothing.

        In a type of scenes: whole numbers that are kept in another one are brought to it. BrokenAsset where
        they are none or do not fit.
        """
        for number in self.nothing:
            numbers[numbers == number] = self.asset.nodata
        return numbers if numbers.dtype in _TYPES else self._narrow(numbers)

    def _narrow(self, numbers: NDArray[Any]) -> NDArray[Any]:
        if numbers.dtype.kind == "f":
            numbers[np.isnan(numbers)] = self.asset.nodata
        if numbers.dtype.kind in "iuf" and (numbers == np.rint(numbers)).all():
            for kind in map(np.dtype, _TYPES):
                if np.iinfo(kind).min <= numbers.min() and numbers.max() <= np.iinfo(kind).max:
                    return numbers.astype(kind)
        found = f"numbers of type {numbers.dtype} that are not whole, or too large"
        raise BrokenAsset(f"{redact(self.asset.href)}: {found}; expected {', '.join(_TYPES)}")


def choose_band(asset: Asset, profile: Profile) -> FileBand:
    """The band that the item means: by its number where the file has as many as it says, else by its name.

    BrokenAsset where that tells none.
    """
    choice, bands = asset.band, profile.bands
    named = [band for band in bands if band.name.casefold() in _fold(choice)]
    numbered = [
        band
        for number, band in enumerate(bands, 1)
        if number == choice.number and choice.among in {0, len(bands)}
    ]
    if numbered and (not named or numbered[0] in named):
        return numbered[0]
    if len(named) == 1 and not numbered:
        return named[0]
    if len(bands) == 1 and choice.number == 0:
        return bands[0]
    raise BrokenAsset(f"{redact(asset.href)}: {_describe_choice(choice, bands)}")


def _fold(choice: BandChoice) -> set[str]:
    return {name.casefold() for name in choice.names} - {""}


def _describe_choice(choice: BandChoice, bands: tuple[FileBand, ...]) -> str:
    called = [band.name or str(band.number) for band in bands]
    found = f"{len(bands)} bands ({', '.join(called)})"
    wanted = " or ".join(choice.names) or "a band"
    if choice.number:
        number = f"{choice.number} of {choice.among}" if choice.among else choice.number
        return f"{found}; the item says that {wanted} is number {number}"
    return (
        f"{found}, and the item does not say which of them is {wanted}; expected one band, or their list in "
        "`bands` or `eo:bands` of the asset"
    )
