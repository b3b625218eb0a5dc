"""Which file of an item holds a band, which band of the file it is, and what the item states of that one."""

from typing import Any

import pytest

from pipeline.contracts import BandChoice
from pipeline.ingest.scenes.addresses import split_band
from pipeline.ingest.scenes.items import Candidate, candidate_of
from tests.stac import raw_item

ORDER = ("blue", "green", "red", "nir", "swir16")


def item_of(assets: dict[str, Any]) -> dict[str, Any]:
    return {**raw_item(), "assets": {"scl": {"href": "https://host/scl.tif"}, **assets}}


def scene_of(assets: dict[str, Any]):
    candidate = candidate_of(item_of(assets))
    assert isinstance(candidate, Candidate), candidate
    return candidate.scene


@pytest.mark.parametrize(
    "fields",
    [
        {"eo:bands": [{"name": name} for name in ORDER]},
        {"eo:bands": [{"name": f"band {n}", "common_name": name} for n, name in enumerate(ORDER)]},
        {"bands": [{"name": name} for name in ORDER]},
        {"bands": [{"name": f"{n}", "eo:common_name": name} for n, name in enumerate(ORDER)]},
    ],
    ids=["eo:bands by name", "by common name", "bands by name", "by common name of 1.1"],
)
@pytest.mark.parametrize("shared", [True, False], ids=["under each key", "under one key"])
def test_a_list_of_bands_tells_the_number_of_each(fields, shared):
    file = {"href": "https://host/all.tif", **fields}
    scene = scene_of(dict.fromkeys(ORDER, file) if shared else {"data": file})
    for number, band in enumerate(ORDER, 1):
        asset = scene.assets[band]
        assert asset.href == "https://host/all.tif"
        assert (asset.band.number, asset.band.among) == (number, len(ORDER))
    assert "swir22" not in scene.assets


def test_the_figures_of_a_band_are_those_of_its_place_in_the_list():
    figures = [{"scale": 1e-4 * n, "offset": -0.01 * n, "nodata": 60000 + n} for n in range(1, 6)]
    file = {
        "href": "https://host/all.tif",
        "eo:bands": [{"name": name} for name in ORDER],
        "raster:bands": figures,
    }
    red = scene_of({"data": file}).assets["red"]
    assert (red.scale, red.offset) == pytest.approx((3e-4, -0.03))
    assert red.stated == (60003,)


def test_figures_of_several_bands_that_are_not_told_apart_are_no_ones():
    file = {"href": "https://host/all.tif", "raster:bands": [{"scale": 1e-4}, {"scale": 2e-4}]}
    assert candidate_of(item_of({"red": file})) == "scale of several bands, which are not told apart"
    agreed = {"href": "https://host/all.tif", "raster:bands": [{"scale": 2e-4}] * 2}
    assert scene_of({"red": agreed}).assets["red"].scale == 2e-4


def test_one_entry_tells_what_the_band_may_be_called_and_no_number():
    file = {"href": "https://host/all.tif", "bands": [{"name": "B4"}]}
    assert scene_of({"red": file}).assets["red"].band == BandChoice(("red", "B04", "B04_10m", "B4"))


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("https://host/all.tif#3", ("https://host/all.tif", "3")),
        ("all.TIF#band=3", ("all.TIF", "3")),
        ("all.tif#band3", ("all.tif", "3")),
        ("all.jp2#red", ("all.jp2", "red")),
        ("all.tif#bands:B04", ("all.tif", "B04")),
        ("scene#3.tif", ("scene#3.tif", "")),
        ("all.tif", ("all.tif", "")),
        ("all.tif?sig=a#b", ("all.tif?sig=a#b", "")),
    ],
)
def test_what_stands_behind_an_address_tells_the_band(href, expected):
    assert split_band(href) == expected


@pytest.mark.parametrize(
    ("suffix", "band"),
    [
        ("#3", BandChoice(("red", "B04", "B04_10m"), 3)),
        ("#nir", BandChoice(("nir",))),
    ],
)
def test_the_suffix_of_an_address_goes_before_the_key(suffix, band):
    asset = scene_of({"red": {"href": f"https://host/all.tif{suffix}"}}).assets["red"]
    assert (asset.href, asset.band) == ("https://host/all.tif", band)


@pytest.mark.parametrize(
    "picture",
    [
        {"key": "visual", "roles": ["data"]},
        {"key": "rgb", "roles": ["visual"]},
        {"key": "x", "title": "True color image"},
        {"key": "x", "raster:bands": [{"data_type": "uint8"}] * 5},
        {"key": "x", "href": "https://host/all.json"},
    ],
    ids=str,
)
def test_a_picture_is_no_band_though_it_lists_some(picture):
    fields = {"href": "https://host/all.tif", "eo:bands": [{"name": name} for name in ORDER], **picture}
    assert candidate_of(item_of({fields.pop("key"): fields})) == "no band"


def test_a_band_that_two_files_list_is_not_guessed():
    file = {"href": "https://host/all.tif", "eo:bands": [{"name": name} for name in ORDER]}
    assert candidate_of(item_of({"one": file, "two": file})) == "blue in several files: one, two"


@pytest.mark.parametrize("nodata", [65535, "65535", -9999, -9999.0])
def test_a_nodata_that_the_item_states_is_kept_beside_that_of_the_sensor(nodata):
    files = {"red": {"href": "r.tif", "raster:bands": [{"nodata": nodata}]}}
    asset = scene_of(files).assets["red"]
    assert (asset.nodata, asset.stated) == (0, (int(nodata),))


@pytest.mark.parametrize("nodata", [0, None, "nan", "inf", 0.5, "none"])
def test_a_nodata_that_adds_nothing_is_not_kept(nodata):
    files = {"red": {"href": "r.tif", "bands": [{"raster:nodata": nodata}]}}
    assert scene_of(files).assets["red"].stated == ()


def test_a_mask_in_a_file_of_several_bands_is_told_like_a_band():
    item = item_of({"red": {"href": "red.tif"}})
    item["assets"]["scl"] = {"href": "qa.tif", "bands": [{"name": "CLD"}, {"name": "SCL"}]}
    candidate = candidate_of(item)
    assert isinstance(candidate, Candidate)
    assert (candidate.scene.mask.band.number, candidate.scene.mask.band.among) == (2, 2)
