"""A provider that leads elsewhere: whatever it says, no other host is asked and no file beside it opened."""

import json
from datetime import date
from functools import partial

import numpy as np
import pytest
from rasterio.windows import Window

from pipeline.contracts import Asset
from pipeline.errors import BrokenAsset, InputError
from pipeline.ingest.reading.assets import ItemReader
from pipeline.ingest.reading.gate import Gate
from pipeline.ingest.reading.readers import Source, open_reader
from pipeline.ingest.scenes.providers import read_catalog
from pipeline.ingest.scenes.search import search_items
from pipeline.settings.sources import StacApi, StaticCatalog
from tests.faults.strangers import standing_at
from tests.scenery import written
from tests.stac import HERE, raw_item

KIND, DOOR = "a provider leads elsewhere", "catalogue"
NUMBERS = np.random.default_rng(3).integers(1, 9000, (256, 256), dtype=np.uint16)
REDIRECTS = (301, 302, 303, 307, 308)


@pytest.fixture
def stranger(stranger):
    """A host that no provider names, which has all that could be wanted of it."""
    item = json.dumps(raw_item()).encode()
    stranger.answers |= {
        "/item.json": (200, {}, item),
        "/catalog.json": (200, {}, item),
        "/page": (200, {}, b"{}"),
    }
    return stranger


@pytest.fixture
def provider():
    with standing_at("127.0.0.1") as server:
        yield server


def send(server, path, target, status=302):
    server.answers[path] = (status, {"Location": target}, b"")


@pytest.mark.parametrize("compress", ["deflate", "lzw"])
@pytest.mark.parametrize("status", REDIRECTS)
def test_a_file_that_redirects_elsewhere_is_lost_and_elsewhere_is_not_asked(
    tmp_path, provider, stranger, status, compress
):
    content = written(tmp_path / "red.tif", NUMBERS, compress=compress).read_bytes()
    stranger.answers["/red.tif"] = (200, {}, content)
    send(provider, "/red.tif", f"{stranger.url}/red.tif", status)
    gate = Gate.of(StaticCatalog(static=f"{provider.url}/catalog.json"))
    with (
        open_reader(Source(gate=gate)) as reader,
        pytest.raises(BrokenAsset, match=r"127\.0\.0\.2 is not of"),
    ):
        ItemReader(reader).read_window(Asset(f"{provider.url}/red.tif"), Window(0, 0, 256, 256))
    assert provider.hits
    assert stranger.hits == []


@pytest.mark.parametrize("compress", ["deflate", "lzw"])
def test_a_file_that_redirects_within_its_provider_is_read(tmp_path, provider, compress):
    content = written(tmp_path / "red.tif", NUMBERS, compress=compress).read_bytes()
    provider.answers["/here/red.tif"] = (200, {}, content)
    send(provider, "/red.tif", "/there/red.tif")
    send(provider, "/there/red.tif", "../here/red.tif", 307)
    gate = Gate.of(StaticCatalog(static=f"{provider.url}/catalog.json"))
    with open_reader(Source(gate=gate)) as reader:
        files = ItemReader(reader)
        numbers = files.read_window(Asset(f"{provider.url}/red.tif"), Window(0, 0, 256, 256))
    assert (numbers == NUMBERS).all()


def test_a_file_that_turns_elsewhere_once_its_header_was_read_is_lost(tmp_path, provider, stranger):
    """A server that answers well at first, and then sends each reader to another host."""
    content = written(tmp_path / "red.tif", NUMBERS, compress="lzw").read_bytes()
    stranger.answers["/red.tif"] = provider.answers["/red.tif"] = (200, {}, content)
    gate = Gate.of(StaticCatalog(static=f"{provider.url}/catalog.json"))
    with open_reader(Source(gate=gate)) as reader:
        files, red = ItemReader(reader), Asset(f"{provider.url}/red.tif")
        files.read_profile(red)
        send(provider, "/red.tif", f"{stranger.url}/red.tif")
        with pytest.raises(BrokenAsset):
            files.read_window(red, Window(0, 0, 256, 256))
    assert stranger.hits == []


def test_redirects_without_end_are_left(provider):
    send(provider, "/red.tif", "/red.tif")
    with open_reader(Source()) as reader, pytest.raises(BrokenAsset, match="redirects"):
        ItemReader(reader).read_profile(Asset(f"{provider.url}/red.tif"))
    assert len(provider.hits) < 200


@pytest.mark.parametrize("status", REDIRECTS)
def test_a_catalogue_and_its_items_that_redirect_elsewhere_are_refused(provider, stranger, status):
    catalog = StaticCatalog(static=f"{provider.url}/catalog.json")
    send(provider, "/catalog.json", f"{stranger.url}/catalog.json", status)
    with pytest.raises(InputError, match=r"127\.0\.0\.2 is not of the provider"):
        list(read_catalog(catalog))
    root = {"type": "Catalog", "links": [{"rel": "item", "href": "./item.json"}]}
    provider.answers["/catalog.json"] = (200, {}, json.dumps(root).encode())
    send(provider, "/item.json", f"{stranger.url}/item.json", status)
    with pytest.raises(InputError, match=r"127\.0\.0\.2 is not of the provider"):
        list(read_catalog(catalog))
    assert stranger.hits == []


@pytest.mark.parametrize("relation", ["child", "item"])
@pytest.mark.parametrize(
    "place", ["{stranger}/item.json", "/etc/passwd", "file:///etc/passwd", "/vsicurl/{stranger}/"]
)
def test_links_of_a_remote_catalogue_lead_nowhere_else(provider, stranger, relation, place):
    href = place.format(stranger=stranger.url)
    root = {"type": "Catalog", "links": [{"rel": relation, "href": href}]}
    provider.answers["/catalog.json"] = (200, {}, json.dumps(root).encode())
    with pytest.raises(InputError, match=r"(lie where their provider does not|cannot be read)"):
        list(read_catalog(StaticCatalog(static=f"{provider.url}/catalog.json")))
    assert stranger.hits == []


def api_of(server):
    """The landing page of an API that searches, at the root of a server."""
    links = [
        {"rel": rel, "href": f"{server.url}{path}", "type": "application/geo+json", "method": method}
        for rel, path, method in (("self", "/", "GET"), ("search", "/search", "POST"))
    ]
    core = "https://api.stacspec.org/v1.0.0/"
    landing = {
        "type": "Catalog",
        "id": "planted",
        "stac_version": "1.0.0",
        "description": "planted",
        "conformsTo": [f"{core}core", f"{core}item-search"],
        "links": links,
    }
    server.answers["/"] = (200, {"Content-Type": "application/json"}, json.dumps(landing).encode())
    return StacApi(api=f"{server.url}/")


DAYS = {"start": date(2024, 5, 1), "end": date(2024, 5, 2)}
search = partial(search_items, geometry=HERE, **DAYS, missions=["sentinel-2"])


def test_the_next_page_of_a_search_is_asked_of_the_api_alone(provider, stranger):
    api = api_of(provider)
    page = {"type": "FeatureCollection", "features": [raw_item()]}
    page["links"] = [{"rel": "next", "href": f"{stranger.url}/page", "method": "GET"}]
    provider.answers["/search"] = (200, {"Content-Type": "application/json"}, json.dumps(page).encode())
    with pytest.raises(InputError, match=r"addresses at 127\.0\.0\.2.*access\.hosts"):
        list(search(api))
    assert stranger.hits == []


@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("path", ["/", "/search"])
def test_an_api_that_redirects_elsewhere_is_refused(provider, stranger, status, path):
    api = api_of(provider)
    send(provider, path, f"{stranger.url}/page", status)
    with pytest.raises(InputError, match=r"addresses at 127\.0\.0\.2"):
        list(search(api))
    assert stranger.hits == []
