"""Where GDAL finds a file now: hosts checked, tokens got when they are needed, S3 by its options.

Tokens live in the memory of the process that reads and in no text that it writes. The package
planetary-computer is left aside: its hosts, its token service and its margin of a minute are fixed, and it
does not sign again when a token is refused early.
"""

import logging
import re
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from math import inf
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.util.retry import Retry

from pipeline.errors import BrokenAsset
from pipeline.settings.access import Access

HTTP = urllib3.PoolManager(maxsize=64, timeout=urllib3.Timeout(connect=10, read=60))
"""Connections of this process that do not go through GDAL."""

_TOKEN_RETRY = Retry(
    total=6,
    backoff_factor=0.5,
    backoff_jitter=0.5,
    status_forcelist=[408, 429, 500, 502, 503, 504],
    respect_retry_after_header=True,
)
_TELLING = ("rasterio._env", "rasterio._err", "urllib3.connectionpool")
_LONGEST_MARGIN_S = 60.0
_MARGIN_SHARE = 0.25
_QUERY = re.compile(r"\?[^\s'\"<>]*")


@dataclass(frozen=True)
class Address:
    """A path that GDAL opens, good until a time of time.monotonic."""

    path: str
    until: float = inf


@dataclass(frozen=True)
class _Token:
    text: str
    until: float


_TOKENS: dict[str, _Token] = {}
_LOCK = threading.Lock()


def address(href: str, access: Access) -> Address:
    """Where a file is now; BrokenAsset if its host is not one of the provider's, or no token is to be had."""
    parts = urlsplit(href)
    allowed = any(fnmatch((parts.hostname or "").lower(), pattern) for pattern in access.hosts)
    if access.hosts and (parts.scheme not in {"http", "https", "s3"} or not allowed):
        raise BrokenAsset(f"{hidden(href)}: not from the hosts of the provider, {', '.join(access.hosts)}")
    if parts.scheme == "s3":
        return Address(f"/vsis3/{parts.netloc}{parts.path}")
    if access.token_url is None or parts.scheme not in {"http", "https"}:
        return Address(href)
    token = _token(_token_url(href, access.token_url))
    return Address(f"{href}{'&' if parts.query else '?'}{token.text}", token.until)


def renew(href: str, access: Access, refused: Address) -> bool:
    """Forget the token of an address that was refused; whether another one is worth a try."""
    if access.token_url is None:
        return False
    url = _token_url(href, access.token_url)
    with _LOCK:
        token = _TOKENS.get(url)
        if token is not None and refused.path.endswith(token.text):
            del _TOKENS[url]
    return True


def gdal_options(href: str, access: Access) -> dict[str, Any]:
    """What GDAL must know to read a file on S3; its keys are taken from the environment by GDAL itself."""
    if not href.startswith("s3://"):
        return {}
    options = {
        "AWS_S3_ENDPOINT": access.s3.endpoint,
        "AWS_VIRTUAL_HOSTING": "TRUE" if access.s3.virtual_hosting else "FALSE",
        "AWS_REGION": access.s3.region,
        "AWS_REQUEST_PAYER": "requester" if access.s3.requester_pays else None,
    }
    return {name: value for name, value in options.items() if value is not None}


def hidden(text: str) -> str:
    """A text without the queries of its URLs, which may hold tokens."""
    return _QUERY.sub("", text)


class _Hiding(logging.Filter):
    """Takes the queries of URLs out of what libraries log."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = hidden(record.getMessage()), ()
        return True


for _name in _TELLING:
    logging.getLogger(_name).addFilter(_Hiding())


def _token_url(href: str, template: str) -> str:
    parts = urlsplit(href)
    account = (parts.hostname or "").partition(".")[0]
    container = parts.path.lstrip("/").partition("/")[0]
    return template.replace("{account}", account).replace("{container}", container)


def _token(url: str) -> _Token:
    """The token of a place, asked for once by all threads, and again a while before it expires."""
    with _LOCK:
        token = _TOKENS.get(url)
        if token is None or token.until <= time.monotonic():
            token = _TOKENS[url] = _asked(url)
        return token


def _asked(url: str) -> _Token:
    try:
        answer = HTTP.request("GET", url, retries=_TOKEN_RETRY)
        if answer.status != 200:  # noqa: PLR2004 the one status that brings a token
            raise BrokenAsset(f"{hidden(url)}: no token, HTTP {answer.status}")
        said = answer.json()
        left = (datetime.fromisoformat(said["msft:expiry"]) - datetime.now(UTC)).total_seconds()
        margin = min(_LONGEST_MARGIN_S, left * _MARGIN_SHARE)
        return _Token(str(said["token"]).removeprefix("?"), time.monotonic() + left - margin)
    except (urllib3.exceptions.HTTPError, KeyError, ValueError, TypeError) as error:
        raise BrokenAsset(f"{hidden(url)}: no token, {type(error).__name__}") from error
