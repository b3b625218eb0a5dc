"""The Reader of a run: one in each process, closed at the end, sent to others by what makes it."""

import gc
import logging
import pickle
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest
from rasterio.windows import Window

from pipeline.contracts import Asset
from pipeline.errors import BrokenAsset
from pipeline.ingest.reading.assets import ItemReader
from pipeline.ingest.reading.readers import Source, open_reader, reader_of
from pipeline.settings.access import Access
from tests.scenery import written

NUMBERS = np.arange(1, 90 * 110 + 1, dtype=np.uint16).reshape(90, 110)
WHOLE = Window(0, 0, 110, 90)


def test_a_reader_that_comes_back_by_pickle_is_the_one_of_its_run():
    with open_reader(Source()) as reader, open_reader(Source()) as another:
        assert pickle.loads(pickle.dumps(reader)) is reader
        assert pickle.loads(pickle.dumps(another)) is another
        assert reader is not another


def test_another_process_has_one_reader_for_a_run_whose_source_is_the_same(tmp_path):
    source = Source(Access(hosts=("a.example",)), tmp_path / "cache", 2**20)
    with open_reader(source) as reader:
        sent = pickle.dumps((reader, reader.source)).hex()
    script = (
        f"import pickle\none, source = pickle.loads(bytes.fromhex('{sent}'))\n"
        f"other, _ = pickle.loads(bytes.fromhex('{sent}'))\n"
        "print(one is other, one.source == source, one.source.run, one.cache.folder)"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["True", "True", source.run, str(tmp_path / "cache")]


def test_a_closed_reader_leaves_no_thread_and_no_file_open_and_reads_no_more(tmp_path):
    before = set(threading.enumerate())
    asset = Asset(str(written(tmp_path / "red.tif", NUMBERS, compress="lzw")))
    with open_reader(Source()) as reader:
        (future,) = reader.submit(
            lambda one: ItemReader(reader).read_window(one, WHOLE), [asset], network=False
        )
        assert (future.result() == NUMBERS).all()
        (file,) = reader.shelf.files
        assert file.dataset is not None
        own = set(threading.enumerate()) - before
        assert {thread.name.partition("_")[0] for thread in own} == {"reader", "header"}
    assert file.dataset is None
    assert not any(thread.is_alive() for thread in own)
    with pytest.raises(RuntimeError):
        reader.submit(str, [1], network=False)


def test_a_run_that_is_over_goes_from_a_worker_when_newer_ones_have_come(tmp_path):
    asset = Asset(str(written(tmp_path / "red.tif", NUMBERS, compress="lzw")))
    old = reader_of(Source())
    (future,) = old.submit(ItemReader(old).read_profile, [asset], network=False)
    assert future.result().width == 110
    gone, source = weakref.ref(old), old.source
    assert reader_of(source) is old
    del old, future
    for _ in range(4):
        reader_of(Source())
    gc.collect()
    assert gone() is None


def test_what_is_broken_in_a_run_is_not_in_the_next_one(tmp_path):
    path = tmp_path / "red.tif"
    path.write_text("not a raster")
    with open_reader(Source()) as today, open_reader(Source()) as tomorrow:
        with pytest.raises(BrokenAsset):
            ItemReader(today).read_profile(Asset(str(path)))
        written(path, NUMBERS)
        with pytest.raises(BrokenAsset):
            ItemReader(today).read_profile(Asset(str(path)))
        assert (ItemReader(tomorrow).read_window(Asset(str(path)), WHOLE) == NUMBERS).all()


def test_what_libraries_log_is_without_secrets_once_there_is_a_reader(caplog):
    with open_reader(Source()), caplog.at_level(logging.DEBUG):
        logging.getLogger("urllib3.connectionpool").debug("GET %s", "https://a.example/b.tif?sig=secret")
    assert "https://a.example/b.tif" in caplog.text
    assert "secret" not in caplog.text
