"""What a band of a sensor is called and what its numbers mean."""

import pytest

from pipeline.ingest.scenes.sensors import (
    HARMONISED_NIR,
    OLI_BANDPASS,
    SENSORS,
    bandpass_of,
    choose_packing,
    sensor_of,
)

# HLS v2, NASA-IMPACT/hls-sentinel bandpass_parameter.S2{A,B,C}.txt: band, then slope and offset of A, B, C
HLS = """
coastal 0.9959 -0.0002 0.9959 -0.0002 1.003  0.0
blue    0.9778 -0.0040 0.9778 -0.0040 0.9851 -0.0027
green   1.0053 -0.0009 1.0075 -0.0008 1.0038 -0.0009
red     0.9765  0.0009 0.9761  0.0010 0.9718  0.0011
nir08   0.9983 -0.0001 0.9966  0.0000 0.9995 -0.0003
swir16  0.9987 -0.0011 1.0000 -0.0003 0.9994 -0.0007
swir22  1.0030 -0.0012 0.9867  0.0004 0.991   0.0004
"""


@pytest.mark.parametrize("line", HLS.strip().splitlines())
def test_the_bandpass_of_every_platform_is_that_of_hls(line):
    band, *figures = line.split()
    pairs = [float(figure) for figure in figures]
    for number, platform in enumerate(("sentinel-2a", "sentinel-2b", "sentinel-2c")):
        assert OLI_BANDPASS[platform][band] == (pairs[2 * number], pairs[2 * number + 1])


def test_the_bandpass_has_no_entry_that_hls_lacks():
    sentinels = {platform for platform in OLI_BANDPASS if platform.startswith("sentinel-2")}
    assert sentinels == {"sentinel-2a", "sentinel-2b", "sentinel-2c"}
    for platform in sentinels:
        assert set(OLI_BANDPASS[platform]) == {line.split()[0] for line in HLS.strip().splitlines()}
    assert HARMONISED_NIR in OLI_BANDPASS["sentinel-2a"]
    assert "nir" not in OLI_BANDPASS["sentinel-2a"]


# Roy et al. 2016, doi:10.1016/j.rse.2015.12.024, table 2, ETM+ to OLI surface reflectance by OLS
ROY = """
blue    0.8474 0.0003
green   0.8483 0.0088
red     0.9047 0.0061
nir08   0.8462 0.0412
swir16  0.8937 0.0254
swir22  0.9071 0.0172
"""


@pytest.mark.parametrize("platform", ["landsat-4", "landsat-5", "landsat-7"])
def test_the_bandpass_of_tm_and_etm_is_that_of_roy(platform):
    rows = [line.split() for line in ROY.strip().splitlines()]
    assert OLI_BANDPASS[platform] == {band: (float(slope), float(offset)) for band, slope, offset in rows}


def test_oli_is_the_target_and_an_untold_sentinel_takes_the_figures_of_2a():
    assert bandpass_of("landsat-8") is None
    assert bandpass_of("landsat-9") is None
    assert bandpass_of("sentinel-2c") == OLI_BANDPASS["sentinel-2c"]
    assert bandpass_of("sentinel-2") == bandpass_of("sentinel-2d") == OLI_BANDPASS["sentinel-2a"]


@pytest.mark.parametrize(
    ("platform", "collection", "mission"),
    [
        ("sentinel-2a", "sentinel-2-c1-l2a", "sentinel-2"),
        ("Sentinel-2B", "sentinel-2-l2a", "sentinel-2"),
        ("sentinel-2c", "", "sentinel-2"),
        ("", "sentinel-2-l2a", "sentinel-2"),
        ("landsat-8", "landsat-c2-l2", "landsat-8"),
        ("LANDSAT_9", "landsat-c2l2-sr", "landsat-9"),
        ("landsat-7", "landsat-c2-l2", "landsat-7"),
        ("LANDSAT_5", "landsat-c2l2-sr", "landsat-5"),
        ("landsat-4", "landsat-c2-l2", "landsat-4"),
        ("landsat-3", "landsat-c2-l2", None),
        ("", "landsat-c2-l2", None),
        ("TanDEM-X", "cop-dem-glo-30", None),
        ("", "", None),
    ],
)
def test_the_sensor_comes_from_the_platform_else_from_the_collection(platform, collection, mission):
    sensor = sensor_of(platform, collection)
    assert (sensor.mission if sensor else None) == mission


def test_the_near_infrared_is_asked_by_mission_and_never_by_common_name_alone():
    assert SENSORS["sentinel-2"].bands["nir"].keys == ("nir", "B08", "B08_10m")
    assert SENSORS["sentinel-2"].bands["nir08"].keys == ("nir08", "B8A", "B8A_20m")
    for mission in ("landsat-8", "landsat-9"):
        assert SENSORS[mission].bands["nir"].keys == ("nir08", "SR_B5")
    for mission in ("landsat-4", "landsat-5", "landsat-7"):
        assert SENSORS[mission].bands["nir"].keys == ("nir08", "SR_B4")
        assert SENSORS[mission].bands["blue"].keys == ("blue", "SR_B1")
        assert SENSORS[mission].bands["swir16"].keys == ("swir16", "SR_B5")
        assert "coastal" not in SENSORS[mission].bands


def test_no_asset_key_means_two_bands_of_sentinel_2():
    keys = [key for band in SENSORS["sentinel-2"].bands.values() for key in band.keys]
    assert len(keys) == len(set(keys))


def test_landsat_collection_2_maps_its_valid_numbers_to_0_and_1():
    for mission in ("landsat-4", "landsat-5", "landsat-7", "landsat-8", "landsat-9"):
        red = SENSORS[mission].bands["red"].packing
        assert 7273 * red.scale + red.offset == pytest.approx(0, abs=1e-5)
        assert 43636 * red.scale + red.offset == pytest.approx(1, abs=1e-5)
        assert (red.nodata, SENSORS[mission].mask.nodata) == (0, 1)


@pytest.mark.parametrize("mission", SENSORS)
def test_composites_hold_every_band_in_the_unit_in_which_its_files_give_it(mission):
    for name, band in SENSORS[mission].bands.items():
        stored = choose_packing(name)
        assert band.packing.unit == stored.unit
        assert (stored.nodata, stored.valid) == (-32768, None)


def test_surface_temperature_is_held_in_hundredths_of_a_degree():
    file, stored = SENSORS["landsat-9"].bands["lwir11"].packing, choose_packing("lwir11")
    kelvin = 44177 * file.scale + file.offset
    assert kelvin == pytest.approx(300, abs=0.01)
    assert round((kelvin - stored.offset) / stored.scale) == 2685
