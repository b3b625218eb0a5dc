"""A remote file read with care: every answer checked, tried again with growing pauses, Retry-After honoured.

GDAL reads fast, but it does not tell what a server answered, does not honour Retry-After, does not try again
the ranges that it asks for side by side, and remembers a failed open. What fails through GDAL is read here.
"""

import io
import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError, InvalidHeader, NameResolutionError
from urllib3.util.retry import Retry

from pipeline.errors import BrokenAsset
from pipeline.ingest.reading.network import Network, request
from pipeline.ingest.reading.patience import read_body
from pipeline.ingest.reading.versions import describe_answer

_TRIES, _VERSION_TRIES = 8, 4
_HTTP = ("http://", "https://")
GONE = frozenset({"HTTP 404", "HTTP 410"})
"""Failures of a file that is not there, however often it is asked for."""

NAMELESS = NameResolutionError.__name__
"""The failure of a host that has no address."""

_SOON = 3
_AHEAD = 64 * 2**10
_BUSY = {408, 429, 500, 502, 503, 504}
_REFUSED = {401, 403}
_AGAIN = _BUSY | {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}
"""Answers after which to try again: a busy server, and a range that was not the one asked for."""
_ONCE = Retry(connect=0, read=0, status=0, other=0, redirect=0, respect_retry_after_header=False)
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)$")
_STATUS_IN_TEXT = re.compile(r"(?:response_code=|response code: |HTTP )(\d{3})")


def busy_status(text: str) -> int | None:
    """The status of a busy server that a message of GDAL names."""
    found = _STATUS_IN_TEXT.search(text)
    return int(found[1]) if found and int(found[1]) in _BUSY else None


def fetch_range(network: Network, href: str, url: str, first: int, last: int) -> bytes:
    """A range of a file at its signed address, asked for once; OSError where the answer is not right."""
    answer = _request(network, href, url, first, last)
    if answer.wrong:
        raise OSError(answer.wrong)
    return answer.content


@dataclass(frozen=True)
class _Answer:
    """What came for a range: `wrong` says what was not right with it."""

    content: bytes = b""
    wrong: str = ""
    status: int | None = None
    retry_after: float | None = None
    size: int | None = None
    version: str = ""

    def patience(self, number: int) -> int:
        """The number of the pause after it: a name is soon asked for again."""
        return min(number, _SOON) if self.wrong == NAMELESS else number

    @property
    def final(self) -> bool:
        """Whether asking again is no use."""
        return self.status is not None and self.status not in _AGAIN


class RangeFile(io.RawIOBase):
    """A remote file for reading, by ranges.

    It raises nothing, as GDAL's callbacks can carry no error: after a failure it reads as if it had ended,
    and `failure` says why. `failures` are all answers that were not right, also those that were made good;
    `unanswered` marks a failure of the server, not of the file. `version` is what the server says that
    identifies its content.
    """

    def __init__(self, href: str, network: Network, tries: int | None = None) -> None:
        super().__init__()
        self.failure = ""
        self.failures: list[str] = []
        self.unanswered = False
        self.version = ""
        self._href, self._network, self._tries = href, network, tries or _TRIES
        self._host = network.host(href)
        self._size: int | None = None
        self._place = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Where the next read begins."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; the size is asked of the server when the end is wanted."""
        if whence == io.SEEK_END and self._size is None:
            self._fetch(0, 0)
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size or 0}[whence]
        self._place = start + offset
        return self._place

    def readinto(self, buffer: Any) -> int:
        """The bytes from here on, as many as fit into a buffer."""
        wanted = len(buffer)
        if not wanted or self.failure or (self._size is not None and self._place >= self._size):
            return 0
        content = self._fetch(self._place, self._place + wanted - 1)
        buffer[: len(content)] = content
        self._place += len(content)
        return len(content)

    def _fetch(self, first: int, last: int) -> bytes:
        """One range; empty, with `failure`, when it is not to be had."""
        renewed = False
        for number in range(self._tries):
            answer, again = self._ask(first, last)
            if not answer.wrong:
                self._size, self.version = answer.size, answer.version
                self._host.note_answer()
                return answer.content
            self.failures.append(answer.wrong)
            if again and not renewed:
                renewed = True
            elif answer.final or self._host.nameless or number == self._tries - 1:
                break
            else:
                self._host.pause(answer.status, answer.patience(number), answer.retry_after)
        self.failure, self.unanswered = answer.wrong, not answer.final
        return b""

    def _ask(self, first: int, last: int) -> tuple[_Answer, bool]:
        """What the host says now, and whether it refused a token that can be replaced."""
        self._host.wait()
        if self._host.nameless:
            return _Answer(wrong=NAMELESS), False
        try:
            address = self._network.signer.sign(self._href)
        except BrokenAsset as error:
            return _Answer(wrong=str(error), status=HTTPStatus.FORBIDDEN), False
        answer = _request(self._network, self._href, address.path, first, last)
        refused = answer.status in _REFUSED
        return answer, refused and self._network.signer.renew(self._href, address)


class Ranges:
    """Opens a remote file by ranges, as often as GDAL wants to, and tells what went wrong on the way."""

    def __init__(self, href: str, network: Network, tries: int | None = None) -> None:
        self.name = PurePosixPath(urlsplit(href).path).name
        self._href, self._network, self._tries = href, network, tries
        self._files: list[RangeFile] = []

    def __call__(self, path: str, *_: Any, **__: Any) -> io.BufferedReader:
        """The file at its beginning; FileNotFoundError for any other name, such as that of a sidecar."""
        if path != self.name:
            raise FileNotFoundError(path)
        self._files.append(RangeFile(self._href, self._network, self._tries))
        return io.BufferedReader(self._files[-1], _AHEAD)

    @property
    def failures(self) -> list[str]:
        """All answers that were not right, also those that were made good."""
        return [failure for file in self._files for failure in file.failures]

    @property
    def failure(self) -> str:
        """Why the file was not to be had; empty if it was."""
        return next((file.failure for file in self._files if file.failure), "")

    @property
    def unanswered(self) -> bool:
        """Whether the server failed, not the file."""
        return any(file.unanswered for file in self._files)


def ask_version(network: Network, href: str) -> str:
    """What identifies the content of a file of the network now; empty where its server does not say."""
    if not href.startswith(_HTTP) or network.host(href).is_silent:
        return ""
    file = RangeFile(href, network, _VERSION_TRIES)
    file.read(1)
    if file.unanswered:
        network.host(href).failed.append(href)
    return file.version


def _request(network: Network, href: str, url: str, first: int, last: int) -> _Answer:
    headers = {"Range": f"bytes={first}-{last}"}
    try:
        with request(network.http, network.gate, url, headers, _ONCE) as response:
            answer = _judge(response, first, last)
    except BrokenAsset as error:
        return _Answer(wrong=str(error), status=HTTPStatus.FORBIDDEN)
    except HTTPError as error:
        wrong = type(getattr(error, "reason", error)).__name__
        if wrong == NAMELESS:
            network.host(url).miss_address()
        return _Answer(wrong=wrong)
    changed = network.versions.explain_change(href, answer.version)
    return replace(answer, wrong=changed, status=HTTPStatus.PRECONDITION_FAILED) if changed else answer


def _judge(response: urllib3.BaseHTTPResponse, first: int, last: int) -> _Answer:
    """Right is the range asked for, as long as the server says, as long as the file goes."""
    if response.status != HTTPStatus.PARTIAL_CONTENT:
        if response.status != HTTPStatus.OK:
            response.drain_conn()
        return _Answer(b"", f"HTTP {response.status}", response.status, _retry_after(response))
    if (packed := response.headers.get("Content-Encoding", "identity")) != "identity":
        return _Answer(b"", f"Content-Encoding {packed}", response.status)
    try:
        content = read_body(response, last - first + 1)
    except OSError as error:
        return _Answer(b"", str(error), response.status)
    said = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
    if said is None:
        return _Answer(b"", "no Content-Range", response.status)
    start, end, size = (int(number) for number in said.groups())
    if (start, end) != (first, min(last, size - 1)) or len(content) != end - start + 1:
        return _Answer(b"", f"bytes {start}-{end} for {first}-{last}", response.status)
    return _Answer(content, size=size, version=describe_answer(response.headers, size))


def _retry_after(response: urllib3.BaseHTTPResponse) -> float | None:
    try:
        return _ONCE.get_retry_after(response)
    except InvalidHeader:
        return None
