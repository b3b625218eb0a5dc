"""Files over a network that fails: what is read is right or it is an error, and the server is spared."""

import re
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import rasterio
import urllib3
from rasterio.errors import RasterioError
from rasterio.windows import Window

from pipeline.contracts import Asset
from pipeline.errors import BrokenAsset, ProviderUnavailable
from pipeline.ingest.reading import gdal, network, ranges
from pipeline.ingest.reading.assets import ItemReader
from pipeline.ingest.reading.gate import Gate
from pipeline.ingest.reading.headers import Header
from pipeline.ingest.reading.readers import Source, open_reader
from pipeline.settings.access import Access
from tests.faults.server import Faults, serving
from tests.scenery import written

KIND, DOOR = "the network fails", "assets"
NUMBERS = np.random.default_rng(3).integers(1, 9000, (512, 512), dtype=np.uint16)
WINDOWS = [Window(col, row, 256, 256) for row in (0, 256) for col in (0, 256)]
WHOLE = Window(0, 0, 512, 512)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    """Pauses of milliseconds, as counts are what is tested."""
    monkeypatch.setattr(network, "_FIRST_PAUSE_S", 0.002)


@pytest.fixture
def folder(tmp_path):
    written(tmp_path / "scenes" / "red.tif", NUMBERS)
    return tmp_path


def part(window):
    return NUMBERS[
        window.row_off : window.row_off + window.height, window.col_off : window.col_off + window.width
    ]


def read_over(server, reader, window=WHOLE, name="scenes/red.tif"):
    """Numbers of a window and the trail of the read."""
    files = ItemReader(reader)
    return files.read_window(Asset(f"{server.url}/{name}"), window), files.trail


def read_anew(server, window=WHOLE):
    """The same by a Reader of its own."""
    with open_reader(Source()) as reader:
        return read_over(server, reader, window)


def test_a_clean_server_is_asked_once_for_each_range_and_nothing_twice(folder, reader):
    with serving(folder) as server:
        for window in WINDOWS:
            numbers, trail = read_over(server, reader, window)
            assert (numbers == part(window)).all()
            assert (trail.attempts, trail.error) == (1, "")
        spans = [request.span for request in server.requests if request.span]
    assert len(spans) == len(set(spans))
    assert len(server.requests) < 20


@pytest.mark.parametrize("fault", ["error", "cut", "short", "whole"])
def test_what_is_lost_on_the_way_is_asked_for_again_and_never_taken_for_pixels(folder, fault):
    """A quarter of the answers is wrong, each in its own way: every window comes in the end, and is right."""
    failures = []
    with serving(folder, Faults(**{f"{fault}_share": 0.25})) as server:
        for window in [*WINDOWS, WHOLE]:
            for _ in range(4):
                numbers, trail = read_anew(server, window)
                assert (numbers == part(window)).all()
                failures += trail.failures
        hurt = sum(request.fault == fault for request in server.requests)
    assert hurt > 10
    assert failures


def test_what_is_broken_on_the_way_is_read_again_or_refused(folder):
    right, refused, mended = 0, 0, 0
    with serving(folder, Faults(corrupt_share=0.08)) as server:
        for window in WINDOWS * 5:
            try:
                numbers, trail = read_anew(server, window)
            except BrokenAsset:
                refused += 1
                continue
            assert (numbers == part(window)).all()
            right += 1
            mended += trail.attempts > 1
    assert right > refused
    assert mended > 0


@pytest.mark.parametrize("compress", ["deflate", "lzw", "zstd", "none"])
@pytest.mark.parametrize("fault", ["error", "cut", "short", "whole"])
def test_gdal_alone_raises_where_a_range_is_lost_whatever_the_compression(tmp_path, compress, fault):
    """What GDAL gives is right, or it is an error; with threads of its own it is neither (gdal#11552)."""
    path = written(tmp_path / "red.tif", NUMBERS, compress=compress)
    errors = 0
    with serving(tmp_path) as server:
        for seed in range(8):
            server.set(**{f"{fault}_share": 0.0})
            with open_reader(Source()) as reader, gdal.tune():
                file = reader.shelf.file(f"{server.url}/{path.name}")
                file.take(Header.of)
                server.set(**{f"{fault}_share": 0.5}, seed=seed)
                try:
                    assert (file.take(lambda dataset: dataset.read(1)) == NUMBERS).all()
                except RasterioError:
                    errors += 1
    assert errors > 0


def test_a_server_that_stalls_is_left_and_asked_again(folder, monkeypatch, reader):
    monkeypatch.setitem(gdal.OPTIONS, "GDAL_HTTP_TIMEOUT", "0.2")
    with serving(folder) as server:
        ItemReader(reader).read_profile(Asset(f"{server.url}/scenes/red.tif"))
        server.set(stall_share=1.0, stall_s=5.0)
        timer = threading.Timer(0.8, server.set, kwargs={"stall_share": 0.0})
        timer.start()
        monkeypatch.setattr(reader.network, "http", urllib3.PoolManager(timeout=0.2))
        numbers, trail = read_over(server, reader)
        timer.join()
    assert (numbers == NUMBERS).all()
    assert trail.attempts > 1
    assert "Timeout" in trail.error or "timed out" in trail.error


def test_a_missing_file_is_asked_for_once_in_a_run_and_never_waited_for(folder, reader):
    with serving(folder) as server:
        for _ in range(5):
            with pytest.raises(BrokenAsset, match=r"scenes/gone\.tif: .*404"):
                read_over(server, reader, name="scenes/gone.tif")
        first = len(server.requests)
        assert first <= 4
        with open_reader(Source()) as tomorrow, pytest.raises(BrokenAsset):
            read_over(server, tomorrow, name="scenes/gone.tif")
        assert len(server.requests) > first


def test_a_tile_that_is_broken_for_good_costs_its_windows_and_no_other(folder, reader):
    path = folder / "scenes" / "red.tif"
    with rasterio.open(path) as source:
        begins = int(source.get_tag_item("BLOCK_OFFSET_7_7", "TIFF", bidx=1))
    content = bytearray(path.read_bytes())
    content[begins + 100 : begins + 600] = bytes(255 - byte for byte in content[begins + 100 : begins + 600])
    path.write_bytes(content)
    with serving(folder) as server:
        for window in WINDOWS[:3]:
            assert (read_over(server, reader, window)[0] == part(window)).all()
        with pytest.raises(BrokenAsset, match=r"red\.tif"):
            read_over(server, reader, WINDOWS[3])
        assert (read_over(server, reader, WINDOWS[0])[0] == part(WINDOWS[0])).all()


def test_a_storm_is_sat_out_and_retry_after_is_honoured(folder, reader):
    """More is asked at once than the bucket gives: all comes, and few requests are refused."""
    read, wrong = [], []
    with serving(folder, Faults(rate_per_s=60, burst=8, retry_after_s=1)) as server:

        def take(window):
            numbers, trail = read_over(server, reader, window)
            (read if (numbers == part(window)).all() else wrong).append(trail.attempts)

        threads = [threading.Thread(target=take, args=(window,)) for window in [*WINDOWS, *WINDOWS[:2]]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        statuses = server.statuses
    assert len(read) == 6
    assert not wrong
    assert max(read) > 1
    assert 0 < statuses[429] < statuses[206]


def test_after_retry_after_no_thread_asks_before_the_time_is_over(folder, reader):
    with serving(folder, Faults(error_share=1.0, retry_after_s=1)) as server:
        host = reader.network.host(server.url)
        file = ranges.RangeFile(f"{server.url}/scenes/red.tif", reader.network)
        thread = threading.Thread(target=file.read, args=(10,))
        thread.start()
        while not server.requests:
            time.sleep(0.005)
        time.sleep(0.05)
        server.set(error_share=0.0)
        numbers, _ = read_over(server, reader)
        thread.join()
        first, *later = server.requests
    assert (numbers == NUMBERS).all()
    assert min(request.at for request in later) - first.at >= 1.0
    assert host.closed_until <= time.monotonic()


def test_a_host_that_answers_for_no_file_any_more_ends_the_run_for_now(folder, monkeypatch, reader):
    monkeypatch.setattr(ranges, "_TRIES", 2)
    with serving(folder, Faults(error_share=1.0)) as server:
        for number in range(1, network._GIVE_UP):
            with pytest.raises(BrokenAsset, match="HTTP 503"):
                read_over(server, reader, name=f"scenes/{number}.tif")
        with pytest.raises(ProviderUnavailable, match="stopped answering"):
            read_over(server, reader, name="scenes/last.tif")
        assert len(server.requests) < 10 * network._GIVE_UP


@pytest.fixture
def signed(folder):
    """A server whose files need tokens of a second, and a Reader that gets them."""
    with serving(folder, Faults(token_ttl_s=1.0)) as server:
        token_url = f"{server.url}/token/{{account}}/{{container}}"
        with open_reader(Source(Access(token_url=token_url))) as reader:
            yield server, reader


def test_a_job_much_longer_than_its_tokens_succeeds(signed, reader):
    server, reader = signed
    started = time.monotonic()
    while time.monotonic() - started < 2.5:
        numbers, trail = read_over(server, reader, WINDOWS[0])
        assert (numbers == part(WINDOWS[0])).all()
        assert trail.attempts == 1
        time.sleep(0.1)
    assert 3 <= len(server.tokens) <= 6
    assert server.statuses[403] == 0


def test_a_token_that_is_refused_early_is_replaced_once(signed, reader):
    server, reader = signed
    server.set(token_ttl_s=3600.0)
    read_over(server, reader, WINDOWS[0])
    server.revoke()
    numbers, trail = read_over(server, reader, WINDOWS[3])
    assert (numbers == part(WINDOWS[3])).all()
    assert trail.attempts > 1
    assert len(server.tokens) == 2
    refused = server.statuses[403]
    read_over(server, reader, WINDOWS[1])
    assert server.statuses[403] == refused


def test_no_token_is_told_whatever_goes_wrong(signed, caplog, capfd, reader):
    server, reader = signed
    server.set(token_ttl_s=3600.0)
    told = []
    for fault in ("error", "cut", "corrupt"):
        server.set(error_share=0.0, cut_share=0.0, corrupt_share=0.0)
        server.set(**{f"{fault}_share": 1.0})
        with open_reader(replace(reader.source, run=fault)) as ours:
            files = ItemReader(ours)
            with pytest.raises(BrokenAsset) as error:
                files.read_window(Asset(f"{server.url}/scenes/red.tif"), WHOLE)
        told += [str(error.value), files.trail.error]
    assert server.tokens
    assert all(not re.search("planted-secret|sig=", text) for text in told)
    out, err = capfd.readouterr()
    assert "planted-secret" not in caplog.text + out + err


def test_a_file_from_a_host_that_is_not_the_providers_is_not_asked_for(folder):
    source = Source(gate=Gate(("*.blob.core.windows.net",)))
    with serving(folder) as server, open_reader(source) as reader:
        for href in (
            f"{server.url}/scenes/red.tif",
            str(folder / "scenes" / "red.tif"),
            "s3://other/red.tif",
        ):
            with pytest.raises(BrokenAsset, match="is not of the provider"):
                ItemReader(reader).read_profile(Asset(href))
        assert server.requests == []
