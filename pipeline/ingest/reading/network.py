"""What the reads of a run share of the network: connections, hosts that ask for peace, signatures."""

import random
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

import urllib3

from pipeline.errors import ProviderUnavailable
from pipeline.ingest.reading.signing import Signer
from pipeline.settings.access import Access

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 120.0
_GIVE_UP = 12
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

    def give_up(self, href: str) -> None:
        """Note a file that it did not answer for; ProviderUnavailable if it answers for none any more."""
        self.failed.append(href)
        if len(set(self.failed)) >= _GIVE_UP:
            raise ProviderUnavailable(
                f"{urlsplit(href).hostname} has stopped answering; what is finished is kept, run again later"
            )


class Network:
    """Connections that do not go through GDAL, the hosts at their ends, and who signs for them."""

    def __init__(self, access: Access) -> None:
        self.http = urllib3.PoolManager(maxsize=64, timeout=urllib3.Timeout(connect=10, read=60))
        self.signer = Signer(access, self.http)
        self._hosts: defaultdict[str, Host] = defaultdict(Host)
        self._lock = threading.Lock()

    def host(self, href: str) -> Host:
        """The host of a file, one for all threads."""
        with self._lock:
            return self._hosts[urlsplit(href).netloc]

    def close(self) -> None:
        """Close all connections."""
        self.http.clear()
