"""What a file says of its bands: nodata, masks, alpha, and which of several is meant."""

from dataclasses import replace

import numpy as np
import pytest
import rasterio
from rasterio.windows import Window

from pipeline.contracts import NEVER_READABLE, Asset, BandChoice
from pipeline.errors import BrokenAsset
from pipeline.ingest.reading.assets import ItemReader
from pipeline.ingest.reading.blocks import read_looks
from pipeline.ingest.reading.readers import Source, open_reader
from tests.declared import Declared
from tests.scenery import grid_of_px, planted_scene, request_of, written

NUMBERS = np.arange(200, 200 + 40 * 52, dtype=np.uint16).reshape(40, 52)
HIDDEN = (NUMBERS % 7 == 0) | (np.indices(NUMBERS.shape)[1] < 9)
WHOLE = Window(0, 0, 52, 40)
WAYS = {
    "its own nodata": Declared("nodata", 65535),
    "that of the sensor": Declared("nodata", 0),
    "int16 with -9999": Declared("nodata", -9999, "int16"),
    "a mask within": Declared("mask"),
    "a mask within, and a nodata that stands nowhere": Declared("mask", 7),
    "a mask beside": Declared("msk"),
    "an alpha band": Declared("alpha"),
    "an alpha band and a nodata": Declared("alpha", 65535),
    "whole numbers as floats": Declared("nodata", float("nan"), "float32"),
    "whole numbers of 32 bits": Declared("nodata", -(2**31), "int32"),
    "a mask of strips": Declared("mask", packing=(("compress", "lzw"),)),
}


@pytest.mark.parametrize("declared", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("nodata", [0, 5])
def test_what_a_file_hides_is_nothing_however_it_says_so(tmp_path, item, declared, nodata):
    path = declared.write(tmp_path / "red.tif", NUMBERS, HIDDEN)
    asset = Asset(str(path), nodata=nodata)
    expected = np.where(HIDDEN, nodata, NUMBERS)
    assert (item.read_window(asset, WHOLE) == expected).all()
    assert (item.read_window(asset, Window(3, 5, 20, 30)) == expected[5:35, 3:23]).all()
    over = item.read_window(asset, Window(-2, -1, 10, 10))
    assert (over[1:, 2:] == expected[:9, :8]).all()
    assert (over[0] == nodata).all()
    assert (item.read_thinned(asset, (40, 52), lattice=False) == expected).all()


def test_what_the_item_states_is_nothing_as_well(tmp_path, item):
    path = written(tmp_path / "red.tif", np.where(HIDDEN, 12345, NUMBERS).astype(np.uint16))
    asset = Asset(str(path), stated=(12345, 70000))
    assert (item.read_window(asset, WHOLE) == np.where(HIDDEN, 0, NUMBERS)).all()


def test_a_file_that_says_nothing_is_read_as_it_is_and_unpacked_here(tmp_path, reader, item):
    path = Declared("nothing").write(tmp_path / "red.tif", NUMBERS, HIDDEN)
    assert (item.read_window(Asset(str(path)), WHOLE) == NUMBERS).all()
    (file,) = reader.shelf.files
    assert file.dataset is None


@pytest.mark.parametrize(("scale", "is_right"), [(1e-4, True), (0.9e-4, True), (1e-3, False), (0.0, False)])
def test_a_scale_in_the_file_that_is_not_that_of_its_item_is_refused_by_name(tmp_path, item, scale, is_right):
    path = written(tmp_path / "red.tif", NUMBERS)
    with rasterio.open(path, "r+") as file:
        file.scales, file.offsets = [scale], [-0.1]
    if is_right:
        assert (item.read_window(Asset(str(path), scale=1e-4), WHOLE) == NUMBERS).all()
        return
    with pytest.raises(BrokenAsset, match=r"red\.tif: a scale of .* in the file, and of 0\.0001 by its item"):
        item.read_window(Asset(str(path), scale=1e-4), WHOLE)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "uint32"])
def test_numbers_that_no_scene_has_are_refused_by_name(tmp_path, item, dtype):
    strange = NUMBERS / 4 if dtype.startswith("float") else NUMBERS.astype(np.int64) + 70000
    path = written(tmp_path / "red.tif", strange.astype(dtype))
    with pytest.raises(BrokenAsset, match=r"red\.tif: numbers of type"):
        item.read_window(Asset(str(path)), WHOLE)


SEVEN = Declared("nothing", bands=7, band=3)
NAMED = replace(SEVEN, names=("blue", "green", "Red", "nir", "swir16", "swir22", "aot"))


@pytest.mark.parametrize(
    ("declared", "choice"),
    [
        (SEVEN, BandChoice(("red",), 3, 7)),
        (SEVEN, BandChoice(("red",), 3)),
        (NAMED, BandChoice(("red", "B04"))),
        (NAMED, BandChoice(("red", "B04"), 3, 7)),
        (NAMED, BandChoice(("red", "B04"), 2, 4)),
        (replace(SEVEN, way="alpha"), BandChoice(("red",), 3, 7)),
        (replace(SEVEN, bands=1, band=1, way="alpha"), BandChoice(("red",))),
        (replace(SEVEN, way="mask"), BandChoice(("red",), 3, 7)),
    ],
    ids=str,
)
def test_the_band_that_is_named_is_read(tmp_path, item, declared, choice):
    hidden = HIDDEN if declared.way in {"alpha", "mask"} else np.zeros_like(HIDDEN)
    path = declared.write(tmp_path / "all.tif", NUMBERS, hidden)
    asset = Asset(str(path), band=choice)
    assert (item.read_window(asset, WHOLE) == np.where(hidden, 0, NUMBERS)).all()
    assert (item.read_thinned(asset, (40, 52), lattice=False) == np.where(hidden, 0, NUMBERS)).all()


@pytest.mark.parametrize(
    ("declared", "choice"),
    [
        (SEVEN, BandChoice()),
        (SEVEN, BandChoice(("red", "B04"))),
        (SEVEN, BandChoice(("red",), 8)),
        (SEVEN, BandChoice(("red",), 3, 4)),
        (replace(SEVEN, bands=1, band=1), BandChoice(("red",), 3, 7)),
        (NAMED, BandChoice(("red",), 1, 7)),
        (replace(NAMED, names=("red",) * 7), BandChoice(("red",))),
    ],
    ids=str,
)
def test_a_file_of_several_bands_is_refused_by_name_where_none_is_told(tmp_path, item, declared, choice):
    path = declared.write(tmp_path / "all.tif", NUMBERS, HIDDEN)
    asset = Asset(str(path), band=choice)
    for read in (
        lambda: item.read_window(asset, WHOLE),
        lambda: item.read_thinned(asset, (10, 10), lattice=True),
    ):
        with pytest.raises(BrokenAsset, match=r"all\.tif: \d bands"):
            read()


def test_two_bands_of_a_file_of_the_network_are_kept_apart_in_the_cache(tmp_path, monkeypatch):
    path = Declared("mask", bands=2, band=2).write(tmp_path / "two.tif", NUMBERS, HIDDEN)
    monkeypatch.setattr(ItemReader, "_cache", lambda self, _: self.reader.cache)
    choices = {number: BandChoice((), number, 2) for number in (1, 2)}
    for _ in range(2):
        with open_reader(Source(cache_folder=tmp_path / "cache", cache_bytes=2**24)) as reader:
            files = ItemReader(reader, "sum")
            two = files.read_window(Asset(str(path), band=choices[2]), WHOLE)
            one = files.read_window(Asset(str(path), band=choices[1]), WHOLE)
        assert (two == np.where(HIDDEN, 0, NUMBERS)).all()
        assert (one == np.where(HIDDEN, 0, NUMBERS[::-1, ::-1] // 2 + 1)).all()


SCL = np.where(NUMBERS % 3 == 0, 9, 4)
GRID = grid_of_px(40, 52)


def clear_by(tmp_path, declared, classes=SCL, hidden=HIDDEN):
    """Where a scene is clear whose mask is written in one way; the record of its reading."""
    scene = planted_scene(tmp_path, "a", {"red": NUMBERS}, SCL.astype(np.uint8))
    declared.write(tmp_path / "a" / "mask.tif", classes, hidden)
    looks = read_looks(request_of(GRID, [scene], ("red",)))
    return looks.owner.any(axis=0), looks.records[0]


@pytest.mark.parametrize(
    "declared",
    [
        Declared("nodata", 255, "uint8"),
        Declared("nodata", -9999, "int16"),
        Declared("nodata", float("nan"), "float32"),
        Declared("mask", dtype="uint8"),
        Declared("alpha", dtype="uint8"),
    ],
    ids=str,
)
def test_where_a_mask_has_no_data_nothing_is_clear(tmp_path, declared):
    clear, record = clear_by(tmp_path, declared)
    assert record.outcome == "read"
    assert (clear == ((SCL == 4) & ~HIDDEN)).all()


@pytest.mark.parametrize("number", [-9999, -1])
def test_a_class_below_0_is_never_clear_though_no_one_says_so(tmp_path, number):
    declared = Declared("nothing", dtype="int16")
    clear, _ = clear_by(tmp_path, declared, np.where(HIDDEN, number, SCL))
    assert (clear == ((SCL == 4) & ~HIDDEN)).all()


@pytest.mark.parametrize(
    ("declared", "classes", "why"),
    [
        (Declared("nothing", dtype="float32"), SCL + 0.25, "numbers of type float32"),
        (Declared("nothing", bands=3, dtype="uint8"), SCL, "3 bands"),
    ],
)
def test_a_mask_that_is_smoothed_or_has_several_bands_is_refused_by_name(tmp_path, declared, classes, why):
    clear, record = clear_by(tmp_path, declared, classes)
    assert not clear.any()
    assert (record.outcome, record.reason) == ("failed", NEVER_READABLE)
    assert f"mask.tif: {why}" in record.error
