"""A remote file read with care: every answer checked, tried again with growing pauses, Retry-After honoured.

GDAL reads fast, but it does not tell what a server answered, does not honour Retry-After, does not try again
the ranges that it asks for side by side, and remembers a failed open. What fails through GDAL is read here.
"""

import io
import random
import re
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.util.retry import Retry

from pipeline.errors import BrokenAsset, ProviderUnavailable
from pipeline.ingest.reading import signing
from pipeline.settings.access import Access

_TRIES = 8
_AHEAD = 64 * 2**10
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 120.0
_GIVE_UP = 12
_BUSY = {408, 429, 500, 502, 503, 504}
_REFUSED = {401, 403}
_AGAIN = _BUSY | {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}
"""Answers after which to try again: a busy server, and a range that was not the one asked for."""
_ONCE = Retry(connect=0, read=0, status=0, other=0, redirect=3, respect_retry_after_header=False)
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)$")
_STATUS_IN_TEXT = re.compile(r"(?:response_code=|response code: |HTTP )(\d{3})")
_JITTER = random.Random()  # noqa: S311 spreads pauses, decides nothing that is delivered


@dataclass
class Host:
    """What is known of a host: until when it wants to be left alone, and files that it failed in a row."""

    closed_until: float = 0.0
    failed: list[str] = field(default_factory=list)

    def wait(self) -> None:
        """Wait until the host may be asked."""
        while (left := self.closed_until - time.monotonic()) > 0:
            time.sleep(left * _JITTER.uniform(1, 1.25))

    def close(self, seconds: float) -> None:
        """Let no thread of this process ask the host for a while."""
        self.closed_until = max(self.closed_until, time.monotonic() + min(seconds, _LONGEST_PAUSE_S))

    def pause(self, status: int | None, number: int, retry_after: float | None) -> None:
        """Wait after an answer that was not right, the `number`th from 0; all wait if the host says so."""
        seconds = min(_FIRST_PAUSE_S * 2**number, _LONGEST_PAUSE_S) * _JITTER.uniform(0.5, 1.5)
        if retry_after is not None:
            self.close(retry_after)
        elif status == HTTPStatus.TOO_MANY_REQUESTS:
            self.close(seconds)
        else:
            time.sleep(seconds)

    def gave_up(self, href: str) -> None:
        """Note a file that it did not answer for; ProviderUnavailable if it answers for none any more."""
        self.failed.append(href)
        if len(set(self.failed)) >= _GIVE_UP:
            raise ProviderUnavailable(
                f"{urlsplit(href).hostname} has stopped answering; what is finished is kept, run again later"
            )


_HOSTS: defaultdict[str, Host] = defaultdict(Host)
_LOCK = threading.Lock()


def host_of(href: str) -> Host:
    """The host of a file, one for all threads of this process."""
    with _LOCK:
        return _HOSTS[urlsplit(href).netloc]


def busy_status(text: str) -> int | None:
    """The status of a busy server that a message of GDAL names."""
    found = _STATUS_IN_TEXT.search(text)
    return int(found[1]) if found and int(found[1]) in _BUSY else None


def fetched(url: str, first: int, last: int) -> bytes:
    """A range that is asked for once; OSError where the answer is not right."""
    answer = _asked(url, first, last)
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

    @property
    def final(self) -> bool:
        """Whether asking again is no use."""
        return self.status is not None and self.status not in _AGAIN


class RangeFile(io.RawIOBase):
    """A remote file for reading, by ranges.

    It raises nothing, as GDAL's callbacks can carry no error: after a failure it reads as if it had ended,
    and `failure` says why. `failures` are all answers that were not right, also those that were made good;
    `unanswered` marks a failure of the server, not of the file.
    """

    def __init__(self, href: str, access: Access) -> None:
        super().__init__()
        self.failure = ""
        self.failures: list[str] = []
        self.unanswered = False
        self._href, self._access = href, access
        self._host = host_of(href)
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
            self._fetched(0, 0)
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size or 0}[whence]
        self._place = start + offset
        return self._place

    def readinto(self, buffer: Any) -> int:
        """The bytes from here on, as many as fit into a buffer."""
        wanted = len(buffer)
        if not wanted or self.failure or (self._size is not None and self._place >= self._size):
            return 0
        content = self._fetched(self._place, self._place + wanted - 1)
        buffer[: len(content)] = content
        self._place += len(content)
        return len(content)

    def _fetched(self, first: int, last: int) -> bytes:
        """One range; empty, with `failure`, when it is not to be had."""
        renewed = False
        for number in range(_TRIES):
            answer, again = self._answer(first, last)
            if not answer.wrong:
                self._size = answer.size
                self._host.failed.clear()
                return answer.content
            self.failures.append(answer.wrong)
            if again and not renewed:
                renewed = True
            elif answer.final or number == _TRIES - 1:
                break
            else:
                self._host.pause(answer.status, number, answer.retry_after)
        self.failure, self.unanswered = answer.wrong, not answer.final
        return b""

    def _answer(self, first: int, last: int) -> tuple[_Answer, bool]:
        """What the host says now, and whether it refused a token that can be replaced."""
        self._host.wait()
        try:
            address = signing.address(self._href, self._access)
        except BrokenAsset as error:
            return _Answer(wrong=str(error), status=HTTPStatus.FORBIDDEN), False
        answer = _asked(address.path, first, last)
        refused = answer.status in _REFUSED
        return answer, refused and signing.renew(self._href, self._access, address)


class Ranges:
    """Opens a remote file by ranges, as often as GDAL wants to, and tells what went wrong on the way."""

    def __init__(self, href: str, access: Access) -> None:
        self.host = host_of(href)
        self.name = PurePosixPath(urlsplit(href).path).name
        self._href, self._access = href, access
        self._files: list[RangeFile] = []

    def __call__(self, path: str, *_: Any, **__: Any) -> io.BufferedReader:
        """The file at its beginning; FileNotFoundError for any other name, such as that of a sidecar."""
        if path != self.name:
            raise FileNotFoundError(path)
        self._files.append(RangeFile(self._href, self._access))
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


def _asked(url: str, first: int, last: int) -> _Answer:
    headers = {"Range": f"bytes={first}-{last}"}
    try:
        response = signing.HTTP.request("GET", url, headers=headers, retries=_ONCE, preload_content=False)
        with response:
            return _judged(response, first, last)
    except HTTPError as error:
        return _Answer(wrong=type(getattr(error, "reason", error)).__name__)


def _judged(response: urllib3.BaseHTTPResponse, first: int, last: int) -> _Answer:
    """Right is the range asked for, as long as the server says, as long as the file goes."""
    if response.status != HTTPStatus.PARTIAL_CONTENT:
        if response.status != HTTPStatus.OK:
            response.drain_conn()
        return _Answer(b"", f"HTTP {response.status}", response.status, _retry_after(response))
    content = response.read()
    said = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
    if said is None:
        return _Answer(b"", "no Content-Range", response.status)
    start, end, size = (int(number) for number in said.groups())
    if (start, end) != (first, min(last, size - 1)) or len(content) != end - start + 1:
        return _Answer(b"", f"bytes {start}-{end} for {first}-{last}", response.status)
    return _Answer(content, size=size)


def _retry_after(response: urllib3.BaseHTTPResponse) -> float | None:
    try:
        return _ONCE.get_retry_after(response)
    except InvalidHeader:
        return None
