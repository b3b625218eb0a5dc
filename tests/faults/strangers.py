"""Hosts that answer by a table of paths, each at a loopback address of its own, and count who asks them."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = tuple[int, Mapping[str, str], bytes]
"""A status, headers and a body."""


class Stranger(ThreadingHTTPServer):
    """A host: `url`, what it answers by path (`answers`, else 404), and what it was asked for (`hits`)."""

    daemon_threads = True

    def __init__(self, address: str, answers: Mapping[str, Answer]) -> None:
        super().__init__((address, 0), _Handler)
        self.answers = dict(answers)
        self.hits: list[str] = []

    @property
    def url(self) -> str:
        return f"http://{self.server_address[0]}:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    """Answers by the table; ranges of bodies are given."""

    protocol_version = "HTTP/1.1"
    server: Stranger

    def do_GET(self) -> None:
        self.server.hits.append(self.path)
        status, headers, body = self.server.answers.get(self.path, (404, {}, b""))
        span = self.headers.get("Range", "").removeprefix("bytes=")
        if span and status == 200:
            first, last = (int(end) for end in span.split("-"))
            headers = {**headers, "Content-Range": f"bytes {first}-{min(last, len(body) - 1)}/{len(body)}"}
            status, body = 206, body[first : last + 1]
        self.send_response(status)
        for name, value in {**headers, "Content-Length": len(body)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def do_HEAD(self) -> None:
        self.server.hits.append(self.path)
        self.send_response(404)
        self.end_headers()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def standing_at(address: str, answers: Mapping[str, Answer] | None = None) -> Iterator[Stranger]:
    """A host at a loopback address, at a free port."""
    with Stranger(address, answers or {}) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
