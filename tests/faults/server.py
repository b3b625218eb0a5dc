"""A range-capable HTTP/1.1 server over a folder, on loopback, that can do to a reader what the world does.

    python tests/faults/server.py FOLDER --port 0 --latency-ms 40 --error-share 0.1

prints its address and serves until it is stopped. In tests: `with serving(folder, Faults(...)) as server`.
Connections are kept alive. What goes wrong is drawn by seed, file, range and how often that range was asked
for before, so that it depends on no order of threads, and asking again is a new draw.
"""

import argparse
import hashlib
import json
import re
import socketserver
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import get_args
from urllib.parse import parse_qs, unquote, urlsplit

RANGE = re.compile(r"bytes=(\d*)-(\d*)$")


@dataclass(frozen=True)
class Faults:
    """What goes wrong, and how often: shares are of the requests for files whose path matches `only`.

    `error_share` is answered `status`, with `Retry-After` where `retry_after_s` is given; `stall_share`
    comes after `stall_s`; `cut_share` breaks off in the middle of the body; `short_share` has half of the
    bytes asked for, and says so; `corrupt_share` has bytes turned round in its middle; `whole_share` is
    the whole file, whatever the range. More than `rate_per_s` requests (a bucket of `burst`) are 429.
    With `token_ttl_s` a file needs a token of `/token/ANYTHING` that is not older.
    """

    latency_ms: float = 0.0
    error_share: float = 0.0
    status: int = 503
    retry_after_s: int | None = None
    stall_share: float = 0.0
    stall_s: float = 60.0
    cut_share: float = 0.0
    short_share: float = 0.0
    corrupt_share: float = 0.0
    whole_share: float = 0.0
    rate_per_s: float | None = None
    burst: int = 10
    token_ttl_s: float | None = None
    only: str = ""
    seed: int = 1


@dataclass(frozen=True)
class Request:
    """One request for a file as it was answered; `span` is first and last byte, `at` seconds of a clock."""

    path: str
    span: tuple[int, int] | None
    status: int
    fault: str
    at: float


@dataclass
class _Bucket:
    """Tokens for requests: `rate` a second, at most `burst` at once."""

    rate: float
    burst: int
    filled_at: float = field(default_factory=time.monotonic)
    level: float = 0.0

    def __post_init__(self) -> None:
        self.level = self.burst

    def take(self) -> bool:
        now = time.monotonic()
        self.level = min(self.burst, self.level + (now - self.filled_at) * self.rate)
        self.filled_at = now
        if self.level < 1:
            return False
        self.level -= 1
        return True


class Server(socketserver.ThreadingTCPServer):
    """The server: `url`, what it was asked (`requests`, `tokens`), and `faults`, which may be replaced."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, folder: Path, faults: Faults, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.folder = folder.resolve()
        self.faults = faults
        self.requests: list[Request] = []
        self.tokens: dict[str, float] = {}
        self.stopping = threading.Event()
        self._asked: Counter[tuple[str, tuple[int, int] | None]] = Counter()
        self._lock = threading.Lock()
        self._bucket = _Bucket(faults.rate_per_s, faults.burst) if faults.rate_per_s else None

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that leave in the middle are no news; anything else is a fault of this server."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def statuses(self) -> Counter[int]:
        """How often each status was answered."""
        return Counter(request.status for request in self.requests)

    def set(self, **changes: object) -> None:
        """Change what goes wrong from now on."""
        self.faults = replace(self.faults, **changes)

    def revoke(self) -> None:
        """Let every token given so far expire at once, whatever it says of itself."""
        with self._lock:
            self.tokens = dict.fromkeys(self.tokens, 0.0)

    def token(self) -> dict[str, str]:
        """A new token, and when it expires."""
        ttl = self.faults.token_ttl_s or 0.0
        with self._lock:
            secret = f"planted-secret-{len(self.tokens)}"
            self.tokens[secret] = time.monotonic() + ttl
        expiry = datetime.now(UTC) + timedelta(seconds=ttl)
        return {"msft:expiry": expiry.isoformat().replace("+00:00", "Z"), "token": f"sv=2024&sig={secret}"}

    def admitted(self, query: str) -> bool:
        """Whether a query carries a token that is still good."""
        signature = parse_qs(query).get("sig", [""])[0]
        return self.faults.token_ttl_s is None or self.tokens.get(signature, 0.0) > time.monotonic()

    def fault_of(self, path: str, span: tuple[int, int] | None) -> str:
        """What this request suffers: the name of a share, `throttled`, or nothing."""
        with self._lock:
            times = self._asked[path, span]
            self._asked[path, span] += 1
            if self._bucket and not self._bucket.take():
                return "throttled"
        if not re.search(self.faults.only, path):
            return ""
        digest = hashlib.sha256(f"{self.faults.seed}|{path}|{span}|{times}".encode()).digest()
        draw = int.from_bytes(digest[:8], "big") / 2**64
        for kind in ("error", "stall", "cut", "short", "corrupt", "whole"):
            draw -= getattr(self.faults, f"{kind}_share")
            if draw < 0:
                return kind
        return ""

    def note(self, path: str, span: tuple[int, int] | None, status: int, fault: str) -> None:
        self.requests.append(Request(path, span, status, fault, time.monotonic()))


class _Handler(socketserver.StreamRequestHandler):
    """One connection: requests until the client closes it."""

    server: Server
    disable_nagle_algorithm = True
    wbufsize = -1

    def handle(self) -> None:
        while self._answered():
            self.wfile.flush()

    def _answered(self) -> bool:
        """Answer one request; whether the connection goes on."""
        line = self.rfile.readline().decode("latin-1").split()
        if len(line) < 2:
            return False
        headers = {}
        while (header := self.rfile.readline().decode("latin-1").strip()) != "":
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        self.server.stopping.wait(self.server.faults.latency_ms / 1000)
        target = urlsplit(line[1])
        if target.path.startswith("/token/"):
            content = json.dumps(self.server.token()).encode()
            self._send(HTTPStatus.OK, content, {"Content-Type": "application/json"}, head=False)
            return True
        return self._file(unquote(target.path), target.query, headers, head=line[0] == "HEAD")

    def _file(self, path: str, query: str, headers: dict[str, str], *, head: bool) -> bool:
        span = _span(headers.get("range", ""))
        if not self.server.admitted(query):
            return self._refuse(HTTPStatus.FORBIDDEN, path, span, "expired")
        fault = self.server.fault_of(path, span)
        if fault == "throttled":
            return self._refuse(HTTPStatus.TOO_MANY_REQUESTS, path, span, fault)
        if fault == "error":
            return self._refuse(self.server.faults.status, path, span, fault)
        file = (self.server.folder / path.lstrip("/")).resolve()
        if not file.is_relative_to(self.server.folder) or not file.is_file():
            return self._refuse(HTTPStatus.NOT_FOUND, path, span, "")
        if fault == "stall":
            self.server.stopping.wait(self.server.faults.stall_s)
        return self._sent(file, path, None if fault == "whole" else span, fault, head=head)

    def _sent(self, file: Path, path: str, span: tuple[int, int] | None, fault: str, *, head: bool) -> bool:
        size = file.stat().st_size
        first, last = _within(span, size)
        if first >= size:
            return self._refuse(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, path, span, fault)
        if fault == "short":
            last = first + (last - first) // 2
        status = HTTPStatus.PARTIAL_CONTENT if span else HTTPStatus.OK
        more = {"Content-Range": f"bytes {first}-{last}/{size}"} if span else {}
        with file.open("rb") as stream:
            stream.seek(first)
            body = stream.read(last - first + 1) if not head else b""
        if fault == "corrupt":
            body = _turned(body)
        self.server.note(path, span, status, fault)
        tag = f'"{size:x}-{file.stat().st_mtime_ns:x}"'
        more |= {"Accept-Ranges": "bytes", "ETag": tag, "Content-Type": "image/tiff"}
        if fault == "cut":
            self._send(status, body[: len(body) // 2], more, head=head, length=last - first + 1)
            return False
        self._send(status, body, more, head=head, length=last - first + 1)
        return True

    def _refuse(self, status: int, path: str, span: tuple[int, int] | None, fault: str) -> bool:
        self.server.note(path, span, status, fault)
        wait = self.server.faults.retry_after_s
        more = {"Retry-After": str(wait)} if wait is not None and fault in {"error", "throttled"} else {}
        self._send(status, b"", more, head=False)
        return True

    def _send(
        self, status: int, body: bytes, more: dict[str, str], *, head: bool, length: int | None = None
    ) -> None:
        size = len(body) if length is None else length
        head_lines = [f"HTTP/1.1 {int(status)} {HTTPStatus(status).phrase}", f"Content-Length: {size}"]
        head_lines += [f"{name}: {value}" for name, value in more.items()]
        self.wfile.write("\r\n".join([*head_lines, "", ""]).encode("latin-1"))
        if not head:
            self.wfile.write(body)


def _span(header: str) -> tuple[int, int] | None:
    """First and last byte of a Range header: -1 as last is the end, -n as first the last n bytes."""
    asked = RANGE.match(header)
    if not asked or not (asked[1] or asked[2]):
        return None
    return (int(asked[1]), int(asked[2] or -1)) if asked[1] else (-int(asked[2]), -1)


def _within(span: tuple[int, int] | None, size: int) -> tuple[int, int]:
    first, last = span or (0, -1)
    first = max(0, size + first) if first < 0 else first
    return first, size - 1 if last < 0 else min(last, size - 1)


def _turned(body: bytes) -> bytes:
    """A body with 64 bytes in its middle turned round."""
    middle = len(body) // 2
    return body[:middle] + bytes(255 - byte for byte in body[middle : middle + 64]) + body[middle + 64 :]


@contextmanager
def serving(folder: Path, faults: Faults | None = None) -> Iterator[Server]:
    """A server of a folder in threads of this process, at a free port."""
    with Server(folder, faults or Faults()) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.stopping.set()
            server.shutdown()
            thread.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    for one in fields(Faults):
        kind = next(kind for kind in (float, int, str) if kind in (one.type, *get_args(one.type)))
        parser.add_argument(f"--{one.name.replace('_', '-')}", type=kind, default=one.default)
    asked = vars(parser.parse_args())
    folder, port = asked.pop("folder"), asked.pop("port")
    with Server(folder, Faults(**asked), port) as server:
        print(server.url, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
