"""A provider that opens to secrets alone: in the path, the query, the user, a redirect."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import shapely

from tests.faults.strangers import Answer
from tests.planted_scenes import plant_scenes

PATH, USER, PASSWORD, KEY = "path-Tk9x7Qz2", "clerk-Us3r", "pass+Wd/4Rk", "query-Ke8y5Tm"
HOP, OTHER = "hop-Rd6v1Bn", "other-Pw2n9Lx"
ENVIRONMENT = {
    "VAULT_PATH": PATH,
    "VAULT_USER": USER,
    "VAULT_PASSWORD": "pass%2BWd%2F4Rk",
    "AWS_ACCESS_KEY_ID": "AKIAPLANTED7KEYID",
    "AWS_SECRET_ACCESS_KEY": "planted/Aws+Secret4Zq",
    "HTTPS_PROXY": "http://proxy-Us3r:proxy-Pw5d8@127.0.0.9:1",
}
"""What a user sets; the proxy is for no address that is asked."""


class Vault(ThreadingHTTPServer):
    """Serves planted scenes, each item naming its files in another way; `signature` opens what is signed.

    What is in `answers` by its path is answered so, whoever asks.
    """

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder, self.signature = folder, "sign-Sg5w3Hc"
        self.answers: dict[str, Answer] = {}
        self.refused: list[str] = []

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def secrets(self) -> list[str]:
        """All that no file and no word may tell."""
        proxy = ["proxy-Pw5d8", "proxy-Us3r:proxy-Pw5d8"]
        user = [PASSWORD, "pass%2BWd%2F4Rk", f"{USER}:{PASSWORD}"]
        aws = [value for name, value in ENVIRONMENT.items() if name.startswith("AWS")]
        return [PATH, KEY, HOP, OTHER, self.signature, *user, *proxy, *aws]

    def admits(self, path: str, query: str, authorization: str) -> bool:
        """Whether a request carries one of the secrets that open a file."""
        users = {base64.b64encode(f"{USER}:{one}".encode()).decode() for one in (PASSWORD, OTHER)}
        asked = parse_qs(query)
        return (
            path.startswith((f"/{PATH}/", f"/{HOP}/"))
            or authorization.removeprefix("Basic ") in users
            or asked.get("sig") == [self.signature]
            or asked.get("key") == [KEY]
        )

    def name_file(self, number: int, item: str, file: str) -> str:
        """How the item of a number names one of its files: each carries its secret elsewhere."""
        ways = (
            f"./{file}",
            f"http://{self.host}/{item}/{file}?sig={self.signature}&part=1",
            f"http://{self.host}/hop/{item}/{file}?sig={self.signature}",
            f"http://{self.host}/{PATH}/{item}/{file}#access_token={KEY}",
            f"http://{USER}:{OTHER}@{self.host}/get.tif?item={item}&file={file}",
        )
        return ways[number % len(ways)]

    def describe(self, path: Path) -> bytes:
        """An item with files and links that carry secrets."""
        item = json.loads(path.read_text(encoding="utf-8"))
        number = sorted(one.parent.name for one in self.folder.glob("*/item.json")).index(item["id"])
        for asset in item["assets"].values():
            asset["href"] = self.name_file(number, item["id"], asset["href"].removeprefix("./"))
            asset["alternate"] = {"s3": {"href": f"s3://{USER}:{OTHER}@bucket/a.tif?X-Sig={KEY}"}}
        own = f"http://{USER}:{PASSWORD.replace('/', '%2F')}@{self.host}/{PATH}/{item['id']}?key={KEY}"
        item["links"] = [{"rel": "self", "href": own}, {"rel": "thumbnail", "href": f"{own}#token={HOP}"}]
        item["properties"]["description"] = f"as it lies at {own}, signed {own}&sig={self.signature}"
        return json.dumps(item).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Vault

    def do_GET(self) -> None:
        target = urlsplit(self.path)
        path = unquote(target.path)
        if path in self.server.answers:
            self._answer(*self.server.answers[path])
        elif not self.server.admits(path, target.query, self.headers.get("Authorization", "")):
            self.server.refused.append(self.path)
            self._answer(403, {}, b"")
        elif path.startswith("/hop/"):
            self._answer(302, {"Location": path.replace("/hop/", f"/{HOP}/")}, b"")
        else:
            self._send_file(path.removeprefix(f"/{PATH}").removeprefix(f"/{HOP}"), parse_qs(target.query))

    def _send_file(self, path: str, asked: dict[str, list[str]]) -> None:
        if path == "/get.tif":
            path = f"/{asked['item'][0]}/{asked['file'][0]}"
        file = self.server.folder / path.lstrip("/")
        if not file.is_file():
            self._answer(404, {}, b"")
            return
        body = self.server.describe(file) if file.name == "item.json" else file.read_bytes()
        span = self.headers.get("Range", "").removeprefix("bytes=")
        if not span:
            self._answer(200, {}, body)
            return
        first, last = (int(end) for end in span.split("-"))
        last = min(last, len(body) - 1)
        self._answer(206, {"Content-Range": f"bytes {first}-{last}/{len(body)}"}, body[first : last + 1])

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": len(body)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def guarding(folder: Path) -> Iterator[Vault]:
    """A vault over scenes that are planted in a folder, with `area.geojson` beside them."""
    planted = plant_scenes(folder)
    place = shapely.geometry.mapping(planted.query["aoi"])
    feature = {"type": "Feature", "properties": {"id": "pond", "name": "小塘"}, "geometry": place}
    area = {"type": "FeatureCollection", "features": [feature]}
    (folder.parent / "area.geojson").write_text(json.dumps(area), encoding="utf-8")
    with Vault(folder) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
