"""A land register at once, for tests: what is read and prepared batch by batch, put together."""

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.ingest.parcels import KEYS
from pipeline.rights_registry import geometry


class Prepared(NamedTuple):
    """PARCELS, FINDINGS and pieces of a register."""

    parcels: gpd.GeoDataFrame
    findings: gpd.GeoDataFrame
    pieces: gpd.GeoDataFrame


def parcels_in(register) -> gpd.GeoDataFrame:
    """All parcels of a LandRegister."""
    return pd.concat(register.batches())


def prepare(raw, aoi, *, batches=1, **options) -> Prepared:
    """A raw register, prepared in so many batches."""
    places = np.array_split(np.arange(len(raw)), batches)
    parts = []
    rest = geometry.prepare_parcels(
        raw[[*KEYS]], (raw.iloc[place] for place in places), aoi, parts.append, **options
    )
    return Prepared(pd.concat(parts, ignore_index=True), rest.findings, rest.pieces)
