"""What the accounts of an area are drawn up from: sums, statistics, the profile and its figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import geopandas as gpd
import pandas as pd

from pipeline.accounts.methods import Evidence
from pipeline.accounts.parameters import ParameterBook
from pipeline.accounts.price_index import NO_INDEX, PriceIndex
from pipeline.accounts.valuing import Method, Valuation, value_services
from pipeline.engine.study import Study
from pipeline.settings.accounts import AccountProfile, Accounts
from pipeline.settings.parameters import read_parameters
from pipeline.settings.price_index import read_price_index


@dataclass(frozen=True)
class AccountFacts:
    """What accounts of an area are drawn up from: sums under units, statistics, the profile and its figures.

    `whole` are the sums of the area as one piece, `closures` errors of closure of areas, `sections`
    SECTION_STATUS, `accuracy` the table of the accuracy sample where there is one, `moves` areas that went
    from class to class by the labels of two consecutive years, `evidence` where inputs come from.
    """

    study: Study
    given: Accounts
    sums: pd.DataFrame
    whole: pd.DataFrame
    closures: Mapping[str, float]
    statistics: pd.DataFrame
    regions: gpd.GeoDataFrame
    projects: gpd.GeoDataFrame
    parcels: pd.DataFrame
    sections: pd.DataFrame
    accuracy: pd.DataFrame | None
    moves: Mapping[tuple[str, str], pd.DataFrame]
    evidence: Evidence

    @property
    def aoi_id(self) -> str:
        """Id of the area."""
        return self.study.aoi.id

    @cached_property
    def profile(self) -> AccountProfile:
        """The profile of the area, with the choices of the config."""
        return self.given.load_profile(self.aoi_id)

    @cached_property
    def method(self) -> Method:
        """Which services are accounted, and how; the price year is the first year unless one is given."""
        first = int(self.study.periods[0].label)
        return Method(
            tuple(self.profile.services), self.profile.choices.model_dump(), self.given.price_year or first
        )

    @property
    def parameter_set(self) -> str:
        """Profile and price year, as the inventory names them."""
        return f"{self.profile.name_zh}；可比价 {self.method.price_year} 年"

    @cached_property
    def book(self) -> ParameterBook:
        """Parameters of the profile and of the config."""
        tables = read_parameters([Path(path) for path in self.profile.parameters])
        return ParameterBook.of(tables, self.aoi_id)

    @cached_property
    def index(self) -> PriceIndex:
        """The index that moves prices."""
        path = self.given.price_index
        return PriceIndex(read_price_index(Path(path))) if path else NO_INDEX

    @cached_property
    def valuation(self) -> Valuation:
        """What services come to."""
        return value_services(
            self.sums, self.statistics, self.book, self.index, self.method, aoi_id=self.aoi_id
        )
