"""Where a file is found now: tokens got when they are needed, S3 by its options.

Tokens live in the memory of the process that reads and in no text that it writes. The package
planetary-computer is left aside: its hosts, its token service and its margin of a minute are fixed, and it
does not sign again when a token is refused early.
"""

import json
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.util.retry import Retry

from pipeline.addresses import fill, is_lost
from pipeline.errors import BrokenAsset
from pipeline.ingest.reading.patience import LONGEST_PAUSE_S, read_body
from pipeline.periods import as_utc
from pipeline.redaction import redact
from pipeline.settings.access import Access

_TOKEN_RETRY = Retry(
    total=6,
    backoff_factor=0.5,
    backoff_jitter=0.5,
    status_forcelist=[408, 429, 500, 502, 503, 504],
    respect_retry_after_header=True,
    retry_after_max=LONGEST_PAUSE_S,
)
_LONGEST_MARGIN_S = 60.0
_MARGIN_SHARE = 0.25
_MOST_BYTES = 2**20
"""Of the answer of a service of tokens."""
_NO_TOKEN = (urllib3.exceptions.HTTPError, OSError, KeyError, ValueError, TypeError, RecursionError)


@dataclass(frozen=True)
class SignedAddress:
    """A path that GDAL opens, good until a time of time.monotonic."""

    path: str
    until: float = inf


@dataclass(frozen=True)
class Token:
    """What is joined to an address, good until a time of time.monotonic."""

    text: str
    until: float = inf


class Signer:
    """Signs addresses as the access of a provider wants it; its tokens are shared by all threads."""

    def __init__(self, access: Access, http: urllib3.PoolManager) -> None:
        self._access, self._http = access, http
        self._tokens: dict[str, Token] = {}
        self._lock = threading.Lock()

    def sign(self, href: str) -> SignedAddress:
        """Where a file is now; BrokenAsset if no token is to be had."""
        if is_lost(href):
            told = f"{redact(href)}: what its address ended with is known no more; search the scenes again"
            raise BrokenAsset(told, lasting=False)
        href, access = fill(href), self._access
        parts = urlsplit(href)
        if parts.scheme == "s3":
            return SignedAddress(f"/vsis3/{parts.netloc}{parts.path}")
        if access.token_url is None or parts.scheme not in {"http", "https"}:
            return SignedAddress(href)
        token = self._token(_token_url(href, access.token_url))
        return SignedAddress(f"{href}{'&' if parts.query else '?'}{token.text}", token.until)

    def renew(self, href: str, refused: SignedAddress) -> bool:
        """Forget the token of an address that was refused; whether another one is worth a try."""
        if self._access.token_url is None:
            return False
        url = _token_url(href, self._access.token_url)
        with self._lock:
            token = self._tokens.get(url)
            if token is not None and refused.path.endswith(token.text):
                del self._tokens[url]
        return True

    def gdal_options(self, href: str) -> dict[str, Any]:
        """What GDAL must know to read a file on S3; it takes the keys from the environment itself."""
        if not href.startswith("s3://"):
            return {}
        s3 = self._access.s3
        options = {
            "CPL_VSIL_CURL_ALLOWED_FILENAME": self.sign(href).path,
            "AWS_S3_ENDPOINT": fill(s3.endpoint),
            "AWS_VIRTUAL_HOSTING": "TRUE" if s3.virtual_hosting else "FALSE",
            "AWS_REGION": s3.region,
            "AWS_REQUEST_PAYER": "requester" if s3.requester_pays else None,
        }
        return {name: value for name, value in options.items() if value is not None}

    def _token(self, url: str) -> Token:
        """The token of a place, asked for once by all threads, and again a while before it expires."""
        with self._lock:
            token = self._tokens.get(url)
            if token is None or token.until <= time.monotonic():
                token = self._tokens[url] = self.request_token(url)
            return token

    def request_token(self, url: str) -> Token:
        """A new token from its service; BrokenAsset if it gives none."""
        try:
            with self._http.request(
                "GET", url, retries=_TOKEN_RETRY, redirect=False, preload_content=False
            ) as answer:
                if answer.status != 200:  # noqa: PLR2004 the one status that brings a token
                    told = f"{urlsplit(url).hostname}: no token, HTTP {answer.status}"
                    raise BrokenAsset(told, lasting=False)
                said = json.loads(read_body(answer, _MOST_BYTES))
            expiry = as_utc(datetime.fromisoformat(said["msft:expiry"]))
            left = (expiry - datetime.now(UTC)).total_seconds()
            margin = min(_LONGEST_MARGIN_S, left * _MARGIN_SHARE)
            return Token(str(said["token"]).removeprefix("?"), time.monotonic() + left - margin)
        except _NO_TOKEN as error:
            told = f"{urlsplit(url).hostname}: no token, {type(error).__name__}"
            raise BrokenAsset(told, lasting=False) from error


def _token_url(href: str, template: str) -> str:
    parts = urlsplit(fill(href))
    account = (parts.hostname or "").partition(".")[0]
    container = parts.path.lstrip("/").partition("/")[0]
    return fill(template).replace("{account}", account).replace("{container}", container)
