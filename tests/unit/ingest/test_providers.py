"""Where scenes are searched: static catalogues and a STAC API on this machine."""

import json
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pystac
import pytest
import shapely
from urllib3.util.retry import Retry

from pipeline.errors import InputError, ProviderUnavailable, SettingsError
from pipeline.ingest import providers
from pipeline.ingest.providers import api_items, fingerprint, resolve, static_items
from pipeline.settings import StacApi, StaticCatalog
from tests.scenery import SHARED, needs_real_scenes

HERE = shapely.box(121.7, 31.4, 121.9, 31.6)


def item(name: str, day: str = "2024-05-01") -> dict:
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "collection": "sentinel-2-c1-l2a",
        "geometry": shapely.geometry.mapping(HERE),
        "bbox": list(HERE.bounds),
        "links": [],
        "properties": {"datetime": f"{day}T02:30:00Z"},
        "assets": {"red": {"href": "./red.tif"}, "far": {"href": "https://host/far.tif"}},
    }


def catalogue(folder: Path) -> StaticCatalog:
    """A catalogue of two items, one of them in a child."""
    child = {"rel": "child", "href": "./deep/catalog.json"}
    for place, links, name in ((folder, [child], "a"), (folder / "deep", [], "b")):
        (place / name).mkdir(parents=True)
        content = {
            "type": "Catalog",
            "id": place.name,
            "stac_version": "1.0.0",
            "description": "planted",
            "links": [*links, {"rel": "item", "href": f"./{name}/item.json"}],
        }
        (place / "catalog.json").write_text(json.dumps(content))
        (place / name / "item.json").write_text(json.dumps(item(name)))
    return StaticCatalog(static=str(folder / "catalog.json"))


def test_every_item_of_a_static_catalogue_comes_with_absolute_files(tmp_path):
    found = {raw["id"]: raw for raw in static_items(catalogue(tmp_path))}
    assert set(found) == {"a", "b"}
    assert found["b"]["assets"]["red"]["href"] == str(tmp_path / "deep" / "b" / "red.tif")
    assert found["b"]["assets"]["far"]["href"] == "https://host/far.tif"


@pytest.mark.parametrize(
    "damage", ["gone", "no json", "no catalogue", "item gone", "item broken", "item empty"]
)
def test_a_catalogue_that_cannot_be_read_is_an_input_error_with_its_name(tmp_path, damage):
    catalog = catalogue(tmp_path)
    root, leaf = tmp_path / "catalog.json", tmp_path / "deep" / "b" / "item.json"
    match damage:
        case "gone":
            root.unlink()
        case "no json":
            root.write_text("{")
        case "no catalogue":
            root.write_text("[]")
        case "item gone":
            leaf.unlink()
        case "item broken":
            leaf.write_text("{")
        case "item empty":
            leaf.write_text("{}")
    with pytest.raises(InputError, match=str(tmp_path)):
        list(static_items(catalog))


def test_the_fingerprint_follows_every_item_of_a_catalogue(tmp_path):
    catalog = catalogue(tmp_path)
    before = fingerprint(catalog)
    assert fingerprint(catalog) == before
    (tmp_path / "deep" / "b" / "item.json").write_text(json.dumps(item("b", "2024-06-01")))
    assert fingerprint(catalog) != before


def test_a_remote_catalogue_is_known_by_its_address():
    assert fingerprint(StaticCatalog(static="https://a/c.json")) != fingerprint(
        StaticCatalog(static="https://b/c.json")
    )


def test_a_provider_is_known_by_name_or_given():
    assert isinstance(resolve("earth-search"), StacApi)
    given = StaticCatalog(static="x")
    assert resolve(given) is given
    with pytest.raises(SettingsError, match="earth-search"):
        resolve("moon-search")


class Answers(BaseHTTPRequestHandler):
    """A STAC API with pages of two items a month; it fails as often as it is told to."""

    searches: list[dict] = []  # noqa: RUF012 shared by all requests on purpose
    failures = 0

    def log_message(self, *_args):
        pass

    def _send(self, content: dict, status: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/geo+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        here = f"http://{self.headers['Host']}"
        self._send(
            {
                "type": "Catalog",
                "id": "planted",
                "stac_version": "1.0.0",
                "description": "planted",
                "conformsTo": [
                    "https://api.stacspec.org/v1.0.0/core",
                    "https://api.stacspec.org/v1.0.0/item-search",
                ],
                "links": [
                    {"rel": "self", "href": here},
                    {"rel": "root", "href": here},
                    {
                        "rel": "search",
                        "href": f"{here}/search",
                        "method": "POST",
                        "type": "application/geo+json",
                    },
                ],
            }
        )

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if type(self).failures:
            type(self).failures -= 1
            self._send({"code": "Busy"}, 503)
            return
        self.searches.append(body)
        first, page = body["datetime"][:10], body.get("page", 1)
        link = {
            "rel": "next",
            "href": f"http://{self.headers['Host']}/search",
            "method": "POST",
            "merge": True,
            "body": {"page": 2},
        }
        features = [item(f"{first}-{page}-{n}", first) for n in range(2)]
        self._send({"type": "FeatureCollection", "features": features, "links": [link] if page == 1 else []})


@pytest.fixture
def api(monkeypatch):
    monkeypatch.setattr(
        providers, "_RETRY", Retry(total=3, backoff_factor=0.01, status_forcelist=[503], allowed_methods=None)
    )
    Answers.searches, Answers.failures = [], 0
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield StacApi(api=f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()


def ids(api, start, end, missions=("sentinel-2", "landsat-8")):
    return [raw["id"] for raw in api_items(api, HERE, start, end, missions)]


def test_an_api_is_asked_month_by_month_and_every_page_is_read(api):
    found = ids(api, date(2024, 1, 15), date(2024, 3, 2))
    assert len(found) == len(set(found)) == 12
    windows = [body["datetime"] for body in Answers.searches if "page" not in body]
    assert windows == [
        "2024-01-15T00:00:00Z/2024-01-31T23:59:59Z",
        "2024-02-01T00:00:00Z/2024-02-29T23:59:59Z",
        "2024-03-01T00:00:00Z/2024-03-02T23:59:59Z",
    ]
    assert Answers.searches[0]["collections"] == ["landsat-c2-l2", "sentinel-2-c1-l2a"]
    assert Answers.searches[0]["limit"] == 100


def test_an_api_that_is_busy_is_asked_again(api):
    Answers.failures = 2
    assert len(ids(api, date(2024, 1, 1), date(2024, 1, 31))) == 4


def test_an_api_that_stays_busy_or_is_not_there_is_unavailable(api):
    Answers.failures = 99
    with pytest.raises(ProviderUnavailable, match="try again"):
        ids(api, date(2024, 1, 1), date(2024, 1, 31))
    with pytest.raises(ProviderUnavailable):
        ids(StacApi(api="http://127.0.0.1:9"), date(2024, 1, 1), date(2024, 1, 31))


@needs_real_scenes
def test_the_real_catalogue_is_read_whole():
    path = SHARED / "data" / "real_scenes" / "catalog.json"
    found = list(static_items(StaticCatalog(static=str(path))))
    assert len(found) == 13
    assert all(Path(asset["href"]).is_file() for raw in found for asset in raw["assets"].values())
    assert all(pystac.Item.from_dict(raw).id == raw["id"] for raw in found)
