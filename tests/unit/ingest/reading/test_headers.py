"""Headers of files: what their first bytes say, and which files are left to GDAL."""

import struct

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from rasterio.windows import Window

from pipeline.contracts import Asset
from pipeline.errors import BrokenAsset
from pipeline.ingest.reading.headers import Profile
from pipeline.ingest.reading.tiles import read_tiles
from tests.tiles import HEIGHT, WIDTH, fetching, numbers_of, pack, read_header


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"predictor": 2},
        {"BIGTIFF": "YES"},
        {"driver": "COG", "blocksize": 128, "predictor": "YES", "tiled": None, "blockxsize": None},
        {"interleave": "pixel"},
        {"photometric": "MINISWHITE"},
    ],
    ids=str,
)
def test_the_header_of_a_tiled_and_deflated_file_is_enough(tmp_path, options):
    numbers = numbers_of("uint16")
    path = pack(tmp_path / "f.tif", numbers, **options)
    header = read_header(fetching(path))
    with rasterio.open(path) as dataset:
        assert header.profile == Profile.of(dataset)
    assert (read_tiles(header.tiling, Window(0, 0, WIDTH, HEIGHT), fetching(path)) == numbers).all()


@pytest.mark.parametrize(
    "options",
    [
        {"compress": "lzw"},
        {"compress": "zstd"},
        {"compress": "none"},
        {"tiled": False, "blockxsize": WIDTH},
        {"ENDIANNESS": "BIG"},
        {"nbits": 12},
        {"dtype": "int16"},
        {"dtype": "float32", "predictor": 3},
    ],
    ids=str,
)
def test_files_that_are_packed_in_another_way_are_left_to_gdal(tmp_path, options, item):
    numbers = (numbers_of("uint16") % 4096).astype(options.get("dtype", "uint16"))
    path = pack(tmp_path / "f.tif", numbers, **options)
    assert read_header(fetching(path)) is None
    assert (item.read_window(Asset(str(path)), Window(0, 0, WIDTH, HEIGHT)) == numbers).all()


def test_a_file_that_lacks_tiles_is_left_to_gdal(tmp_path, item):
    numbers = numbers_of("uint16")
    numbers[:48, :64] = 0
    path = pack(tmp_path / "f.tif", numbers, nodata=0, SPARSE_OK=True)
    assert read_header(fetching(path)) is None
    assert (item.read_window(Asset(str(path)), Window(0, 0, WIDTH, HEIGHT)) == numbers).all()


def test_a_file_whose_header_is_longer_than_what_is_read_of_it_is_left_to_gdal(tmp_path, item):
    numbers = np.random.default_rng(4).integers(0, 99, (2000, 1600), dtype=np.uint16)
    path = pack(tmp_path / "f.tif", numbers, blockxsize=16, blockysize=16)
    assert read_header(fetching(path)) is None
    assert (item.read_window(Asset(str(path)), Window(3, 5, 1500, 90)) == numbers[5:95, 3:1503]).all()


def test_overviews_beyond_the_header_are_not_overlooked(tmp_path, item):
    path = pack(tmp_path / "f.tif", np.random.default_rng(4).integers(0, 9999, (600, 600), dtype=np.uint16))
    with rasterio.open(path, "r+") as dataset:
        dataset.build_overviews([2])
    assert read_header(fetching(path)) is None
    assert item.read_profile(Asset(str(path))).overviews


def test_a_tile_that_is_said_to_be_huge_is_not_fetched(tmp_path):
    numbers = np.random.default_rng(5).integers(0, 2**16, (600, 600), dtype=np.uint16)
    path = pack(tmp_path / "f.tif", numbers, blockxsize=256, blockysize=256)
    content = path.read_bytes()
    size = read_header(fetching(path)).tiling.spans[1, 1, 1]
    huge = content.replace(struct.pack("<I", size), struct.pack("<I", 2**31), 1)
    assert huge != content
    assert read_header(lambda first, size: huge[first : first + size]) is None


@given(cut=st.integers(0, 1000), place=st.integers(0, 400), turned=st.integers(1, 255))
def test_a_header_that_is_cut_or_rotten_is_no_header_or_one(files, cut, place, turned):
    path, _ = files["uint16", 2]
    content = bytearray(path.read_bytes())
    content[place] ^= turned
    for changed in (bytes(content), bytes(content[:cut])):
        header = read_header(lambda first, size, changed=changed: changed[first : first + size])
        assert header is None or header.tiling.spans.all()


def test_directories_that_go_round_in_a_circle_come_to_an_end(files):
    path, numbers = files["uint16", 2]
    content = bytearray(path.read_bytes())
    (entries,) = struct.unpack_from("<H", content, 8)
    struct.pack_into("<I", content, 10 + 12 * entries, 8)
    tiling = read_header(lambda first, size: bytes(content[first : first + size])).tiling
    assert (read_tiles(tiling, Window(0, 0, WIDTH, HEIGHT), fetching(path)) == numbers).all()


def test_a_file_that_lies_nowhere_is_broken(tmp_path, item):
    path = pack(tmp_path / "f.tif", numbers_of("uint8"), crs=None)
    assert read_header(fetching(path)) is None
    with pytest.raises(BrokenAsset, match="no CRS or no place"):
        item.read_profile(Asset(str(path)))
