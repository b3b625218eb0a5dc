"""Servers that answer without end, slowly, packed or not at all: bounded, and told by name."""

import gzip
import json
import socket
import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest
from rasterio.windows import Window
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError

from pipeline.contracts import Asset
from pipeline.errors import BrokenAsset, InputError, ProviderUnavailable
from pipeline.ingest.reading import network, patience, signing
from pipeline.ingest.reading.assets import ItemReader
from pipeline.ingest.reading.readers import Source, open_reader
from pipeline.ingest.scenes import documents, reach, search
from pipeline.ingest.scenes.items import candidate_of
from pipeline.ingest.scenes.providers import read_catalog
from pipeline.ingest.scenes.raw_items import UNANSWERED
from pipeline.ingest.scenes.reach import explain_silence
from pipeline.settings.access import Access
from pipeline.settings.sources import StaticCatalog
from tests.faults.strangers import standing_at
from tests.faults.test_strangers import api_of
from tests.faults.test_strangers import search as search_all
from tests.scenery import written
from tests.stac import raw_item

KIND = "hostile servers"
DOOR = "catalogue"
RED = np.random.default_rng(3).integers(1, 9000, (128, 128), dtype=np.uint16)
SECONDS = 20
HEAD = b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nConnection: close\r\n"


@pytest.fixture(autouse=True)
def impatience(monkeypatch):
    """Bounds of a second and a megabyte, as what is tested is that there are some."""
    monkeypatch.setattr(network, "_FIRST_PAUSE_S", 0.002)
    monkeypatch.setattr(patience, "_PATIENCE_S", 0.4)
    monkeypatch.setattr(documents, "_PAUSE_S", 0.01)
    monkeypatch.setattr(documents, "_MOST_BYTES", 2**20)
    monkeypatch.setattr(search, "_MOST_BYTES", 2**20)
    monkeypatch.setattr(
        documents, "_RETRY", documents._RETRY.new(total=1, backoff_factor=0.01, backoff_jitter=0)
    )
    monkeypatch.setattr(search, "_RETRY", search._RETRY.new(total=1, backoff_factor=0.01, backoff_jitter=0))


def drip(connection, status):
    """A byte now and then, for ever."""
    connection.sendall(HEAD % status + b"Content-Length: 1000000\r\n\r\n")
    for _ in range(600):
        connection.sendall(b" ")
        time.sleep(0.05)


def go_on(connection, status):
    """JSON without an end."""
    connection.sendall(HEAD % status + b'\r\n{"links": [')
    for _ in range(10_000):
        connection.sendall(b'{"rel": "none", "href": "here"},' * 1000)


def explode(connection, status):
    """A gigabyte of nothing in a megabyte."""
    packed = gzip.compress(bytes(2**26))
    headers = b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    connection.sendall(HEAD % status + headers + packed)


def break_off(connection, status):
    """Less than was promised."""
    connection.sendall(HEAD % status + b'Content-Length: 5000\r\n\r\n{"type": "Catalog", ')


def promise_less(connection, status):
    """More than was promised."""
    connection.sendall(HEAD % status + b'Content-Length: 9\r\n\r\n{"type": "Catalog", "links": []}')


def reset(connection, _):
    """An end without a word."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def babble(connection, _):
    """No HTTP at all."""
    connection.sendall(b"SSH-2.0-OpenSSH\r\n" * 100)


WAYS = (drip, go_on, explode, break_off, promise_less, reset, babble)


@contextmanager
def answering(way, status=200):
    """A host that answers every request in one way; its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        def answer(connection):
            with connection:
                try:
                    connection.recv(2**16)
                    way(connection, status)
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("way", WAYS)
def test_a_catalogue_that_answers_so_is_refused_by_name_in_time(way):
    begun = time.monotonic()
    with answering(way) as url, pytest.raises((InputError, ProviderUnavailable), match=url):
        list(read_catalog(StaticCatalog(static=f"{url}/catalog.json")))
    assert time.monotonic() - begun < SECONDS


@pytest.mark.parametrize("way", WAYS)
def test_an_api_that_answers_so_does_not_answer(way):
    begun = time.monotonic()
    with answering(way) as url, pytest.raises(ProviderUnavailable, match=url):
        list(search_all(search.StacApi(api=f"{url}/")))
    assert time.monotonic() - begun < SECONDS


@pytest.mark.parametrize("status", [200, 206])
@pytest.mark.parametrize("way", WAYS)
def test_a_file_that_is_answered_so_is_broken_for_now(way, status, monkeypatch):
    monkeypatch.setattr("pipeline.ingest.reading.ranges._TRIES", 2)
    begun = time.monotonic()
    with (
        answering(way, status) as url,
        open_reader(Source()) as reader,
        pytest.raises(BrokenAsset, match=url),
    ):
        ItemReader(reader).read_window(Asset(f"{url}/red.tif"), Window(0, 0, 9, 9))
    assert time.monotonic() - begun < SECONDS


@pytest.mark.parametrize("way", WAYS)
def test_a_service_of_tokens_that_answers_so_gives_none(way, monkeypatch):
    monkeypatch.setattr(signing, "_TOKEN_RETRY", documents._RETRY)
    begun = time.monotonic()
    with answering(way) as url:
        signer = signing.Signer(Access(token_url=f"{url}/{{account}}"), network.open_pool())
        with pytest.raises(BrokenAsset, match="no token"):
            signer.sign("https://data.example/scenes/red.tif")
    assert time.monotonic() - begun < SECONDS


@pytest.mark.parametrize("way", WAYS)
def test_an_api_that_answers_so_is_diagnosed_in_time(way, monkeypatch):
    monkeypatch.setattr(reach, "_SECONDS", 0.4)
    begun = time.monotonic()
    with answering(way) as url:
        assert explain_silence(search.StacApi(api=f"{url}/")).startswith("127.0.0.1 ")
    assert time.monotonic() - begun < SECONDS


@pytest.mark.parametrize("asked", ["99999999", "1e400", "soon", "-1", "Fri, 31 Dec 9999 23:59:59 GMT"])
@pytest.mark.parametrize("retry", [documents._RETRY, search._RETRY, signing._TOKEN_RETRY])
def test_a_host_that_wants_to_be_left_alone_is_asked_again_within_minutes(asked, retry):
    answer = HTTPResponse(status=503, headers={"Retry-After": asked})
    try:
        pause = retry.get_retry_after(answer)
    except HTTPError:
        return
    assert pause <= patience.LONGEST_PAUSE_S


@pytest.fixture
def provider():
    with standing_at("127.0.0.1") as server:
        yield server


def plant_items(server, count=6):
    """A catalogue of items on a server."""
    items = [raw_item(f"S2A_51RUQ_2024050{number}_0_L2A") for number in range(1, count + 1)]
    links = [{"rel": "item", "href": f"./{item['id']}.json"} for item in items]
    root = {"type": "Catalog", "links": links}
    server.answers["/catalog.json"] = (200, {}, json.dumps(root).encode())
    for item in items:
        server.answers[f"/{item['id']}.json"] = (200, {}, json.dumps(item).encode())
    return [item["id"] for item in items], StaticCatalog(static=f"{server.url}/catalog.json")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 429, 500, 503])
def test_one_item_of_six_that_is_not_given_is_asked_for_again_and_named(provider, status):
    names, catalog = plant_items(provider)
    place = f"/{names[2]}.json"
    provider.answers[place] = (status, {}, b"")
    found = {raw["id"]: raw for raw in read_catalog(catalog)}
    lost = found.pop(f"{provider.url}{place}")
    assert set(found) == {*names} - {names[2]}
    assert lost[UNANSWERED]
    assert candidate_of(lost).startswith("cannot be read (")
    assert provider.hits.count(place) >= 2


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"5", b"null", b"\xff\xfe", b"[" * 100_000], ids=len)
def test_one_item_of_six_that_is_no_item_is_named(provider, content):
    names, catalog = plant_items(provider)
    provider.answers[f"/{names[2]}.json"] = (200, {}, content)
    found = {raw["id"]: raw for raw in read_catalog(catalog)}
    told = candidate_of(found[f"{provider.url}/{names[2]}.json"])
    assert told.startswith("cannot be read (") or told == "not a STAC item"
    assert len(found) == 6


def test_a_catalogue_of_which_no_item_is_given_does_not_answer(provider):
    names, catalog = plant_items(provider, 40)
    for name in names:
        provider.answers[f"/{name}.json"] = (503, {}, b"")
    with pytest.raises(ProviderUnavailable, match="does not answer"):
        list(read_catalog(catalog))
    assert len({hit for hit in provider.hits if hit != "/catalog.json"}) < 20


@pytest.mark.parametrize("links", [["./catalog.json"], ["./catalog.json?again"], ["./a.json", "./a.json"]])
def test_a_catalogue_that_names_itself_comes_to_an_end(provider, links):
    names, catalog = plant_items(provider)
    content = json.loads(provider.answers["/catalog.json"][2])
    content["links"] += [{"rel": "child", "href": link} for link in links]
    for place in ("/catalog.json", "/catalog.json?again", "/a.json"):
        provider.answers[place] = (200, {}, json.dumps(content).encode())
    assert {raw["id"] for raw in read_catalog(catalog)} == set(names)


@pytest.mark.parametrize("page", [{"features": 5}, {"features": [7]}, [], 7, None])
def test_a_page_of_another_shape_is_an_api_that_does_not_answer_as_one(provider, page):
    api = api_of(provider)
    provider.answers["/search"] = (200, {"Content-Type": "application/json"}, json.dumps(page).encode())
    with pytest.raises(ProviderUnavailable, match="not as a STAC API"):
        list(search_all(api))


def test_pages_without_end_are_left(provider, monkeypatch):
    monkeypatch.setattr(search, "_MOST_PAGES", 5)
    api = api_of(provider)
    numbers = iter(range(10**6))

    class Pages(dict):
        def get(self, path, default=None):
            if not path.startswith("/search"):
                return super().get(path, default)
            item = raw_item(f"S2A_51RUQ_20240501_{next(numbers)}_L2A")
            link = {"rel": "next", "href": f"{provider.url}/search?{next(numbers)}", "method": "GET"}
            page = {"type": "FeatureCollection", "features": [item], "links": [link]}
            return 200, {"Content-Type": "application/json"}, json.dumps(page).encode()

    provider.answers = Pages(provider.answers)
    with pytest.raises(ProviderUnavailable, match="more than 5 pages"):
        list(search_all(api))


@pytest.mark.parametrize("packed", ["gzip", "br", "deflate"])
def test_a_range_that_comes_packed_is_not_taken_for_pixels(tmp_path, provider, packed, monkeypatch):
    monkeypatch.setattr("pipeline.ingest.reading.ranges._TRIES", 2)
    content = written(tmp_path / "red.tif", RED).read_bytes()
    provider.answers["/red.tif"] = (200, {"Content-Encoding": packed}, content)
    with open_reader(Source()) as reader, pytest.raises(BrokenAsset, match=f"Content-Encoding {packed}"):
        ItemReader(reader).read_window(Asset(f"{provider.url}/red.tif"), Window(0, 0, 9, 9))
