"""Chunks: what was packed is found by its key, in scripts of bounded size."""

from bisect import bisect_right

from hypothesis import given
from hypothesis import strategies as st

from pipeline.outputs.view.chunks import number_tile, write_chunks
from tests.chunks import open_chunk, open_chunks

BLOBS = st.dictionaries(st.integers(0, 2**40), st.binary(max_size=300), min_size=1)


@given(BLOBS, st.integers(1, 500))
def test_a_blob_is_in_the_chunk_that_the_first_keys_lead_to(tmp_path_factory, held, limit):
    folder = tmp_path_factory.mktemp("out") / "chunks"
    firsts = write_chunks(sorted(held.items()), folder, limit)
    assert open_chunks(folder) == held
    for key, blob in held.items():
        assert open_chunk(folder / f"{bisect_right(firsts, key) - 1}.js")[key] == blob
    for number in range(len(firsts)):
        sizes = [len(blob) for blob in open_chunk(folder / f"{number}.js").values()]
        assert len(sizes) == 1 or sum(sizes) <= limit


def test_the_same_blobs_are_packed_to_the_same_bytes(tmp_path):
    held = [(1, b"water" * 100), (7, b"</script>\xff")]
    for name in "ab":
        write_chunks(held, tmp_path / name)
    one, other = ((tmp_path / name / "0.js").read_bytes() for name in "ab")
    assert one == other
    assert b"</script>" not in one


def test_nothing_makes_no_chunk(tmp_path):
    assert write_chunks([], tmp_path / "none") == []


@given(st.integers(0, 18), st.data())
def test_tiles_are_numbered_by_zoom_and_within_by_their_quadkey(zoom, data):
    """The quadkey of a tile, read as a number of base 4, is its place in Morton order."""
    side = st.integers(0, 2**zoom - 1)
    x, y = data.draw(side), data.draw(side)
    quadkey = "".join(str((x >> bit & 1) + 2 * (y >> bit & 1)) for bit in reversed(range(zoom)))
    below = sum(4**lower for lower in range(zoom))
    assert number_tile(zoom, x, y) == below + int(quadkey or "0", 4)
