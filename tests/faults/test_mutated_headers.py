"""Headers that hold anything: what is read of such a file is numbers of a scene, or it is a BrokenAsset."""

import math
import struct
import time
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import product

import numpy as np
import pytest
import rasterio
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rasterio.windows import Window

from pipeline.contracts import Asset
from pipeline.errors import BrokenAsset
from pipeline.ingest.reading.assets import ItemReader
from pipeline.ingest.reading.readers import Source, open_reader
from pipeline.ingest.reading.resampling import read_nearest, resample
from tests.declared import PLACE
from tests.scenery import UTM, grid_of_px
from tests.tiles import pack

KIND = "headers"
DOOR = "assets"
EDGE = 160
GRID = grid_of_px(EDGE, EDGE)
NUMBERS = np.random.default_rng(5).integers(1, 9000, (EDGE, EDGE), dtype=np.uint16)
COG = {"driver": "COG", "blocksize": 128, "tiled": None, "blockxsize": None, "blockysize": None}
FORMS = {
    "a COG": COG,
    "LZW": {"compress": "lzw"},
    "not packed": {"compress": "none"},
    "BigTIFF": {"BIGTIFF": "YES"},
    "predictor 2": {"predictor": 2},
}
SECONDS = 15
FEW = settings(
    max_examples=100,
    deadline=timedelta(seconds=SECONDS),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
ODD_NUMBERS = (0, 1, 2, 3, 7, 16, 64, 2**14, 2**16, 2**20, 2**31 - 16, 2**31, 2**32 - 1)
ODD_FIGURES = (math.nan, math.inf, -math.inf, 0.0, -1.0, 1e-300, 1e300, 1e12, 9.999999)


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """A file of each form."""
    folder = tmp_path_factory.mktemp("headers")
    return {
        name: pack(folder / f"{number}.tif", NUMBERS, **form)
        for number, (name, form) in enumerate(FORMS.items())
    }


def read_all(path, reader):
    """Each way to read a file gives numbers of a scene in the shape that was asked for, or it is broken.

    How many ways gave numbers, of how many.
    """
    files, asset = ItemReader(reader), Asset(str(path))
    ways = {
        (100, 90): [partial(files.read_window, asset, Window(col, 10, 90, 100)) for col in (10, 120, -30)],
        (40, 40): [
            partial(files.read_thinned, asset, (40, 40), lattice=lattice) for lattice in (False, True)
        ],
        GRID.shape: [lambda: resample(files, asset, GRID, GRID.whole).spread()],
    }
    ways[GRID.shape].append(lambda: read_nearest(files, asset, GRID, GRID.whole, margin=2).spread())
    read_well = 0
    for shape, reads in ways.items():
        for read in reads:
            with suppress(BrokenAsset):
                numbers = read()
                read_well += 1
                assert numbers.shape == shape
                assert numbers.dtype in {np.dtype(kind) for kind in ("uint8", "uint16", "int16")}
    return read_well, sum(map(len, ways.values()))


def list_entries(content):
    """Where the entries of the first directory of a TIFF stand, how long each is, and where they end."""
    big = content[2] == 43
    (at,) = struct.unpack_from("<Q" if big else "<I", content, 8 if big else 4)
    (count,) = struct.unpack_from("<Q" if big else "<H", content, at)
    first, size = (at + 8, 20) if big else (at + 2, 12)
    return [first + size * number for number in range(count)], first + size * count


ONE_BYTE = st.tuples(st.integers(0, 900), st.integers(0, 255))


@st.composite
def mutations(draw):
    """What is done to a header: bytes, entries of its directory, or figures behind them."""
    return draw(
        st.one_of(
            st.tuples(st.just("bytes"), st.lists(ONE_BYTE, min_size=1, max_size=4)),
            st.tuples(
                st.just("entry"),
                st.tuples(
                    st.integers(0, 24),
                    st.sampled_from(["tag", "type", "count", "value"]),
                    st.one_of(st.sampled_from(ODD_NUMBERS), st.integers(0, 2**32 - 1)),
                ),
            ),
            st.tuples(st.just("figure"), st.tuples(st.integers(0, 500), st.sampled_from(ODD_FIGURES))),
        )
    )


def mutate(content, mutation):
    kind, what = mutation
    changed = bytearray(content)
    entries, end = list_entries(content)
    if kind == "bytes":
        for at, value in what:
            changed[at] = value
    elif kind == "figure":
        struct.pack_into("<d", changed, end + what[0], what[1])
    else:
        number, field, value = what
        at = entries[number % len(entries)]
        form, place = {"tag": ("<H", 0), "type": ("<H", 2), "count": ("<I", 4), "value": ("<I", 8)}[field]
        struct.pack_into(form, changed, at + place, value % 2 ** (8 * struct.calcsize(form)))
    return bytes(changed)


@pytest.mark.parametrize("form", FORMS)
def test_a_header_that_nobody_touched_is_read_in_every_way(originals, reader, form):
    read_well, ways = read_all(originals[form], reader)
    assert read_well == ways > 1


@FEW
@example(form="BigTIFF", mutation=("figure", (0, -math.inf)))
@example(form="BigTIFF", mutation=("figure", (40, -math.inf)))
@example(form="LZW", mutation=("bytes", [(178, 0)]))
@given(form=st.sampled_from(sorted(FORMS)), mutation=mutations())
def test_whatever_a_header_holds_is_numbers_of_a_scene_or_a_broken_file(originals, tmp_path, form, mutation):
    path = tmp_path / "red.tif"
    path.write_bytes(mutate(originals[form].read_bytes(), mutation))
    with open_reader(Source()) as reader:
        read_all(path, reader)
    path.unlink()


@pytest.mark.slow
@pytest.mark.parametrize("form", ["a COG", "not packed"])
def test_no_byte_of_a_header_ends_more_than_the_reading_of_its_file(originals, tmp_path, form):
    content = originals[form].read_bytes()
    _, end = list_entries(content)
    begun = time.monotonic()
    with open_reader(Source()) as reader:
        for at in range(end + 120):
            path = tmp_path / f"{at}.tif"
            path.write_bytes(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
            files = ItemReader(reader)
            with suppress(BrokenAsset):
                files.read_window(Asset(str(path)), Window(0, 0, 50, 50))
            path.unlink()
    assert time.monotonic() - begun < 4 * SECONDS


TOO_MUCH = {
    "a tile of 32768 pixels": (32768, 32768, "tiles or strips of 2048 MiB"),
    "a strip that is the whole file": (9000, None, "tiles or strips of 154 MiB"),
}


@pytest.mark.parametrize(("size", "tile", "why"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_what_would_fill_the_memory_to_read_one_pixel_is_refused_at_the_door(
    tmp_path, reader, size, tile, why
):
    path = tmp_path / "red.tif"
    blocks = {"tiled": True, "blockxsize": tile} if tile else {"tiled": False}
    with rasterio.open(
        path, "w", driver="GTiff", height=size, width=size, count=1, dtype="uint16", crs=UTM,
        transform=PLACE, compress="deflate", blockysize=tile or size, SPARSE_OK=True, **blocks,
    ):  # fmt: skip
        pass
    with pytest.raises(BrokenAsset, match=rf"red\.tif: {why}"):
        ItemReader(reader).read_window(Asset(str(path)), Window(0, 0, 10, 10))


def test_a_file_of_a_million_pixels_a_side_is_read_by_windows_alone(tmp_path, reader):
    path = tmp_path / "red.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=10**6, width=10**6, count=1, dtype="uint16", crs=UTM,
        transform=PLACE, compress="deflate", tiled=True, blockxsize=4096, blockysize=4096,
        SPARSE_OK=True, BIGTIFF="YES",
    ):  # fmt: skip
        pass
    files, asset = ItemReader(reader), Asset(str(path))
    assert files.read_window(asset, Window(10, 10, 20, 20)).shape == (20, 20)
    with pytest.raises(BrokenAsset, match="too many to be read as a whole"):
        files.read_thinned(asset, (40, 40), lattice=True)


WHOLE_KINDS, FLOAT_KINDS = ("int8", "uint32", "int64"), ("float32", "float64")
COMPLEX_KINDS = ("complex64", "complex128", "complex_int16")


def write_kind(path, kind, nodata):
    """A file of sevens, of a type."""
    size = {"height": 64, "width": 64, "count": 1, "dtype": kind}
    with rasterio.open(path, "w", driver="GTiff", crs=UTM, transform=PLACE, nodata=nodata, **size) as file:
        file.write(np.full((64, 64), 7, dtype="complex64" if kind in COMPLEX_KINDS else kind), 1)
    return Asset(str(path))


@pytest.mark.parametrize(
    ("kind", "nodata"),
    [
        *product(WHOLE_KINDS, (None, 0)),
        *product(FLOAT_KINDS, (None, 0, math.nan, -3.0e38)),
        ("float64", 1e300),
    ],
)
def test_whole_numbers_of_any_type_are_those_of_a_scene(tmp_path, reader, kind, nodata):
    asset = write_kind(tmp_path / "red.tif", kind, nodata)
    assert (ItemReader(reader).read_window(asset, Window(0, 0, 64, 64)) == 7).all()


@pytest.mark.parametrize("kind", COMPLEX_KINDS)
def test_complex_numbers_are_none_of_a_scene(tmp_path, reader, kind):
    asset = write_kind(tmp_path / "red.tif", kind, None)
    with pytest.raises(BrokenAsset, match="numbers of type complex"):
        ItemReader(reader).read_window(asset, Window(0, 0, 64, 64))
