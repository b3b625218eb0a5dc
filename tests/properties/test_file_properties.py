"""Files of scenes however they are written: the planted numbers, or a refusal by name, never any others."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.contracts import REFLECTANCE_NODATA, Asset, BandChoice
from pipeline.errors import BrokenAsset
from pipeline.ingest.reading.bands import AssetBand
from pipeline.ingest.reading.blocks import read_looks
from pipeline.ingest.reading.headers import FileBand, Profile
from pipeline.ingest.reading.places import find_flaw
from tests.declared import PLACE, Declared
from tests.scenery import LEFT, TOP, grid_of_px, planted_scene, read_band, request_of

GRID = grid_of_px(24, 30)
NAMES = ("red", "nir", "B04", "swir16", "")
PACKINGS = st.sampled_from(
    [
        (("compress", "deflate"), ("tiled", True)),
        (("compress", "deflate"), ("tiled", True), ("predictor", 2)),
        (("compress", "lzw"),),
        (("compress", "zstd"), ("tiled", True)),
        (("interleave", "pixel"), ("compress", "deflate"), ("tiled", True)),
        (("ENDIANNESS", "BIG"),),
    ]
)


@st.composite
def declared(draw) -> Declared:
    dtype = draw(st.sampled_from(["uint16", "int16", "int32", "float32"]))
    nodata = draw(st.sampled_from([0, 9999, *([65535] if dtype == "uint16" else [-9999])]))
    way = draw(st.sampled_from(["nodata", "mask", "msk", "alpha"]))
    bands = draw(st.integers(1, 4))
    names = draw(st.one_of(st.just(()), st.permutations(NAMES[:4]).map(lambda names: tuple(names[:bands]))))
    south_up = Affine(10, 0, LEFT, 0, 10, TOP - 240)
    return Declared(
        way,
        nodata if way == "nodata" else draw(st.sampled_from([None, nodata])),
        dtype,
        draw(st.integers(1, bands)),
        bands,
        names,
        draw(st.sampled_from([PLACE, south_up])),
        packing=draw(PACKINGS) if dtype != "float32" else (("compress", "lzw"),),
    )


CHOICES = st.one_of(
    st.just(BandChoice()),
    st.just(BandChoice(("red", "B04"))),
    st.builds(BandChoice, st.just(("red",)), st.integers(1, 5), st.integers(0, 5)),
)


@settings(max_examples=40, deadline=None)
@given(declared(), CHOICES, st.integers(0, 2**31), st.sampled_from(["uint8", "int16", "float32"]))
def test_a_file_gives_what_was_planted_in_the_band_that_is_named_or_is_refused(written, choice, seed, kind):
    told = _find_told(written, choice)
    written = replace(written, band=told or written.band)
    rng = np.random.default_rng(seed)
    numbers = rng.integers(10, 9000, GRID.shape)
    hidden = rng.random(GRID.shape) < 0.3
    mask = np.where(rng.random(GRID.shape) < 0.2, 9, 4)
    with TemporaryDirectory() as folder:
        scene = planted_scene(Path(folder), "a", {"red": numbers.astype("uint16")}, mask.astype("uint8"))
        written.write(Path(folder) / "a" / "red.tif", numbers, hidden)
        Declared("nodata", -9 if kind != "uint8" else 255, kind).write(
            Path(folder) / "a" / "mask.tif", mask, np.zeros(GRID.shape, dtype=bool)
        )
        scene = replace(scene, assets={"red": replace(scene.assets["red"], band=choice)})
        looks = read_looks(request_of(GRID, [scene], ("red",)))
        found, (record,) = read_band(request_of(GRID, [scene], ("red",)), looks, "red")
    up = slice(None, None, -1 if written.transform.e > 0 else 1)
    if record.outcome == "failed":
        assert "red.tif: " in record.error
        assert "bands" in record.error
        assert told == 0
    else:
        assert told
        expected = np.where(hidden | (numbers == written.nodata), REFLECTANCE_NODATA, numbers)[up]
        assert (found[0] == np.where(mask == 4, expected, REFLECTANCE_NODATA)).all()


def _find_told(written: Declared, choice: BandChoice) -> int:
    """The band that item and file agree on; 0 where they tell none, or contradict each other."""
    called = [n for n, name in enumerate(written.names, 1) if name in choice.names]
    if choice.among in {0, written.bands} and 0 < choice.number <= written.bands:
        return choice.number if not called or choice.number in called else 0
    if len(called) == 1:
        return called[0]
    return int(written.bands == 1 and not choice.number)


@given(st.lists(st.floats(), min_size=6, max_size=6), st.integers(1, 2**31), st.integers(1, 2**31))
def test_any_transform_lies_on_the_earth_or_has_a_flaw(numbers, height, width):
    profile = Profile("EPSG:32651", Affine(*numbers), height, width)
    if not find_flaw(profile):
        corners = [profile.transform * (col, row) for col in (0, width) for row in (0, height)]
        assert np.abs(corners).max() <= 1e8
        assert not (~profile.transform).is_degenerate


@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6), CHOICES)
def test_a_band_is_found_by_what_is_said_of_it_or_not_at_all(names, choice):
    bands = tuple(FileBand(number, name) for number, name in enumerate(names, 1))
    asset = Asset("x.tif", band=choice)
    with suppress(BrokenAsset):
        found = AssetBand.of(asset, replace(Profile("", PLACE, 1, 1), bands=bands)).extract.band
        assert found == choice.number or bands[found - 1].name in choice.names or len(bands) == 1
