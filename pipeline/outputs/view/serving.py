"""A site served to browsers: reading only, its own files only, on this machine unless told."""

import ipaddress
import re
import socket
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from pipeline.errors import Problem, SettingsError
from pipeline.outputs.view.site import INDEX, ViewSite, name_type

LOOPBACK = "127.0.0.1"
_NAMES_OF_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_PIECE = 1 << 16
_IDLE_S = 60


class SiteServer(ThreadingHTTPServer):
    """Serves one site; its address is `url`."""

    daemon_threads = True

    def __init__(self, site: ViewSite, host: str, port: int) -> None:
        self.site = site
        self.host = host
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _SiteHandler)

    @property
    def url(self) -> str:
        """The address to open on this machine."""
        host = LOOPBACK if _is_any(self.host) else self.host
        named = f"[{host}]" if ":" in host else host
        return f"http://{named}:{self.server_address[1]}/"

    def knows(self, host: str) -> bool:
        """Whether a Host header names this server: a page of a stranger, whose name leads here, does not.

        Where it was told to listen beyond this machine, any number that names a machine does.
        """
        name = urlsplit(f"//{host}").hostname or ""
        if name in _NAMES_OF_LOOPBACK or name == self.host.lower():
            return True
        return not is_loopback(self.host) and _is_number(name)


def open_server(site: ViewSite, host: str, port: int) -> SiteServer:
    """A server that listens; SettingsError where it may not."""
    try:
        return SiteServer(site, host, port)
    except (OSError, OverflowError) as error:
        todo = "Choose another --port; 0 takes any that is free"
        problem = Problem(f"--host {host} --port {port}", str(error), "a free port", todo)
        raise SettingsError("Cannot listen there", [problem]) from error


def is_loopback(host: str) -> bool:
    """Whether a host is this machine alone."""
    return host in _NAMES_OF_LOOPBACK or (_is_number(host) and ipaddress.ip_address(host).is_loopback)


def _is_number(host: str) -> bool:
    with suppress(ValueError):
        return bool(ipaddress.ip_address(host))
    return False


def _is_any(host: str) -> bool:
    return host in {"", "0.0.0.0", "::"}  # noqa: S104 (told apart, not listened on)


class _SiteHandler(BaseHTTPRequestHandler):
    server: SiteServer
    protocol_version = "HTTP/1.1"
    server_version = "ecoledger"
    sys_version = ""
    timeout = _IDLE_S

    def do_GET(self) -> None:
        """Answer with a file of the site."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer as GET does, without the file."""
        self._answer(with_body=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (named by the base)
        """Say nothing: who reads what is nobody's business."""

    def _answer(self, *, with_body: bool) -> None:
        if not self.server.knows(self.headers.get("Host", "")):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return
        address = unquote(urlsplit(self.path).path).removeprefix("/")
        content = self.server.site.find(address)
        if content is None:
            self.send_error(HTTPStatus.NOT_FOUND)
        elif isinstance(content, bytes):
            self._send_start(address, slice(0, len(content)), len(content), HTTPStatus.OK)
            self.wfile.write(content if with_body else b"")
        else:
            self._send_file(address, content, with_body=with_body)

    def _send_file(self, address: str, path: Path, *, with_body: bool) -> None:
        try:
            file = path.open("rb")
        except OSError:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        with file:
            size = path.stat().st_size
            asked = read_range(self.headers.get("Range"), size)
            if asked and asked.start >= asked.stop:
                self._refuse_range(size)
                return
            part = asked or slice(0, size)
            self._send_start(address, part, size, HTTPStatus.PARTIAL_CONTENT if asked else HTTPStatus.OK)
            if with_body:
                self._copy(file, part)

    def _refuse_range(self, size: int) -> None:
        self.send_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
        self.send_header("Content-Range", f"bytes */{size}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send_start(self, address: str, part: slice, size: int, status: HTTPStatus) -> None:
        self.send_response(status)
        self.send_header("Content-Type", name_type(address or INDEX))
        self.send_header("Content-Length", str(part.stop - part.start))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("X-Frame-Options", "DENY")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        if status is HTTPStatus.PARTIAL_CONTENT:
            self.send_header("Content-Range", f"bytes {part.start}-{part.stop - 1}/{size}")
        self.end_headers()

    def _copy(self, file: BinaryIO, part: slice) -> None:
        file.seek(part.start)
        left = part.stop - part.start
        with suppress(ConnectionError):  # the browser went elsewhere
            while left and (piece := file.read(min(left, _PIECE))):
                self.wfile.write(piece)
                left -= len(piece)


def read_range(header: str | None, size: int) -> slice | None:
    """The bytes that a Range header asks for, none of them where it asks beyond the end.

    None where it is not there, or not understood, such as one of several ranges: then all are sent.
    """
    asked = _RANGE.fullmatch(header.strip()) if header else None
    if asked is None or not any(asked.groups()):
        return None
    first, last = asked.groups()
    if not first:
        return slice(max(0, size - int(last)), size)
    return slice(int(first), min(size, int(last) + 1) if last else size)
