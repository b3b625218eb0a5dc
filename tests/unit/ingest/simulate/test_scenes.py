"""The simulated scenes show the world they were made from, in the forms of the real providers."""

import hashlib
import json
import pickle
from datetime import date
from pathlib import Path

import numpy as np
import pystac
import pytest
import rasterio
import shapely

from pipeline.aoi import Aoi, Part
from pipeline.geodesy import unproject
from pipeline.ingest.scenes.sensors import OLI_BANDPASS
from pipeline.ingest.simulate import heat, landscape, passes, scenes, sensing, sky, truth, world
from pipeline.periods import list_periods

CRS = "EPSG:32651"
START, END = date(2023, 1, 1), date(2024, 12, 31)
YEARS = list_periods(START, END, "year")
ALL = ["sentinel-2", "landsat-8", "landsat-9"]


def tiny_aoi(aoi_id="tiny"):
    square = shapely.box(395_000, 3_486_000, 396_500, 3_487_500)
    part = Part("tiny", "小区", "Tiny", unproject(square, CRS), None)
    return Aoi(aoi_id, "小区", "Tiny", (part,), CRS, "test", "exact")


@pytest.fixture(scope="module")
def tiny():
    return world.plan_world(tiny_aoi(), YEARS)


@pytest.fixture(scope="module")
def calendar(tiny):
    return scenes.list_acquisitions(tiny, START, END, ALL)


@pytest.fixture(scope="module")
def written(tiny, calendar, tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenes")
    for entry in calendar:
        scenes.write_acquisition(tiny, entry, folder)
    scenes.write_catalog(tiny, calendar, folder)
    return folder


def clearest(calendar, mission="sentinel-2"):
    fair = [a for a in calendar if a.mission == mission and a.edge is None and not a.hazy]
    return min(fair, key=lambda a: a.cloudiness)


def reflectance_of(folder, acquisition, band):
    place = folder / acquisition.tile_id / acquisition.id
    with rasterio.open(place / f"{band}.tif") as source:
        numbers = source.read(1).astype(float)
    if acquisition.mission != "sentinel-2":
        return numbers * 2.75e-5 - 0.2
    slope, offset = OLI_BANDPASS[acquisition.platform][band]
    shift = 1000 if acquisition.radiometry == "offset" else 0
    return (numbers - shift) * 1e-4 * slope + offset


def mask_of(folder, acquisition):
    name = "scl" if acquisition.mission == "sentinel-2" else "qa_pixel"
    with rasterio.open(folder / acquisition.tile_id / acquisition.id / f"{name}.tif") as source:
        return source.read(1)


def doubled(values):
    return values.repeat(2, axis=0).repeat(2, axis=1)


def ndvi_of_world(tiny, acquisition, grid):
    tile = tiny.tiles[0]
    ground = world.build_surface(tiny, grid, tile, acquisition.moment.date())
    cover = world.measure_fvc(tiny, ground, acquisition.moment)
    return ground, landscape.NDVI_SOIL + cover * (landscape.NDVI_VEGETATION - landscape.NDVI_SOIL)


def test_clear_pixels_of_a_sentinel_scene_decode_to_the_ndvi_of_the_world(tiny, calendar, written):
    entry = clearest(calendar)
    tile = tiny.tiles[0]
    ground, expected = ndvi_of_world(tiny, entry, tile.grid)
    red = reflectance_of(written, entry, "red")
    nir = doubled(reflectance_of(written, entry, "nir08"))
    kind = ground.kind
    whole = doubled(
        (kind[::2, ::2] == kind[1::2, ::2])
        & (kind[::2, ::2] == kind[::2, 1::2])
        & (kind[::2, ::2] == kind[1::2, 1::2])
    )
    clear = doubled(np.isin(mask_of(written, entry), (4, 5, 7))) & whole & (ground.kind != landscape.WATER)
    error = ((nir - red) / (nir + red) - expected)[clear]
    assert clear.mean() > 0.4
    assert abs(np.median(error)) < 0.01
    assert error.std() < 0.04


def test_a_landsat_scene_shows_the_same_world_on_a_grid_shifted_by_half_a_pixel(tiny, calendar, written):
    entry = clearest(calendar, clearest_landsat(calendar))
    place = written / entry.tile_id / entry.id
    with rasterio.open(place / "red.tif") as source:
        corner = source.transform.c, source.transform.f
        bounds = source.bounds
    assert all((value / 15) % 2 == 1 for value in corner)
    assert bounds.left <= 395_000 - 200
    assert bounds.right >= 396_500 + 200
    red, nir = reflectance_of(written, entry, "red"), reflectance_of(written, entry, "nir08")
    tile = tiny.tiles[0]
    ground, expected = ndvi_of_world(tiny, entry, tile.grid)
    rows, cols = red.shape
    middle = np.ix_(3 * np.arange(rows) + 3, 3 * np.arange(cols) + 3)
    land = (mask_of(written, entry) == 21824) & (ground.kind[middle] != landscape.WATER)
    error = ((nir - red) / (nir + red) - expected[middle])[land]
    assert abs(np.median(error)) < 0.015


def temperature_of(folder, acquisition):
    with rasterio.open(folder / acquisition.tile_id / acquisition.id / "lwir11.tif") as source:
        return source.read(1) * 0.00341802 + 149.0


def test_a_landsat_scene_feels_the_heat_that_was_planted(tiny, calendar, written):
    entry = clearest(calendar, clearest_landsat(calendar))
    found = temperature_of(written, entry)
    tile = tiny.tiles[0]
    ground = world.build_surface(tiny, tile.grid, tile, entry.moment.date())
    planted = heat.measure_heat(tiny, ground, entry.moment)
    rows, cols = found.shape
    middle = np.ix_(3 * np.arange(rows) + 3, 3 * np.arange(cols) + 3)
    clear = mask_of(written, entry) == 21824
    error = (found - planted[middle])[clear]
    assert abs(np.median(error)) < 0.2
    assert np.percentile(np.abs(error), 80) < 1.5
    cloudy = np.isin(mask_of(written, entry), (22280, 22018))
    assert not cloudy.any() or np.median(found[cloudy]) < np.median(found[clear])


def test_the_truth_tells_the_heat_of_every_class_and_plants_are_cooler_than_ground_without_them(
    tiny, calendar
):
    found = truth.measure_period(tiny, calendar, YEARS[0])["class_heat_k"]
    assert set(found) == {"water", "vegetation", "bare", "built"}
    assert found["water"] < found["vegetation"] < found["bare"] < found["built"]
    cold = [entry for entry in calendar if entry.mission == "sentinel-2"]
    assert truth.measure_period(tiny, cold, YEARS[0])["class_heat_k"] == {}


def test_an_item_of_landsat_says_how_its_temperatures_are_stored(calendar, written):
    entry = next(one for one in calendar if one.mission != "sentinel-2")
    path = written / entry.tile_id / entry.id / f"{entry.id}.json"
    (band,) = json.loads(path.read_text(encoding="utf-8"))["assets"]["lwir11"]["raster:bands"]
    assert (band["scale"], band["offset"], band["unit"]) == (0.00341802, 149.0, "kelvin")


def clearest_landsat(calendar):
    fair = [a for a in calendar if a.mission != "sentinel-2" and a.edge is None]
    return min(fair, key=lambda a: a.cloudiness).mission


def test_the_dichotomy_model_is_exactly_true_of_the_colours_of_the_ground():
    bare, plants = landscape.mix_colours()
    red, nir = landscape.BANDS.index("red"), landscape.BANDS.index("nir08")
    for cover in (0.0, 0.3, 0.77, 1.0):
        seen = (bare + cover * plants)[1:]
        ndvi = (seen[:, nir] - seen[:, red]) / (seen[:, nir] + seen[:, red])
        back = (ndvi - landscape.NDVI_SOIL) / (landscape.NDVI_VEGETATION - landscape.NDVI_SOIL)
        np.testing.assert_allclose(back, cover, atol=1e-12)


def test_the_rules_can_tell_water_bare_and_built_by_their_colours():
    bare, _ = landscape.mix_colours()
    blue, green, red, nir, swir, _ = bare.T
    mndwi = (green - swir) / (green + swir)
    bsi = ((swir + red) - (nir + blue)) / (swir + red + nir + blue)
    classes = np.array([kind.cover_class for kind in landscape.KINDS])
    assert (mndwi[classes == "water"] > 0.3).all()
    assert (mndwi[classes != "water"] < 0.05).all()
    assert (bsi[classes == "bare"] > 0.1).all()
    assert (bsi[classes == "built"] < 0.04).all()


def test_the_mask_follows_the_clouds_but_not_quite(tiny, calendar):
    tile = tiny.tiles[0]
    entry = next(a for a in calendar if a.mission == "sentinel-2" and 0.15 < a.cloudiness < 0.6)
    over = sky.draw_sky(
        tile,
        entry.moment,
        tiny.random("sky", entry.id),
        cloudiness=entry.cloudiness,
        edge=entry.edge,
        hazy=entry.hazy,
    )
    scl = scenes.observe(tiny, entry)["scl"]
    seen = ~over.void
    cloudy = np.isin(scl, (sky.MEDIUM_CLOUD, sky.HIGH_CLOUD))
    assert (scl[over.void] == 0).all()
    assert (scl[seen & (over.flags != 0)] == over.flags[seen & (over.flags != 0)]).all()
    assert ((over.opacity > 0.01) & ~cloudy & (scl != sky.CIRRUS) & seen).any()
    assert abs((over.flags >= sky.MEDIUM_CLOUD).mean() - entry.cloudiness) < 0.25


def test_clouds_cover_about_what_was_planned_and_throw_shadows(tiny):
    tile = tiny.tiles[0]
    noon = world.find_noon(date(2023, 5, 9))
    over = sky.draw_sky(tile, noon, tiny.random("a sky"), cloudiness=0.3)
    assert np.isin(over.flags, (8, 9)).mean() == pytest.approx(0.3, abs=0.05)
    assert (over.flags == sky.SHADOW).any()
    assert over.shade.min() < 0.8
    assert not np.isin(sky.draw_sky(tile, noon, tiny.random("b"), cloudiness=0.0).flags, (8, 9)).any()


def test_numbers_whose_metadata_lie_are_those_of_an_applied_offset(calendar, written):
    liars = [a for a in calendar if a.radiometry == "lying"]
    applied = [a for a in calendar if a.radiometry == "applied"]
    assert 1 <= len(liars) <= 2
    assert applied
    for entry in (*liars, *applied):
        item = json.loads((written / entry.tile_id / entry.id / f"{entry.id}.json").read_text("utf-8"))
        stated = item["assets"]["red"]["raster:bands"][0]["offset"]
        assert stated == (-0.1 if entry.radiometry == "lying" else 0.0)
        assert item["properties"]["earthsearch:boa_offset_applied"] is (entry.radiometry == "applied")


@pytest.mark.parametrize(("radiometry", "dark"), [("offset", False), ("lying", True)])
def test_the_pixels_give_the_offset_away(calendar, written, radiometry, dark):
    alike = [a for a in calendar if a.radiometry == radiometry and a.mission == "sentinel-2"]
    entry = min(alike, key=lambda a: a.cloudiness)
    place = written / entry.tile_id / entry.id
    with rasterio.open(place / "red.tif") as source:
        red = source.read(1)[::2, ::2]
    surface = np.isin(mask_of(written, entry), (4, 5, 6, 7)) & (red > 0)
    share = (red[surface] < 1000).mean()
    assert share > 0.2 if dark else share < 0.002


def test_an_orbit_edge_leaves_nothing_in_any_band(calendar, written):
    entry = next(a for a in calendar if a.edge is not None and a.mission == "sentinel-2")
    place = written / entry.tile_id / entry.id
    empty = mask_of(written, entry) == 0
    assert 0.02 < empty.mean() < 0.7
    for band in ("red", "nir"):
        with rasterio.open(place / f"{band}.tif") as source:
            assert ((source.read(1) == 0) == doubled(empty)).all()
    with rasterio.open(place / "swir16.tif") as source:
        assert ((source.read(1) == 0) == empty).all()


def test_two_runs_give_the_same_bytes(tiny, calendar, written, tmp_path):
    again = world.plan_world(tiny_aoi(), YEARS)
    assert again == tiny
    for entry in (calendar[0], calendar[-1], clearest(calendar, clearest_landsat(calendar))):
        scenes.write_acquisition(again, pickle.loads(pickle.dumps(entry)), tmp_path)
        for path in sorted((tmp_path / entry.tile_id / entry.id).iterdir()):
            twin = written / path.relative_to(tmp_path)
            assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(twin.read_bytes()).digest()


def test_another_area_or_seed_is_another_world(tiny):
    other = world.plan_world(tiny_aoi("elsewhere"), YEARS)
    seeded = world.plan_world(tiny_aoi(), YEARS, seed=7)
    first = world.build_surface(tiny, tiny.tiles[0].grid, tiny.tiles[0], START).kind
    for stranger in (other, seeded):
        tile = stranger.tiles[0]
        assert (world.build_surface(stranger, tile.grid, tile, START).kind != first).mean() > 0.2


def test_nothing_in_the_world_is_symmetric(tiny):
    tile = tiny.tiles[0]
    ground = world.build_surface(tiny, tile.grid, tile, START)
    for values in (ground.kind, ground.vigour, ground.brightness, ground.texture, ground.shift):
        square = values[: min(values.shape), : min(values.shape)]
        for turned in (square[::-1], square[:, ::-1], square.T, square[::-1, ::-1], square[::-1].T):
            assert (square != turned).mean() > 0.1
    first, second = (world.find_season(tiny, world.find_noon(date(year, 4, 7))) for year in (2023, 2024))
    assert not np.array_equal(first, second)
    spring, autumn = (
        world.find_season(tiny, world.find_noon(date(2023, *day))) for day in ((3, 20), (9, 20))
    )
    assert not np.allclose(spring, autumn)


def test_ground_at_a_point_does_not_depend_on_the_grid_that_asks(tiny):
    tile = tiny.tiles[0]
    coarse = tile.coarser(30)
    fine = world.build_surface(tiny, tile.grid, tile, START).kind[1::3, 1::3]
    assert (world.build_surface(tiny, coarse, tile, START).kind == fine).mean() > 0.99


def test_the_area_of_each_planted_change_is_that_of_its_pixels(tiny):
    tile = tiny.tiles[0]
    before = world.build_surface(tiny, tile.grid, tile, START)
    after = world.build_surface(tiny, tile.grid, tile, END)
    pixel_m2 = tile.grid.pixel_area_m2(tile.grid.whole)
    changed = before.kind != after.kind
    assert {change.name.split(":")[0] for change in tiny.planted} == {
        "land-use-change",
        "vegetation-recovery",
    }
    for change in tiny.planted:
        here = changed & (before.kind == change.before) & (after.kind == change.after)
        assert pixel_m2[here].sum() == pytest.approx(change.area_m2, rel=0.02)
        assert shapely.covers(tiny.aoi.geometry, change.polygon)
    assert pixel_m2[changed].sum() == pytest.approx(sum(c.area_m2 for c in tiny.planted), rel=0.02)


def test_a_world_of_one_period_does_not_change():
    assert world.plan_world(tiny_aoi(), YEARS[:1]).planted == ()


def test_the_truth_counts_every_pixel_of_the_area_once(tiny, calendar, tmp_path):
    truth.write_truth(tiny, calendar, YEARS, tmp_path)
    content = json.loads((tmp_path / "truth.json").read_text("utf-8"))
    assert "模拟" in content["simulated"]
    assert len(content["planted"]) == 2
    for label in ("2023", "2024"):
        period = content["periods"][label]
        assert sum(period["class_area_m2"].values()) == pytest.approx(tiny.aoi.area_m2, rel=0.01)
        assert 0.1 < period["mean_fvc"] < 0.9
    built = [content["periods"][label]["class_area_m2"]["built"] for label in ("2023", "2024")]
    assert built[1] - built[0] == pytest.approx(content["planted"][0]["area_m2"], rel=0.02)


def test_mean_fvc_is_the_mean_over_land_of_the_median_over_all_passes(tiny, calendar):
    tile = tiny.tiles[0]
    period = YEARS[0]
    ground = world.build_surface(tiny, tile.grid, tile, period.last)
    dates = [a.moment for a in calendar if period.holds(a.moment)]
    median = np.median([world.measure_fvc(tiny, ground, moment) for moment in dates], axis=0)
    inside = shapely.contains_xy(
        shapely.box(395_000, 3_486_000, 396_500, 3_487_500),
        *np.meshgrid(tile.grid.x_of(tile.grid.whole), tile.grid.y_of(tile.grid.whole)),
    )
    expected = median[inside & (ground.kind != landscape.WATER)].mean()
    found = truth.measure_period(tiny, calendar, period)["mean_fvc"]
    assert found == pytest.approx(expected, abs=2e-4)


def test_the_calendar_keeps_to_real_orbits(calendar):
    days = {m: [a.moment.date() for a in calendar if a.platform == m] for m in {a.platform for a in calendar}}
    for platform, cycle in (("sentinel-2a", 10), ("sentinel-2b", 10), ("landsat-8", 16), ("landsat-9", 16)):
        gaps = np.diff([day.toordinal() for day in days[platform]])
        assert (gaps % cycle == 0).all()
    for year in (2023, 2024):
        sentinel = [a for a in calendar if a.mission == "sentinel-2" and a.moment.year == year]
        assert len(sentinel) == passes.SENTINEL_A_YEAR
        assert {(a.moment.month - 1) // 3 for a in sentinel} == {0, 1, 2, 3}
    assert any(a.cloudiness > 0.85 for a in calendar)


@pytest.mark.parametrize("kind", ["month", "quarter", "season"])
def test_every_shorter_period_has_passes_enough(kind):
    periods = list_periods(date(2023, 1, 1), date(2023, 6, 30), kind)
    planned = passes.plan_passes(world.plan_world(tiny_aoi(), periods))
    for period in periods:
        held = [a for a in planned if period.holds(a.moment)]
        assert sum(a.mission == "sentinel-2" for a in held) >= passes.SENTINEL_A_PERIOD


def test_what_is_asked_for_does_not_change_what_is_there(tiny, calendar):
    only = scenes.list_acquisitions(tiny, date(2024, 2, 1), date(2024, 8, 31), ["sentinel-2"])
    assert only
    assert set(only) < set(calendar)


def test_the_catalogue_is_a_valid_stac_that_links_every_item(calendar, written):
    root = pystac.Catalog.from_file(str(written / "catalog.json"))
    items = list(root.get_items())
    assert [item.id for item in items] == [entry.id for entry in calendar]
    for item in items:
        assert item.properties["ecoledger:simulated"] is True
        assert "模拟" in item.properties["title"]
        for asset in item.assets.values():
            path = Path(asset.get_absolute_href())
            with rasterio.open(path) as source:
                assert list(source.shape) == asset.extra_fields["proj:shape"]
                assert list(source.transform)[:6] == asset.extra_fields["proj:transform"]
                assert "模拟" in source.tags()["simulated"]
                assert source.crs == CRS


def test_files_begin_with_their_header(calendar, written):
    entry = calendar[0]
    for path in (written / entry.tile_id / entry.id).glob("*.tif"):
        assert int.from_bytes(path.read_bytes()[4:8], "little") < 1000


def test_cloud_cover_of_an_item_is_what_its_mask_shows(calendar, written):
    for entry in calendar:
        if entry.mission != "sentinel-2":
            continue
        item = json.loads((written / entry.tile_id / entry.id / f"{entry.id}.json").read_text("utf-8"))
        mask = mask_of(written, entry)
        expected = 100 * np.isin(mask, (8, 9, 10)).sum() / (mask > 0).sum()
        assert item["properties"]["eo:cloud_cover"] == pytest.approx(expected, abs=0.006)
    assert sensing.FILL_QA == 1
