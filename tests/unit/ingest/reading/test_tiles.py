"""Tiles that are unpacked without GDAL, against GDAL."""

import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from rasterio.windows import Window

from pipeline.contracts import Asset
from pipeline.errors import BrokenAsset
from pipeline.ingest.reading.assets import ItemReader
from pipeline.ingest.reading.readers import Source, open_reader
from pipeline.ingest.reading.tiles import read_tiles
from tests.tiles import HEIGHT, WIDTH, fetching, pack, read_header


@pytest.mark.parametrize("predictor", [1, 2])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@given(
    rows=st.lists(st.integers(0, HEIGHT), min_size=2, max_size=2, unique=True).map(sorted),
    cols=st.lists(st.integers(0, WIDTH), min_size=2, max_size=2, unique=True).map(sorted),
)
def test_every_window_is_as_gdal_reads_it(files, dtype, predictor, rows, cols):
    path, numbers = files[dtype, predictor]
    tiling = read_header(fetching(path)).tiling
    window = Window.from_slices(tuple(rows), tuple(cols))
    found = read_tiles(tiling, window, fetching(path))
    with rasterio.open(path) as dataset:
        assert (found == dataset.read(1, window=window)).all()
    assert found.dtype == numbers.dtype
    assert (found == numbers[slice(*rows), slice(*cols)]).all()


def test_tiles_of_a_row_are_fetched_at_once(files):
    path, _ = files["uint16", 2]
    asked = []

    def fetch(first, size):
        asked.append((first, size))
        return fetching(path)(first, size)

    tiling = read_header(fetch).tiling
    assert len(asked) == 1
    read_tiles(tiling, Window(60, 40, 100, 60), fetch)
    assert len(asked) == 1 + 3
    assert len(set(asked)) == len(asked)


def test_rot_in_a_tile_is_an_error_of_the_file_and_of_no_other_tile(files, tmp_path, item):
    path, numbers = files["uint16", 2]
    first, size = read_header(fetching(path)).tiling.spans[1, 1].tolist()
    content = bytearray(path.read_bytes())
    content[first + size // 2] ^= 0x5A
    rotten = tmp_path / "rotten.tif"
    rotten.write_bytes(content)
    with pytest.raises(BrokenAsset, match=r"tile 1,1 is broken"):
        item.read_window(Asset(str(rotten)), Window(0, 0, WIDTH, HEIGHT))
    assert item.trail.attempts > 1
    assert (item.read_window(Asset(str(rotten)), Window(0, 0, WIDTH, 48)) == numbers[:48]).all()


def test_a_file_that_was_put_in_the_place_of_another_is_named_and_read_by_the_next_run(files, tmp_path, item):
    path, numbers = files["uint16", 2]
    place = tmp_path / "red.tif"
    place.write_bytes(path.read_bytes())
    whole = Window(0, 0, WIDTH, HEIGHT)
    assert (item.read_window(Asset(str(place)), whole) == numbers).all()
    later = pack(tmp_path / "later.tif", numbers[::-1].copy(), predictor=2, blockxsize=32)
    later.replace(place)
    with pytest.raises(BrokenAsset, match="replaced"):
        item.read_window(Asset(str(place)), whole)
    with open_reader(Source()) as afresh:
        found = ItemReader(afresh, "").read_window(Asset(str(place)), whole)
    assert (found == numbers[::-1]).all()
