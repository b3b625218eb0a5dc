"""Blocks of stores, against zarr and xarray."""

import numpy as np
import pytest
import rioxarray  # noqa: F401  gives xarray its CRS
import xarray as xr
import zarr
from hypothesis import given
from hypothesis import strategies as st

from pipeline.grid import Block, Grid
from pipeline.maps.encoding import CLASSES, COUNT, INDEX, RATIO
from pipeline.storage.blocks import (
    Layer,
    checksum_of,
    checksum_of_block,
    create_store,
    describe_layer,
    open_store,
    read_block,
    write_block,
)
from pipeline.storage.cause import measure_files

GRID = Grid("EPSG:32651", 0.0, 0.0, 10.0, 100, 130)
EDGE = 32
ENCODINGS = {"ratio": RATIO, "count": COUNT, "index": INDEX, "class": CLASSES}
LAYERS = {**{name: one.stored for name, one in ENCODINGS.items()}, "code": Layer("int32", -1, {})}
SMALL = Grid("EPSG:32651", 0.0, 0.0, 10.0, 10, 13)
PAIR = {"red": Layer("int16", -32768, {"units": "1"}), "looks": Layer("uint16", 0, {})}


def plant(name):
    """Numbers of a layer over the whole grid."""
    layer = LAYERS[name]
    rng = np.random.default_rng(len(name))
    numbers = rng.integers(0, 250, GRID.shape).astype(layer.dtype)
    numbers[rng.random(GRID.shape) < 0.2] = layer.fill
    return numbers


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    path = tmp_path_factory.mktemp("stores") / "store.zarr"
    create_store(path, LAYERS, GRID, EDGE)
    for block in GRID.blocks(EDGE):
        write_block(path, block, {name: plant(name)[block.rows, block.cols] for name in LAYERS})
    return path


@pytest.mark.parametrize("name", LAYERS)
def test_zarr_and_xarray_read_what_was_written(store, name):
    array = zarr.open_group(store, mode="r")[name]
    assert np.array_equal(array[:], plant(name), equal_nan=name == "index")
    assert np.array_equal(open_store(store)[name].to_numpy(), array[:], equal_nan=name == "index")


def test_xarray_alone_shows_a_store_as_maps_with_coordinates_and_crs(tmp_path):
    grid = Grid("EPSG:32651", 300_000.0, 3_500_040.0, 10.0, 10, 13)
    layers = PAIR | {"cover": CLASSES.stored, "fvc": RATIO.stored}
    create_store(tmp_path, layers, grid, 8)
    corner = Block(0, 8, 0, 8)
    write_block(tmp_path, corner, {name: np.full((8, 8), 7, one.dtype) for name, one in layers.items()})
    shown = xr.open_zarr(tmp_path, consolidated=False)
    assert shown.rio.crs.to_epsg() == 32651
    assert shown.rio.transform() == grid.transform
    assert np.array_equal(shown["x"], grid.x_of(grid.whole))
    assert np.array_equal(shown["y"], grid.y_of(grid.whole))
    assert float(shown["fvc"][0, 0]) == pytest.approx(7e-4)
    for name in ("fvc", "cover", "red"):
        assert int(shown[name].notnull().sum()) == 64
    assert (shown["looks"].dtype, int(shown["looks"].sum())) == ("uint16", 7 * 64)
    assert xr.open_zarr(tmp_path, consolidated=False, decode_coords="all")["fvc"].rio.crs == shown.rio.crs


@pytest.mark.parametrize("name", LAYERS)
def test_a_store_says_of_its_layers_what_it_was_made_with(store, name):
    said, layer = describe_layer(store, name), LAYERS[name]
    assert (said.dtype, said.attrs) == (layer.dtype, layer.attrs)
    assert np.array_equal(said.fill, layer.fill, equal_nan=True)


def test_lazy_arrays_have_the_chunks_of_the_disk_however_small_they_are(store):
    for array in open_store(store).values():
        assert array.chunks == ((32, 32, 32, 4), (32, 32, 32, 32, 2))


@given(
    rows=st.lists(st.integers(0, GRID.height), min_size=2, max_size=2, unique=True).map(sorted),
    cols=st.lists(st.integers(0, GRID.width), min_size=2, max_size=2, unique=True).map(sorted),
)
def test_any_window_is_what_was_written_there(store, rows, cols):
    block = Block(*rows, *cols)
    for name, numbers in read_block(store, block, LAYERS).items():
        expected = plant(name)[block.rows, block.cols]
        assert numbers.dtype == expected.dtype
        assert np.array_equal(numbers, expected, equal_nan=name == "index")
        assert numbers.flags.writeable


def test_what_zarr_wrote_is_read_and_blocks_that_nobody_wrote_are_empty(tmp_path):
    path = tmp_path / "store.zarr"
    create_store(path, LAYERS, GRID, EDGE)
    group = zarr.open_group(path, mode="r+")
    for name in LAYERS:
        group[name][32:64, 0:32] = plant(name)[32:64, 0:32]
    for name, numbers in read_block(path, GRID.whole, LAYERS).items():
        expected = np.full(GRID.shape, LAYERS[name].fill, dtype=LAYERS[name].dtype)
        expected[32:64, 0:32] = plant(name)[32:64, 0:32]
        assert np.array_equal(numbers, expected, equal_nan=name == "index")


def test_a_block_of_several_chunks_is_written_as_they_are(store, tmp_path):
    path = tmp_path / "store.zarr"
    create_store(path, LAYERS, GRID, EDGE)
    write_block(path, GRID.whole, {name: plant(name) for name in LAYERS})
    for name in LAYERS:
        files = sorted(file.relative_to(store) for file in (store / name).rglob("c/*/*"))
        assert files == sorted(file.relative_to(path) for file in (path / name).rglob("c/*/*"))
        assert all((store / file).read_bytes() == (path / file).read_bytes() for file in files)


def test_a_block_that_is_no_block_of_the_store_is_not_written(tmp_path):
    path = tmp_path / "store.zarr"
    create_store(path, LAYERS, GRID, EDGE)
    for block in (Block(1, 33, 0, 32), Block(0, 32, 16, 48), Block(0, 60, 0, 32)):
        with pytest.raises(ValueError, match="is no block of"):
            write_block(path, block, {"count": np.ones(block.shape, dtype=np.uint16)})
    assert not list((path / "count").rglob("c/*/*"))


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.99])
def test_a_chunk_that_is_torn_has_no_checksum(tmp_path, share):
    path = tmp_path / "store.zarr"
    create_store(path, LAYERS, GRID, EDGE)
    block = Block(0, EDGE, 0, EDGE)
    written = write_block(path, block, {"ratio": plant("ratio")[:EDGE, :EDGE]})
    assert checksum_of_block(path, block, ["ratio"]) == written
    chunk = path / "ratio" / "c" / "0" / "0"
    content = chunk.read_bytes()
    chunk.write_bytes(content[: int(share * len(content))])
    assert checksum_of_block(path, block, ["ratio"]) is None
    chunk.unlink()
    assert checksum_of_block(path, block, ["ratio"]) != written


def test_a_store_that_is_packed_in_another_way_is_refused(tmp_path):
    group = zarr.open_group(tmp_path / "store.zarr", mode="w")
    group.create_array("count", shape=GRID.shape, chunks=(EDGE, EDGE), dtype="uint16")
    with pytest.raises(ValueError, match="packed by"):
        read_block(tmp_path / "store.zarr", GRID.whole, ["count"])


def test_a_block_is_written_to_its_own_region_and_comes_back(tmp_path):
    create_store(tmp_path / "store", PAIR, SMALL, 4)
    rng = np.random.default_rng(1)
    planted = {}
    for block in SMALL.blocks(4):
        arrays = {
            "red": rng.integers(-9000, 9000, block.shape, dtype=np.int16),
            "looks": rng.integers(0, 9, block.shape, dtype=np.uint16),
        }
        planted[block] = arrays
        assert write_block(tmp_path / "store", block, arrays) == checksum_of(arrays)
    for block, arrays in planted.items():
        found = read_block(tmp_path / "store", block, ["red", "looks"])
        assert checksum_of(found) == checksum_of(arrays)
        assert all((found[name] == arrays[name]).all() for name in arrays)
    lazy = open_store(tmp_path / "store")
    assert lazy["red"].dtype == np.int16
    assert lazy["red"].dims == ("y", "x")
    assert (lazy["red"].values[8:, 12:] == planted[Block(8, 10, 12, 13)]["red"]).all()
    assert lazy.attrs["grid"] == SMALL.as_dict()


def test_what_was_never_written_is_the_fill(tmp_path):
    create_store(tmp_path / "store", PAIR, SMALL, 4)
    found = read_block(tmp_path / "store", SMALL.whole, PAIR)
    assert (found["red"] == -32768).all()
    assert (found["looks"] == 0).all()


def test_equal_content_has_equal_bytes_in_whatever_order_it_was_written(tmp_path):
    for name, blocks in (("one", list(SMALL.blocks(4))), ("two", list(SMALL.blocks(4))[::-1])):
        create_store(tmp_path / name, PAIR, SMALL, 4)
        for block in blocks:
            red = np.full(block.shape, block.row_from, dtype=np.int16)
            write_block(tmp_path / name, block, {"red": red, "looks": red.astype(np.uint16)})
    assert measure_files(tmp_path / "one") == measure_files(tmp_path / "two")


def test_a_checksum_knows_names_and_values_and_not_the_memory_layout():
    array = np.arange(12, dtype=np.int16).reshape(3, 4)
    assert checksum_of({"a": array, "b": array}) == checksum_of({"b": array, "a": np.asfortranarray(array)})
    assert checksum_of({"a": array}) != checksum_of({"b": array})
    assert checksum_of({"a": array}) != checksum_of({"a": array + 1})


AXES = [st.one_of(st.integers(-size, size - 1), st.slices(size)) for size in GRID.shape]


@given(rows=AXES[0], cols=AXES[1])
def test_any_pixels_of_a_store_are_those_of_the_array(store, rows, cols):
    planted = plant("code")
    found = open_store(store)["code"].isel(y=rows, x=cols).compute()
    assert np.array_equal(found.to_numpy(), planted[rows, cols])
