"""What the simulated world plants of homes, parks, streets and people is found, by town and by name."""

from dataclasses import dataclass, replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr

from pipeline.aoi import PROJECT_ROOT, Aoi, Part, load_aoi
from pipeline.assessment.access.walking import NO_STREET, NO_WAY
from pipeline.errors import SettingsError
from pipeline.flow.assessment.access import NO_MAP, assess_access, check_access
from pipeline.flow.assessment.entries.green_access import GREEN_ACCESS
from pipeline.flow.assessment.sources import Sources
from pipeline.geodesy import CGCS2000, unproject
from pipeline.grid import build_grid
from pipeline.ingest.regions import read_regions
from pipeline.ingest.simulate.access import write_access
from pipeline.ingest.simulate.access_paths import complete_access
from pipeline.ingest.simulate.polygons import write_polygons
from pipeline.ingest.simulate.towns import build_towns
from pipeline.ingest.simulate.world import plan_world
from pipeline.legends import LAND_COVER, NODATA_CLASS
from pipeline.periods import Period
from pipeline.settings.green_access import GreenAccess, Homes, MappedGreen, ShapeFile
from pipeline.settings.statistics import RegionFile
from pipeline.storage.tables import load_json

PERIODS = (
    Period(date(2023, 1, 1), date(2023, 12, 31), "2023"),
    Period(date(2024, 1, 1), date(2024, 12, 31), "2024"),
)
BASES = ("land", "buildings", "residents")


@dataclass(frozen=True)
class Told(Sources):
    """Sources of an area whose regions are given, and whose maps are those of a test."""

    regions: Any = None

    def layer(self, artifact, name):
        assert (artifact, name) == ("told", "regions")
        return self.regions


def sources(aoi, block, regions=None, maps=None):
    study = SimpleNamespace(aoi=aoi, periods=PERIODS, grid=build_grid(aoi, resolution_m=10))
    return Told(None, SimpleNamespace(study=study, **(maps or {})), block, {}, {}, regions)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """The island with its towns: what is made of the files, and what is true of them."""
    folder = tmp_path_factory.mktemp("access")
    aoi = load_aoi("guangyang_island", relative_to=PROJECT_ROOT)
    world = plan_world(aoi, PERIODS)
    write_access(world, folder, folder / "made")
    write_polygons(build_towns(world), folder / "towns.gpkg", "乡镇")
    regions = read_regions(RegionFile(path=str(folder / "towns.gpkg")), aoi)
    block = complete_access(GreenAccess(), folder / "made")
    return SimpleNamespace(
        aoi=aoi,
        world=world,
        folder=folder,
        block=block,
        made=assess_access(sources(aoi, block, regions)),
        truth=load_json(folder / "made" / "truth.json"),
    )


@pytest.mark.parametrize("kind", ["green", "park"])
@pytest.mark.parametrize("way", ["straight", "streets"])
@pytest.mark.parametrize("period", ["2023", "2024"])
def test_land_footprints_and_residents_are_found_by_town(planted, kind, way, period):
    shares = planted.made.tables["access"]
    rows = shares[
        (shares["green_kind"] == kind) & (shares["access_way"] == way) & (shares["period"] == period)
    ]
    found = rows.set_index(["region", "access_basis"])
    towns = planted.truth["shares"][kind][way]
    assert len(towns) > 2
    for town, bases in towns.items():
        for basis in BASES:
            row = found.loc[planted.aoi.id if town == "all" else town, basis]
            told = bases[basis]
            assert row[["served", "unserved", "not_reached"]].tolist() == pytest.approx(
                [told["served"], told["unserved"], told["not_reached"]], abs=0.02
            )
            known = told["served"] + told["unserved"]
            assert row["access_share"] == pytest.approx(told["served"] / known, abs=1e-6)


@pytest.mark.parametrize("kind", ["green", "park"])
def test_people_of_the_raster_are_found_but_for_the_edge_of_their_cells(planted, kind):
    shares = planted.made.tables["access"].set_index(
        ["green_kind", "access_way", "access_basis", "region", "period"]
    )
    row = shares.loc[kind, "straight", "population", planted.aoi.id, "2024"]
    told = planted.truth["population"][kind]
    assert row["homes_amount"] == pytest.approx(told["amount"], rel=1e-3)
    assert row["served"] == pytest.approx(told["served"], rel=0.01)


@pytest.mark.parametrize("kind", ["green", "park"])
@pytest.mark.parametrize("way", ["straight", "streets"])
def test_the_list_names_every_home_that_is_not_served_and_no_other(planted, kind, way):
    listed = planted.made.tables["access_unserved"]
    own = listed[
        (listed["green_kind"] == kind) & (listed["access_way"] == way) & (listed["homes_from"] == "land")
    ]
    told = planted.truth["unserved"][kind][way]
    assert own["home_id"].tolist() == sorted(told)
    limit = planted.truth["limits_m"][kind]
    for row in own.to_dict("records"):
        share = told[row["home_id"]]["share"]
        assert row["access_status"] == ("not_reached" if share is None else "unserved")
        assert row["unserved_m2"] == pytest.approx((1 - (share or 0)) * 1600, abs=0.02)
        assert row["near_edge"] == (told[row["home_id"]]["border_m"] < limit)
        assert pd.isna(row["reason"]) == (share is not None)
        assert share is None or row["nearest_m"] > limit
    assert {NO_STREET, NO_WAY} <= set(listed["reason"])
    assert set(listed["period"]) == {"2024"}


def test_the_layer_draws_what_the_list_names(planted):
    layer, listed = planted.made.layers["homes_unserved"], planted.made.tables["access_unserved"]
    assert layer.crs == CGCS2000
    assert layer["home_id"].tolist() == listed["home_id"].tolist()
    assert layer.geometry.within(planted.aoi.geometry.buffer(1e-9)).all()
    assert "homes_unserved_points" not in planted.made.layers


def test_indicators_are_of_the_area_and_of_its_towns_straight_and_along_streets(planted):
    rows = planted.made.indicators.set_index(["indicator", "aoi", "period"])
    names = set(rows.index.get_level_values("indicator"))
    assert names == {
        f"{kind}_access_share_{basis}{way}"
        for kind in ("green", "park")
        for basis in ("land", "buildings", "people")
        for way in ("", "_along_streets")
    }
    told = planted.truth["shares"]["park"]["straight"]["all"]["residents"]
    row = rows.loc["park_access_share_people", planted.aoi.id, "2024"]
    assert row["value"] == pytest.approx(told["served"] / row["denominator"])
    assert row["value"] == pytest.approx(row["numerator"] / row["denominator"])
    assert rows.index.is_unique


def test_a_run_ends_with_shares_beside_what_is_planted(planted):
    told = list(GREEN_ACCESS.simulated.list_planted(planted.truth))
    assert {name for name, _, _ in told} == set(GREEN_ACCESS.headlines)
    rows = planted.made.indicators.set_index(["indicator", "period", "aoi"])["value"]
    for name, period, value in told:
        assert rows[name, period, planted.aoi.id] == pytest.approx(value, abs=1e-6)


def test_what_rests_on_an_unconfirmed_figure_is_indicative_and_says_which(planted):
    shares = planted.made.tables["access"]
    assert shares["indicative"].all()
    straight = shares[(shares["green_kind"] == "park") & (shares["access_way"] == "straight")]
    assert straight["source"].str.contains("unconfirmed: park.least_m2").all()
    assert shares["source"].str.contains("parks.gpkg|green.gpkg").all()


def test_a_gate_of_nothing_and_people_that_are_no_number_are_rejected_by_their_row(planted):
    rejected = planted.made.tables["access_rejected"].set_index("file")
    assert rejected.loc["entrances.gpkg", "row"] == 3
    assert set(rejected.loc["buildings.gpkg", "found"]) == {"不详"}
    remarks = planted.made.tables["access_inputs"].set_index("input")["remark_en"]
    assert "1 are below 5000 m2" in remarks["access.parks"]
    assert "1 are below 400 m2" in remarks["access.green"]
    assert "a home at exactly the limit is served" in remarks["access.distances"]


def test_the_simulated_world_writes_the_same_bytes_again_and_says_that_it_is_simulated(planted):
    again = planted.folder / "again"
    write_access(planted.world, planted.folder, again)
    files = sorted(again.iterdir())
    assert [path.name for path in files] == sorted(path.name for path in (planted.folder / "made").iterdir())
    assert all(path.read_bytes() == (planted.folder / "made" / path.name).read_bytes() for path in files)
    assert "模拟" in planted.truth["simulated"]


def test_what_the_config_names_goes_before_what_is_simulated(planted):
    own = ShapeFile(path="own.gpkg")
    block = complete_access(GreenAccess(homes=Homes(land=own), green=MappedGreen()), planted.folder)
    assert block.homes == Homes(land=own)
    assert block.green == MappedGreen()
    assert block.parks.path.endswith("parks.gpkg")


def test_files_of_a_block_decide_the_result_and_so_does_the_rule(planted):
    named = {path.rpartition("/")[2] for path in GREEN_ACCESS.list_paths(planted.block)}
    assert named == {
        *("housing.gpkg", "buildings.gpkg", "population.tif", "green.gpkg", "parks.gpkg"),
        *("streets.gpkg", "entrances.gpkg", "access.yaml"),
    }


def test_without_towns_the_area_is_told_alone(planted):
    block = planted.block.model_copy(update={"streets": None, "homes": Homes(land=planted.block.homes.land)})
    shares = assess_access(sources(planted.aoi, block)).tables["access"]
    assert shares["region"].unique().tolist() == [planted.aoi.id]
    assert len(shares) == 4


def test_validate_reads_all_files_through_and_says_what_is_not_named(planted):
    check_access(planted.block, planted.aoi)
    with pytest.raises(SettingsError) as caught:
        check_access(GreenAccess(), planted.aoi)
    assert [problem.place for problem in caught.value.problems] == ["access.homes", "access.parks"]


HOMES_X = (501_200, 501_295, 501_400, 501_900, 500_100)
FIELD = unproject(shapely.box(500_000, 3_400_000, 502_000, 3_401_200), "EPSG:32651")
AREA = Aoi("field", "田", "field", (Part("1", "田", "f", FIELD, None),), "EPSG:32651", "drawn", "exact")


def place(*box):
    return unproject(shapely.box(*box), "EPSG:32651")


@pytest.fixture
def mapped(tmp_path):
    """A field with a wood of 100 m x 100 m in the map of the first period; homes in a row east of it."""
    grid = build_grid(AREA, resolution_m=10)
    wood = np.full(grid.shape, LAND_COVER.code("bare"), dtype=np.uint8)
    row, col = (int((grid.top - 3_400_650) // 10), int((500_900 - grid.left) // 10))
    wood[row : row + 10, col : col + 10] = LAND_COVER.code("vegetation")
    wood[0, 0] = LAND_COVER.code("vegetation")
    layers = {"2023": wood, "2024": np.full(grid.shape, NODATA_CLASS, dtype=np.uint8)}
    shapes = [place(x, 3_400_590, x + 10, 3_400_600) for x in HOMES_X]
    gpd.GeoDataFrame({"id": list("abcde")}, geometry=shapes, crs=CGCS2000).to_file(tmp_path / "homes.gpkg")
    parks = gpd.GeoDataFrame(geometry=[place(502_100, 3_400_000, 502_200, 3_401_000)], crs=CGCS2000)
    parks.to_file(tmp_path / "parks.gpkg")
    block = GreenAccess(
        homes=Homes(land=ShapeFile(path=str(tmp_path / "homes.gpkg"))),
        parks=ShapeFile(path=str(tmp_path / "parks.gpkg")),
    )

    def open_map(step, period):
        stored = layers[period.label] if step == "land_cover" else np.full(grid.shape, 4000, dtype=np.int16)
        return xr.Dataset({"land_cover" if step == "land_cover" else "fvc": (("y", "x"), stored)})

    found = sources(AREA, block, maps={"open": open_map})
    study = found.maps.study
    study.outline = shapely.box(500_000, 3_400_000, 502_000, 3_401_200)
    return found


def test_green_of_the_map_is_that_of_its_period_and_unknown_where_there_is_no_map(mapped):
    shares = assess_access(mapped).tables["access"].set_index(["green_kind", "period"])
    first, last = shares.loc["green", "2023"], shares.loc["green", "2024"]
    # the grid's metres are 0.9996 of true ones here: the limit runs 4.88 m into the second home
    assert first["access_share"] == pytest.approx((1 + 0.488) / 5, abs=1e-4)
    assert first["places_counted"] == 1
    assert pd.isna(last["access_share"])
    assert last["not_reached"] == pytest.approx(last["homes_amount"])
    assert assess_access(mapped).tables["access_unserved"]["reason"].tolist().count(NO_MAP) == 5


def test_green_needs_as_much_cover_as_the_config_asks_for(mapped):
    dense = mapped.block.model_copy(update={"green": MappedGreen(least_fvc=0.5)})
    shares = assess_access(replace(mapped, block=dense)).tables["access"].set_index(["green_kind", "period"])
    assert shares.loc["green", "2023"]["access_share"] == 0
    thin = mapped.block.model_copy(update={"green": MappedGreen(least_fvc=0.4)})
    shares = assess_access(replace(mapped, block=thin)).tables["access"].set_index(["green_kind", "period"])
    assert shares.loc["green", "2023"]["access_share"] > 0


def test_a_park_beyond_the_border_serves_and_homes_near_the_border_are_marked(mapped):
    made = assess_access(mapped)
    shares = made.tables["access"].set_index(["green_kind", "period"]).loc["park", "2024"]
    assert shares["access_share"] == pytest.approx(1 / 5, rel=1e-4)
    assert shares["access_share_low"] == shares["access_share"]
    assert shares["access_share_high"] == pytest.approx(2 / 5, rel=1e-4)
    listed = made.tables["access_unserved"]
    park = listed[listed["green_kind"] == "park"].set_index("home_id")
    assert park["near_edge"].to_dict() == {"a": False, "b": False, "c": False, "e": True}
