"""A real STAC API over HTTP: stac-fastapi-pgstac on PostgreSQL and PostGIS, through our own search."""

import json
import threading
import urllib.request
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
import shapely
from pgstac import lacking, served
from programs import write_config
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.ingest.scenes import search
from pipeline.ingest.scenes.search import search_items
from pipeline.settings.sources import StacApi
from tests.scenery import needs_responses
from tests.stac import raw_item, recorded, write_catalogue

pytestmark = [
    pytest.mark.skipif(bool(lacking()), reason=f"no STAC API to start: {lacking()} missing"),
    pytest.mark.xdist_group("pgstac"),
]
MISSIONS = ["sentinel-2", "landsat-8"]
AREA = shapely.Polygon([(121.0, 31.0), (121.9, 31.2), (121.5, 31.9), (121.1, 31.6)])
FIRST, LAST = date(2023, 11, 17), date(2024, 4, 3)


def planted() -> list[dict]:
    """500 scenes of three collections, on any day of two years, here, beside and far away."""
    items = []
    for number in range(500):
        moment = datetime(2023, 1, 1, tzinfo=UTC) + timedelta(hours=35 * number, seconds=number)
        west, south = 119 + 3 * ((number * 7) % 11) / 11, 30 + 2 * ((number * 5) % 13) / 13
        outline = shapely.box(west, south, west + 0.6, south + 0.5)
        item = raw_item(f"scene-{number}", when=f"{moment:%Y-%m-%dT%H:%M:%SZ}")
        kind = number % 3
        item["collection"] = ("sentinel-2-c1-l2a", "sentinel-2-l2a", "landsat-c2-l2")[kind]
        if kind == 2:
            item["properties"]["platform"] = "landsat-8"
            item["assets"]["qa_pixel"] = item["assets"].pop("scl")
        item |= {"geometry": shapely.geometry.mapping(outline), "bbox": list(outline.bounds)}
        items.append(item)
    return items


def collection(name: str) -> dict:
    return {
        "type": "Collection",
        "stac_version": "1.0.0",
        "id": name,
        "description": "planted",
        "license": "other",
        "links": [],
        "extent": {
            "spatial": {"bbox": [[-180, -90, 180, 90]]},
            "temporal": {"interval": [["2015-01-01T00:00:00Z", None]]},
        },
    }


def served_before() -> list[dict]:
    """Items as Earth Search served them, if they are beside the project."""
    return [] if needs_responses.args[0] else recorded("earthsearch_v1_sentinel-2-c1-l2a_10items.json")


@pytest.fixture(scope="module")
def api():
    names = ("sentinel-2-c1-l2a", "sentinel-2-l2a", "landsat-c2-l2")
    with served([collection(name) for name in names], [*planted(), *served_before()]) as address:
        yield address


def wanted(items, area=AREA) -> list[str]:
    """Ids by the letter of the question, asked of every item."""
    return sorted(
        item["id"]
        for item in items
        if shapely.geometry.shape(item["geometry"]).intersects(area)
        and FIRST <= datetime.fromisoformat(item["properties"]["datetime"]).date() <= LAST
    )


def found(address: str, area=AREA, missions=MISSIONS) -> list[str]:
    return [item["id"] for item in search_items(StacApi(api=address), area, FIRST, LAST, missions)]


@pytest.mark.parametrize("page", [100, 3, 1])
def test_a_search_finds_what_is_there_once_however_small_the_pages(api, monkeypatch, page):
    monkeypatch.setattr(search, "_PAGE", page)
    ids = found(api)
    assert len(ids) > 20
    assert sorted(ids) == wanted(planted())


def test_only_the_collections_of_the_missions_are_searched(api):
    ids = found(api, missions=["landsat-8"])
    assert sorted(ids) == wanted([item for item in planted() if item["collection"] == "landsat-c2-l2"])


@needs_responses
def test_items_of_earth_search_come_back_as_they_were_served(api):
    items = {item["id"]: item for item in served_before()}
    area = shapely.union_all([shapely.geometry.shape(item["geometry"]) for item in items.values()])
    got = list(search_items(StacApi(api=api), area, date(2024, 3, 1), date(2024, 4, 30), ["sentinel-2"]))
    assert sorted(item["id"] for item in got) == sorted(items)
    for item in got:
        assert item["properties"] == items[item["id"]]["properties"]
        assert item["assets"] == items[item["id"]]["assets"]


class Throttled(BaseHTTPRequestHandler):
    """A gate before the API that turns every third request away, as a busy provider does."""

    behind = ""
    asked: ClassVar[Counter[int]] = Counter()

    def log_message(self, *_args):
        pass

    def do_GET(self):
        self._pass_on(None)

    def do_POST(self):
        self._pass_on(self.rfile.read(int(self.headers["Content-Length"])))

    def _pass_on(self, body: bytes | None) -> None:
        refused = (sum(self.asked.values()) + 1) % 3 == 0
        self.asked[429 if refused else 200] += 1
        answer = b"{}"
        if not refused:
            headers = {"Host": self.headers["Host"], "Content-Type": "application/json"}
            request = urllib.request.Request(self.behind + self.path, data=body, headers=headers)
            with urllib.request.urlopen(request) as response:
                answer = response.read()
        self.send_response(429 if refused else 200)
        if refused:
            self.send_header("Retry-After", "0")
        self.send_header("Content-Type", "application/geo+json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


def test_an_api_that_turns_every_third_request_away_gives_the_same(api, monkeypatch):
    monkeypatch.setattr(Throttled, "behind", api)
    monkeypatch.setattr(Throttled, "asked", Counter())
    monkeypatch.setattr(search, "_PAGE", 3)
    with ThreadingHTTPServer(("127.0.0.1", 0), Throttled) as gate:
        thread = threading.Thread(target=gate.serve_forever, args=[0.01])
        thread.start()
        ids = found(f"http://127.0.0.1:{gate.server_port}")
        gate.shutdown()
        thread.join()
    assert sorted(ids) == wanted(planted())
    assert Throttled.asked[429] >= 5


def test_a_plan_over_the_api_is_that_over_a_catalogue_of_the_same_items(api, tmp_path):
    outline = tmp_path / "area.geojson"
    feature = {"type": "Feature", "properties": {"id": "area"}, "geometry": shapely.geometry.mapping(AREA)}
    outline.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    catalog = write_catalogue(tmp_path / "stac", planted())
    plans = [planned(tmp_path, name, entry) for name, entry in (("api", api), ("static", str(catalog)))]
    assert plans[0]["scenes"] == plans[1]["scenes"] > 20
    for key in (
        "missions",
        "superseded",
        "mask_reads",
        "band_reads",
        "decoded_bytes",
        "memory_mib",
        "blocks",
    ):
        assert plans[0][key] == plans[1][key], key


def planned(folder: Path, kind: str, entry: str) -> dict:
    allowed = {"access": {"hosts": ["host"]}} if kind == "api" else {"allowed_hosts": ["host"]}
    config = {
        "label": "2024",
        "aoi": ["area.geojson"],
        "scenes": {
            "provider": {kind: entry, **allowed},
            "missions": MISSIONS,
            "start": str(FIRST),
            "end": str(LAST),
        },
    }
    shown = CliRunner().invoke(app, ["plan", str(write_config(folder / f"{kind}.yaml", config)), "--json"])
    assert shown.exit_code == 0, shown.output
    (plan,) = json.loads(shown.stdout)
    return plan
