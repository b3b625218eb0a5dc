"""A land register at once, for tests: what is read and prepared batch by batch, put together."""

from dataclasses import dataclass
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.ingest.parcels import KEYS
from pipeline.rights_registry import geometry, restrictions
from pipeline.rights_registry.findings import join_findings


class Prepared(NamedTuple):
    """PARCELS, FINDINGS and pieces of a register."""

    parcels: gpd.GeoDataFrame
    findings: gpd.GeoDataFrame
    pieces: gpd.GeoDataFrame


@dataclass
class Outlet:
    """What becomes of a register, in memory."""

    parcels: list
    findings: dict
    pieces: dict

    def add_parcels(self, part):
        self.parcels.append(part)

    def add_findings(self, group, part):
        self.findings.setdefault(group, []).append(part)

    def add_pieces(self, kind, part):
        self.pieces.setdefault(kind, []).append(part)

    def keep(self, wkb):
        return wkb

    def join(self, restricting=None) -> Prepared:
        """All of it, group by group in their order."""
        found = [part for group in geometry.FINDING_GROUPS for part in self.findings.get(group, [])]
        kinds = [] if restricting is None else restricting["kind"]
        pieces = [part for kind in kinds for part in self.pieces.get(kind, [])] or [restrictions.NO_PIECE]
        parcels = pd.concat(self.parcels, ignore_index=True)
        return Prepared(parcels, join_findings(found), pd.concat(pieces, ignore_index=True))


def parcels_in(register) -> gpd.GeoDataFrame:
    """All parcels of a LandRegister."""
    return pd.concat(register.batches())


def prepare(raw, aoi, *, batches=1, **options) -> Prepared:
    """A raw register, prepared in so many batches."""
    places = np.array_split(np.arange(len(raw)), batches)
    outlet = Outlet([], {}, {})
    geometry.prepare_parcels(raw[[*KEYS]], (raw.iloc[place] for place in places), aoi, outlet, **options)
    return outlet.join(options.get("restricting"))
