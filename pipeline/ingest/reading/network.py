"""What the reads of a run share of the network: connections, hosts that ask for peace, signatures."""

import logging
import random
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import unquote, urljoin, urlsplit

import urllib3
from urllib3 import exceptions
from urllib3.util import make_headers
from urllib3.util.retry import Retry

from pipeline.addresses import fill
from pipeline.errors import BrokenAsset, ProviderUnavailable
from pipeline.ingest.reading.gate import Gate, find_host
from pipeline.ingest.reading.patience import LONGEST_PAUSE_S
from pipeline.ingest.reading.signing import Signer
from pipeline.ingest.reading.versions import Versions
from pipeline.settings.access import Access

_FIRST_PAUSE_S = 0.25
_GIVE_UP = 12
_NAMELESS_S = 20.0
"""So long a host is asked for again that has no address: it is misspelt, or the network is down."""
_MOST_HOPS = 5
_LOG = logging.getLogger("ecoledger")
_JITTER = random.Random()  # noqa: S311 spreads pauses, decides nothing that is delivered


@dataclass
class Host:
    """What is known of a host: until when it wants to be left alone, and files that it failed in a row.

    `nameless` once it has had no address for too long, counted from `missed_since`.
    """

    name: str
    closed_until: float = 0.0
    failed: list[str] = field(default_factory=list)
    missed_since: float | None = None
    nameless: bool = False

    def note_answer(self) -> None:
        """It answers, whatever was before."""
        self.failed.clear()
        self.missed_since = None

    def miss_address(self) -> None:
        """Note that it has no address now; the first time it is said."""
        now = time.monotonic()
        if self.missed_since is None:
            self.missed_since = now
            _LOG.warning("%s has no address; asked again", self.name)
        self.nameless = now - self.missed_since >= _NAMELESS_S

    def refuse_nameless(self) -> None:
        """ProviderUnavailable where it has had no address for too long."""
        if self.nameless:
            why = "it is misspelt, or the network is down"
            raise ProviderUnavailable(f"{self.name} has no address: {why}; what is finished is kept")

    @property
    def is_silent(self) -> bool:
        """Whether it has answered for none of many files of late."""
        return self.nameless or len(set(self.failed)) >= _GIVE_UP

    def wait(self) -> None:
        """Wait until the host may be asked."""
        while (left := self.closed_until - time.monotonic()) > 0:
            time.sleep(left * _JITTER.uniform(1, 1.25))

    def close(self, seconds: float) -> None:
        """Let no thread of this process ask the host for a while."""
        self.closed_until = max(self.closed_until, time.monotonic() + min(seconds, LONGEST_PAUSE_S))

    def pause(self, status: int | None, number: int, retry_after: float | None) -> None:
        """Wait after an answer that was not right, the `number`th from 0; all wait if the host says so."""
        seconds = min(_FIRST_PAUSE_S * 2**number, LONGEST_PAUSE_S) * _JITTER.uniform(0.5, 1.5)
        if retry_after is not None:
            self.close(retry_after)
        elif status == HTTPStatus.TOO_MANY_REQUESTS:
            self.close(seconds)
        else:
            time.sleep(seconds)

    def give_up(self, href: str) -> None:
        """Note a file that it did not answer for; ProviderUnavailable if it answers for none any more."""
        self.refuse_nameless()
        self.failed.append(href)
        if len(set(self.failed)) >= _GIVE_UP:
            raise ProviderUnavailable(
                f"{urlsplit(href).hostname} has stopped answering; what is finished is kept, run again later"
            )


class Network:
    """Connections that do not go through GDAL, the hosts at their ends, who signs and who judges for them."""

    def __init__(self, access: Access, gate: Gate) -> None:
        self.http, self.gate = open_pool(), gate
        self.signer = Signer(access, self.http)
        self.versions = Versions()
        self._hosts: dict[str, Host] = {}
        self._lock = threading.Lock()

    def host(self, href: str) -> Host:
        """The host of a file, one for all threads."""
        name = urlsplit(fill(href)).netloc.rpartition("@")[2]
        with self._lock:
            return self._hosts.setdefault(name, Host(name))

    def close(self) -> None:
        """Close all connections."""
        self.http.clear()


def explain_failure(error: BaseException) -> str:
    """Why a request was not answered, in a few words, whatever library asked."""
    for cause in _list_causes(error):
        if isinstance(cause, exceptions.NameResolutionError):
            return "its host has no address"
        if isinstance(cause, exceptions.NewConnectionError):
            return "its host takes no connection"
        if isinstance(cause, exceptions.TimeoutError):
            return "no answer in time"
    return str(error)


def _list_causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those behind it, as libraries wrap them."""
    while error is not None:
        yield error
        inner = [getattr(error, "reason", None), *error.args, error.__cause__, error.__context__]
        error = next((one for one in inner if isinstance(one, BaseException)), None)


def open_pool() -> urllib3.PoolManager:
    """Connections with bounded patience."""
    return urllib3.PoolManager(maxsize=64, timeout=urllib3.Timeout(connect=10, read=60))


def request(
    http: urllib3.PoolManager, gate: Gate, url: str, headers: Mapping[str, str], retries: Retry
) -> urllib3.BaseHTTPResponse:
    """What is answered at an address, its content not read yet; redirects are followed hop by hop.

    Raises BrokenAsset where a hop may not pass the gate or there are too many, HTTPError as urllib3.
    """
    for _ in range(_MOST_HOPS):
        gate.refuse_stranger(url)
        sent = {**headers, **_authorize(url)}
        answer = http.request(
            "GET", url, headers=sent, retries=retries, redirect=False, preload_content=False
        )
        target = answer.get_redirect_location()
        if not target:
            return answer
        answer.drain_conn()
        answer.release_conn()
        url = _join(url, target)
    raise BrokenAsset(f"{find_host(url)}: more than {_MOST_HOPS} redirects", lasting=False)


def _join(url: str, target: str) -> str:
    """Where a redirect leads; what is no address stays as it is, for the gate to refuse."""
    try:
        return urljoin(url, target)
    except ValueError:
        return target


def _authorize(url: str) -> dict[str, str]:
    """The header for the user that an address names, which urllib3 leaves aside."""
    user = urlsplit(url).netloc.rpartition("@")[0]
    return make_headers(basic_auth=unquote(user)) if user else {}
