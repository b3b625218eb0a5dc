"""The zone between low and high water of a simulated estuary and a simulated reservoir, through the plan."""

from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from rasterio.features import geometry_mask

from pipeline.engine.executors import Threads
from pipeline.engine.progress import Bars
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.flow.inputs import SEED, find_inputs
from pipeline.flow.scenes import make_scene_table
from pipeline.geodesy import project
from pipeline.ingest.reading.clearness import clear_pixels
from pipeline.ingest.scenes.sensors import SENSORS
from pipeline.ingest.simulate.landscape import FLAT, WATER
from pipeline.ingest.simulate.scenes import list_acquisitions
from pipeline.ingest.simulate.tides import find_level, flood
from pipeline.ingest.simulate.world import build_surface, plan_world
from pipeline.legends import INUNDATION, NODATA_CLASS
from pipeline.maps.inundation import INUNDATION as STEP
from pipeline.settings import TIDAL_WORLD, Clear, Scenes, Settings
from pipeline.settings.maps import WaterRules
from pipeline.storage.workspace import Workspace
from tests.mapmaking import make, rows_of

PLACES = {
    "tidal": ("dongtan", [(121.954, 31.474), (121.967, 31.475), (121.966, 31.485), (121.955, 31.484)]),
    "reservoir": ("guangyang", [(106.672, 29.562), (106.692, 29.564), (106.690, 29.580), (106.673, 29.578)]),
    "": ("elsewhere", [(120.572, 32.052), (120.584, 32.053), (120.583, 32.062), (120.573, 32.061)]),
}
ZONE = INUNDATION.code("fluctuating")


@pytest.fixture(
    scope="module",
    params=[
        "tidal",
        pytest.param("reservoir", marks=pytest.mark.slow),
        pytest.param("", marks=pytest.mark.slow, id="still"),
    ],
)
def shore(request, tmp_path_factory):
    """A regime, an area whose simulated waters follow it, its scenes and its maps."""
    folder = tmp_path_factory.mktemp("shore")
    part, corners = PLACES[request.param]
    frame = gpd.GeoDataFrame({"id": ["shore"], "part": [part]}, geometry=[shapely.Polygon(corners)], crs=4490)
    frame.to_file(folder / "shore.geojson")
    settings = Settings(
        label="2024",
        aoi=[str(folder / "shore.geojson")],
        scenes=Scenes(
            provider=TIDAL_WORLD, missions=["sentinel-2"], start=date(2024, 1, 1), end=date(2024, 12, 31)
        ),
        water=WaterRules(inundation=True, regimes={"shore": request.param} if request.param else {}),
        out=str(folder / "out"),
    )
    study = Study.of(settings.aoi[0], settings)
    with Workspace(folder / "out" / "work").hold() as workspace:
        run = Run(workspace, Threads(1), Bars(quiet=True))
        found = make_scene_table(run, study, find_inputs(run, study)).table
        yield request.param, study, found, make(run, study, found)


def planted(area, table):
    """Where the flats are, and which zone each pixel falls into by the water under its clear looks."""
    world = plan_world(area.aoi, area.settings.scenes.periods, seed=SEED, tides=True)
    tile = world.tiles[0]
    down, across = (
        round(span / 10) for span in (tile.grid.top - area.grid.top, area.grid.left - tile.grid.left)
    )
    window = slice(down, down + area.grid.height), slice(across, across + area.grid.width)
    ground = build_surface(world, tile.grid, tile, date(2024, 12, 31))
    looks, wet = np.zeros(area.grid.shape), np.zeros(area.grid.shape)
    passes = {
        one.id: one for one in list_acquisitions(world, date(2024, 1, 1), date(2024, 12, 31), ["sentinel-2"])
    }
    for scene in table.itertuples():
        with rasterio.open(next(Path(area.settings.out).glob(f"work/**/{scene.id}/scl.tif"))) as source:
            clear = (
                np.kron(clear_pixels(source.read(1), SENSORS["sentinel-2"].mask, Clear()), np.ones((2, 2)))[
                    window
                ]
                > 0
            )
        under = flood(world, tile, ground, tile.grid, passes[scene.id].moment).kind[window] == WATER
        looks += clear
        wet += clear & under
    inside = ~geometry_mask([project(area.aoi.geometry, area.grid.crs)], area.grid.shape, area.grid.transform)
    known = inside & (looks >= 5)
    return (ground.kind[window] == FLAT) & inside, known & (wet > 0) & (wet < looks), known


def iou(one, other):
    return (one & other).sum() / max(1, (one | other).sum())


def test_the_planted_zone_between_low_and_high_water_is_found(shore):
    regime, area, table, maps = shore
    zones = maps.open("inundation", area.periods[0])["inundation"].to_numpy()
    flats, shown, known = planted(area, table)
    found = (zones == ZONE) & known
    print(
        f"{regime or 'still'}: zone that clear looks show, IoU {iou(found, shown):.3f}; "
        f"of all planted flats found {(found & flats).sum() / flats.sum():.3f}, "
        f"false {(found & ~flats).sum() / known.sum():.4f} of the area"
    )
    assert ((zones != NODATA_CLASS) & known).sum() > 0.98 * known.sum()
    if regime:
        assert iou(found, shown) > 0.85
    assert (found & ~flats).sum() < 0.02 * known.sum()


NAMES = {"tidal": ("tidal_flat_share", "潮间带"), "reservoir": ("drawdown_zone_share", "消落带")}


def test_the_zone_has_the_name_that_the_config_gives_it_on_the_map_and_among_the_indicators(shore):
    regime, area, _, maps = shore
    rasters = {raster.name: raster for raster in STEP.show.rasters(maps, area.periods[0])}
    assert set(rasters) == {"water_frequency_2024", "inundation_2024"}
    indicator, name = NAMES.get(regime, ("fluctuation_zone_share", "水位变动区（潮滩、消落带）"))
    assert rasters["inundation_2024"].legend.by_code()[ZONE].name_zh == name
    rows = {name: row for (name, _), row in rows_of(maps, STEP).items()}
    assert rows[indicator]["value"] == pytest.approx(
        rows["water_share_high"]["value"] - rows["water_share_low"]["value"]
    )
    assert not set(rows) & {other for other, _ in NAMES.values() if other != indicator}
    upland = rows["vegetation_cover_share_upland"]
    assert upland["denominator"] < area.aoi.area_m2 - rows["water_share_high"]["numerator"] + 1
    assert 0.3 < upland["value"] < 1


def test_the_water_of_a_simulated_world_stands_still_unless_it_is_asked_to_move(shore):
    regime, area, _, _ = shore
    moving = plan_world(area.aoi, area.settings.scenes.periods, seed=SEED, tides=True)
    moments = [
        one.moment for one in list_acquisitions(moving, date(2024, 1, 1), date(2024, 12, 31), ["sentinel-2"])
    ]
    levels = [find_level(moving, moving.tiles[0], moment) for moment in moments]
    assert all(0 <= value <= 1 for value in levels)
    assert (max(levels) - min(levels) > 0.5) == bool(regime)
    still = Settings(
        label="2024",
        aoi=area.settings.aoi,
        scenes={"provider": "simulated", "start": "2024-01-01", "end": "2024-12-31"},
    )
    assert still.simulated
    assert not still.tides
