"""Files of scenes: windows, handles, broken files."""

import threading
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.windows import Window

from pipeline.contracts import Asset
from pipeline.errors import BrokenAsset
from pipeline.ingest.reading import handles
from pipeline.ingest.reading.assets import ItemReader
from pipeline.ingest.reading.readers import Source, open_reader
from tests.scenery import LEFT, TOP, UTM, truncated, written

NUMBERS = np.arange(1, 90 * 110 + 1, dtype=np.uint16).reshape(90, 110)


@pytest.fixture
def asset(tmp_path):
    return Asset(str(written(tmp_path / "red.tif", NUMBERS)), nodata=0)


@pytest.mark.parametrize(
    "window",
    [
        Window(0, 0, 110, 90),
        Window(10, 20, 30, 40),
        Window(109, 89, 1, 1),
        Window(-5, -7, 20, 20),
        Window(100, 80, 40, 40),
        Window(-3, -3, 200, 200),
        Window(60, -200, 10, 10),
        Window(500, 500, 4, 4),
        Window(-50, 0, 50, 90),
    ],
    ids=str,
)
@pytest.mark.parametrize("nodata", [0, 7])
def test_a_window_over_the_edge_is_what_rasterio_reads_boundless(asset, window, nodata, item):
    found = item.read_window(Asset(asset.href, nodata=nodata), window)
    expected = np.full((window.height, window.width), nodata, dtype=np.uint16)
    for row in range(window.height):
        for col in range(window.width):
            y, x = row + window.row_off, col + window.col_off
            if 0 <= y < 90 and 0 <= x < 110:
                expected[row, col] = NUMBERS[y, x]
    assert (found == expected).all()
    if nodata == 0:
        with rasterio.open(asset.href) as source:
            assert (found == source.read(1, window=window, boundless=True, fill_value=0)).all()


def test_a_profile_is_that_of_the_header(asset, item):
    place = item.read_profile(asset)
    assert (place.crs, place.height, place.width) == (UTM, 90, 110)
    assert (place.transform.c, place.transform.f, place.transform.a, place.transform.e) == (
        LEFT,
        TOP,
        10,
        -10,
    )


def test_thinned_is_every_nth_pixel(asset, item):
    thinned = item.read_thinned(asset, (30, 22), lattice=False)
    with rasterio.open(asset.href) as source:
        assert (thinned == source.read(1, out_shape=(30, 22))).all()


def test_a_lattice_takes_the_same_places_from_files_of_one_extent(tmp_path, item):
    fine = np.kron(np.arange(160 * 160, dtype=np.uint16).reshape(160, 160), np.ones((2, 2), dtype=np.uint16))
    coarse = fine[::2, ::2]
    a = Asset(str(written(tmp_path / "a.tif", fine)))
    b = Asset(str(written(tmp_path / "b.tif", coarse, pixel_m=20.0)))
    assert (
        item.read_thinned(a, (40, 40), lattice=True) == item.read_thinned(b, (40, 40), lattice=True)
    ).all()


def read_whole(item: ItemReader, asset: Asset) -> None:
    place = item.read_profile(asset)
    item.read_window(asset, Window(0, 0, place.width, place.height))


@pytest.mark.parametrize("damage", ["gone", "empty", "text", "truncated", "folder", "no crs"])
def test_a_file_that_cannot_be_read_is_a_broken_asset_with_its_name(tmp_path, damage, item):
    rng = np.random.default_rng(1)
    path = written(tmp_path / "red.tif", rng.integers(1, 9000, (256, 256), dtype=np.uint16))
    match damage:
        case "gone":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case "text":
            path.write_text("not a raster")
        case "truncated":
            truncated(path)
        case "folder":
            path.unlink()
            path.mkdir()
        case "no crs":
            written(path, NUMBERS, crs=None)
    with pytest.raises(BrokenAsset, match=r"red\.tif"):
        read_whole(item, Asset(str(path)))


def test_a_broken_file_is_left_alone_in_a_run_even_if_it_is_mended(tmp_path, item):
    asset = Asset(str(tmp_path / "red.tif"))
    Path(asset.href).write_text("not a raster")
    with pytest.raises(BrokenAsset):
        item.read_profile(asset)
    written(Path(asset.href), NUMBERS)
    with pytest.raises(BrokenAsset):
        item.read_profile(asset)
    with open_reader(Source()) as another:
        assert (ItemReader(another).read_window(asset, Window(0, 0, 110, 90)) == NUMBERS).all()


def test_no_more_files_stay_open_than_the_shelf_holds(tmp_path, monkeypatch, reader, item):
    monkeypatch.setattr(handles, "_OPEN_FILES_OF_DISK", 3)
    assets = [Asset(str(written(tmp_path / f"{name}.tif", NUMBERS, compress="lzw"))) for name in "abcdefg"]
    for asset in [*assets, *assets]:
        assert item.read_window(asset, Window(1, 1, 2, 2)).sum() == NUMBERS[1:3, 1:3].sum()
        opened = [file for file in reader.shelf.files if file.dataset is not None]
        assert 1 <= len(opened) <= 3


def test_deflated_files_are_not_kept_open(asset, reader, item):
    assert (item.read_window(asset, Window(0, 0, 110, 90)) == NUMBERS).all()
    (file,) = reader.shelf.files
    assert file.dataset is None


def test_many_threads_read_right_through_few_handles(tmp_path, monkeypatch, item):
    monkeypatch.setattr(handles, "_OPEN_FILES_OF_DISK", 2)
    assets = {n: Asset(str(written(tmp_path / f"{n}.tif", NUMBERS + np.uint16(n)))) for n in range(4)}
    wrong = []

    def read(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(25):
            n, row, col = int(rng.integers(4)), int(rng.integers(80)), int(rng.integers(100))
            found = item.read_window(assets[n], Window(col, row, 10, 10))
            if (found != NUMBERS[row : row + 10, col : col + 10] + n).any():
                wrong.append((n, row, col))

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
