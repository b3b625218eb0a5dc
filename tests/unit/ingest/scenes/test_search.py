"""The search of a STAC API on this machine: by month and page, patient, and at an end some time."""

import json
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import shapely
from urllib3 import HTTPResponse

from pipeline.errors import ProviderUnavailable
from pipeline.ingest.scenes import search
from pipeline.ingest.scenes.search import search_collection, search_items
from pipeline.settings.sources import StacApi
from tests.stac import HERE, raw_item


def item(name: str, day: str = "2024-05-01") -> dict:
    return {
        **raw_item(name, when=f"{day}T02:30:00Z"),
        "assets": {
            "red": {"href": "./red.tif"},
            "far": {"href": "https://host/far.tif", "alternate": {"s3": {"href": "s3://far"}}},
        },
    }


class Answers(BaseHTTPRequestHandler):
    """A STAC API with pages of two items a month; it fails as often as it is told to."""

    searches: list[dict] = []  # noqa: RUF012 shared by all requests on purpose
    failures = 0
    status = 503
    endless = False
    matched: int | None = None

    def log_message(self, *_args):
        pass

    def _send(self, content: dict, status: int = 200, **headers: str) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
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
            self._send({"code": "Busy"}, self.status, Retry_After="7")
            return
        self.searches.append(body)
        first, page = body.get("datetime", "2024-05-01")[:10], body.get("page", 1)
        link = {
            "rel": "next",
            "href": f"http://{self.headers['Host']}/search",
            "method": "POST",
            "merge": True,
            "body": {"page": 2},
        }
        features = [item(f"{first}-{page}-{n}", first) for n in range(2)]
        more = self.endless or page == 1
        answer = {"type": "FeatureCollection", "features": features, "links": [link] if more else []}
        self._send(answer | ({} if self.matched is None else {"numberMatched": self.matched}))


@pytest.fixture
def api(monkeypatch):
    monkeypatch.setattr(search, "_RETRY", search._RETRY.new(total=3, backoff_factor=0, backoff_jitter=0))
    monkeypatch.setattr(Answers, "searches", [])
    for name in ("failures", "status", "endless", "matched"):
        monkeypatch.setattr(Answers, name, getattr(Answers, name))
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield StacApi(api=f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()


def ids(api, start, end, missions=("sentinel-2", "landsat-8")):
    return [raw["id"] for raw in search_items(api, HERE, start, end, missions)]


def test_an_api_is_asked_month_by_month_and_every_page_is_read(api):
    found = ids(api, date(2024, 1, 15), date(2024, 3, 2))
    assert len(found) == len(set(found)) == 12
    windows = [body["datetime"] for body in Answers.searches if "page" not in body]
    assert windows == [
        "2024-01-15T00:00:00Z/2024-01-31T23:59:59Z",
        "2024-02-01T00:00:00Z/2024-02-29T23:59:59Z",
        "2024-03-01T00:00:00Z/2024-03-02T23:59:59Z",
    ]
    assert Answers.searches[0]["collections"] == ["landsat-c2-l2", "sentinel-2-c1-l2a", "sentinel-2-l2a"]
    assert Answers.searches[0]["limit"] == 100


@pytest.fixture
def waits(monkeypatch):
    """How long was waited before each further try, without waiting."""
    slept = []
    monkeypatch.setattr("urllib3.util.retry.time.sleep", slept.append)
    return slept


def test_a_collection_is_asked_for_alone_and_of_any_time(api):
    found = [raw["id"] for raw in search_collection(api, "cop-dem-glo-30", HERE)]
    assert len(found) == len(set(found)) == 4
    assert Answers.searches[0]["collections"] == ["cop-dem-glo-30"]
    assert "datetime" not in Answers.searches[0]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_an_api_that_is_busy_is_asked_again_when_it_says(api, waits, status):
    Answers.failures, Answers.status = 2, status
    assert len(ids(api, date(2024, 1, 1), date(2024, 1, 31))) == 4
    assert waits == [7, 7]


def test_without_a_word_of_the_api_the_waits_grow_and_are_not_the_same_for_all():
    retry = search._RETRY
    for power in range(4):
        retry = retry.increment("POST", "/search", response=HTTPResponse(status=504))
        waits = {retry.get_backoff_time() for _ in range(20)}
        least = 2**power if power else 0
        assert least <= min(waits) <= max(waits) <= least + 1
        assert len(waits) > 1 or not power
    assert retry.total == 4


def test_pages_without_end_that_bring_nothing_new_end_the_month(api):
    Answers.endless = True
    assert len(ids(api, date(2024, 1, 1), date(2024, 2, 29))) == 8


def test_pages_without_end_that_bring_ever_new_items_are_capped(api, monkeypatch):
    monkeypatch.setattr(search, "_MOST_PAGES", 1)
    with pytest.raises(ProviderUnavailable, match="more than 1 pages"):
        ids(api, date(2024, 1, 1), date(2024, 1, 31))


@pytest.mark.parametrize(("matched", "warned"), [(4, False), (5, True), (None, False)])
def test_fewer_items_than_matched_are_warned_of(api, caplog, matched, warned):
    Answers.matched = matched
    ids(api, date(2024, 1, 1), date(2024, 1, 31))
    assert ("fewer items than matched" in caplog.text) is warned


@pytest.mark.parametrize(
    ("alternate", "far"),
    [(None, "https://host/far.tif"), ("s3", "s3://far"), ("ftp", "https://host/far.tif")],
)
def test_an_alternate_address_is_taken_where_there_is_one(api, alternate, far):
    named = api.model_copy(update={"alternate": alternate})
    found = list(search_items(named, HERE, date(2024, 1, 1), date(2024, 1, 31), ["sentinel-2"]))
    assert {raw["assets"]["far"]["href"] for raw in found} == {far}
    assert {raw["assets"]["red"]["href"] for raw in found} == {"./red.tif"}


@pytest.mark.parametrize("odd", [None, {}, "s3", []])
def test_an_alternate_address_that_is_none_changes_nothing(odd):
    raw = raw_item()
    raw["assets"]["red"]["alternate"] = odd
    raw["assets"]["blue"] = None
    found = search._choose_address(raw, "s3")
    assert found["assets"]["red"]["href"] == raw["assets"]["red"]["href"]
    assert search._count_matches({"features": [], "context": None, "numberMatched": None}) == 0


def test_an_area_across_180_degrees_is_asked_for_on_both_sides(api):
    list(search_items(api, shapely.box(179, 0, 181, 1), date(2024, 1, 1), date(2024, 1, 31), ["sentinel-2"]))
    asked = shapely.geometry.shape(Answers.searches[0]["intersects"])
    assert asked.bounds == (-180, 0, 180, 1)
    assert asked.area == 2


def test_an_api_that_stays_busy_or_is_not_there_is_unavailable(api, waits):
    Answers.failures = 99
    with pytest.raises(ProviderUnavailable, match="try again"):
        ids(api, date(2024, 1, 1), date(2024, 1, 31))
    with pytest.raises(ProviderUnavailable):
        ids(StacApi(api="http://127.0.0.1:9"), date(2024, 1, 1), date(2024, 1, 31))
    assert waits == [7, 7, 7]
