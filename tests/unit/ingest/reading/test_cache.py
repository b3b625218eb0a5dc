"""The cache of what was read: what comes out is what went in, within its bounds."""

import threading

import numpy as np
import pytest

from pipeline.ingest.reading.cache import Cache

RNG = np.random.default_rng(8)


def noise(kilobytes):
    return RNG.bytes(kilobytes * 1024)


def held(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_what_was_put_comes_back_and_nothing_else(tmp_path):
    cache = Cache(tmp_path / "cache", 2**20)
    assert cache.get("a") is None
    cache.put("a", b"of a")
    cache.put("b", b"")
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (b"of a", b"", None)
    for dtype in ("uint8", "uint16", "int16"):
        numbers = RNG.integers(0, 100, (31, 17)).astype(dtype)
        cache.put_array(dtype, numbers[:, ::2])
        back = cache.get_array(dtype)
        assert back.dtype == numbers.dtype
        assert (back == numbers[:, ::2]).all()


@pytest.mark.parametrize("damage", ["a byte turned", "cut", "empty", "that of another name"])
def test_a_damaged_entry_is_no_entry_and_can_be_put_again(tmp_path, damage):
    cache = Cache(tmp_path, 2**20)
    cache.put("a", noise(4))
    cache.put("b", noise(4))
    path = cache._path("a")
    content = path.read_bytes()
    match damage:
        case "a byte turned":
            path.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
        case "cut":
            path.write_bytes(content[:-100])
        case "empty":
            path.write_bytes(b"")
        case "that of another name":
            path.write_bytes(cache._path("b").read_bytes())
    assert cache.get("a") is None
    cache.put("a", b"again")
    assert cache.get("a") == b"again"


def test_the_folder_stays_within_its_bound_and_keeps_what_was_used_last(tmp_path):
    cache = Cache(tmp_path, 100 * 1024)
    for number in range(60):
        cache.put(f"{number}", noise(4))
        assert cache.get("0") is not None
        assert held(tmp_path) <= cache.most_bytes
    kept = [number for number in range(60) if cache.get(f"{number}") is not None]
    assert kept[0] == 0
    assert kept[1:] == list(range(60 - len(kept) + 1, 60))
    assert len(kept) > 15


def test_what_other_processes_wrote_counts_too(tmp_path):
    ours, theirs = Cache(tmp_path, 100 * 1024), Cache(tmp_path, 100 * 1024)
    ours.put("first", noise(1))
    for number in range(20):
        theirs.put(f"of another {number}", noise(4))
    for number in range(20):
        ours.put(f"{number}", noise(4))
        assert held(tmp_path) <= ours.most_bytes * (1 + 2 / 16)


def test_what_is_larger_than_the_bound_or_cannot_be_written_is_not_kept(tmp_path):
    Cache(tmp_path / "cache", 1024).put("a", noise(4))
    assert held(tmp_path) == 0
    (tmp_path / "file").write_text("in the way")
    Cache(tmp_path / "file", 2**20).put("a", noise(4))
    assert Cache(tmp_path / "file", 2**20).get("a") is None


def test_many_threads_put_and_get_what_belongs_to_their_names(tmp_path):
    cache = Cache(tmp_path, 40 * 1024)
    contents = {f"{number}": noise(1) for number in range(60)}
    wrong = []

    def work(seed):
        for name in np.random.default_rng(seed).permutation(list(contents)):
            cache.put(name, contents[name])
            if cache.get(name) not in {contents[name], None}:
                wrong.append(name)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert held(tmp_path) <= cache.most_bytes
