"""The search of a STAC API: month by month, page by page, patient with a server that is busy.

What a search found is kept by the plan and never asked again in a run, so a search may take its time.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from io import BytesIO
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

import pystac
import pystac_client
import requests
from pystac_client.exceptions import APIError
from pystac_client.stac_api_io import StacApiIO
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry
from urllib3.connectionpool import ConnectionPool
from urllib3.exceptions import MaxRetryError, NameResolutionError
from urllib3.response import BaseHTTPResponse
from urllib3.util.retry import Retry

from pipeline.addresses import fill
from pipeline.errors import InputError, ProviderUnavailable
from pipeline.geodesy import wrap_outline
from pipeline.ingest.reading.gate import Gate, explain_strangers
from pipeline.ingest.reading.network import explain_failure
from pipeline.ingest.reading.patience import LONGEST_PAUSE_S, read_body
from pipeline.ingest.scenes.archives import RawItem
from pipeline.ingest.scenes.raw_items import NOT_STAC, list_files
from pipeline.ingest.scenes.sealing import seal_item
from pipeline.settings.sources import Mission, StacApi
from pipeline.signals import find_stop

_LOG = logging.getLogger("ecoledger")
_PAGE = 100
_MOST_BYTES = 256 * 2**20
"""Of a page of an answer."""
_MOST_PAGES = 200
_NAME_TRIES = 4
"""A host that has no address after these, some fifteen seconds, is misspelt, or the network is down."""


class _Patience(Retry):
    """Gives up soon on a host that has no address, and says so once."""

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        """The retries that are left; MaxRetryError where there is no use in another."""
        if _pool is not None and isinstance(error, NameResolutionError):
            tries = len(self.history) + 1
            if tries == _NAME_TRIES - 1:
                _LOG.warning("%s has no address; asked again", _pool.host, extra={"tries": tries})
            if tries > _NAME_TRIES:
                raise MaxRetryError(_pool, url or "", error)
        return super().increment(method, url, response, error, _pool, _stacktrace)


_RETRY = _Patience(
    total=8,
    backoff_factor=1,
    backoff_jitter=1,
    status_forcelist=[408, 429, 500, 502, 503, 504],
    allowed_methods=None,
    respect_retry_after_header=True,
    retry_after_max=LONGEST_PAUSE_S,
)
"""Without `allowed_methods=None` a POST would not be tried again; Retry-After goes before the backoff."""
_TIMEOUT_S = 60


def search_items(
    api: StacApi, geometry: BaseGeometry, start: date, end: date, missions: Sequence[Mission]
) -> Iterator[RawItem]:
    """Items that a STAC API holds over a geometry (EPSG:4490) and span of days, month by month, each once.

    Windows of a month keep pages few. A page that brings nothing new ends its month, and fewer items than
    the API says to match are warned of. Raises ProviderUnavailable when the API does not answer or hands
    out pages without end.
    """
    collections = sorted({name for mission in missions for name in api.collections.get(mission, [])})
    with _open_client(api) as client:
        for first, last in _split_months(start, end):
            span, where = f"{first}T00:00:00Z/{last}T23:59:59Z", f"{api.api}, {first} to {last}"
            yield from _search(client, api, collections, geometry, span, where)


def search_collection(api: StacApi, collection: str, geometry: BaseGeometry) -> Iterator[RawItem]:
    """Items of one collection that a STAC API holds over a geometry (EPSG:4490), whatever their time.

    Raises ProviderUnavailable as `search_items`.
    """
    with _open_client(api) as client:
        yield from _search(client, api, [collection], geometry, None, f"{api.api}, {collection}")


class _GatedIO(StacApiIO):
    """Asks what may pass the gate of a provider alone: an API, its next pages, and where it redirects to."""

    def __init__(self, api: StacApi) -> None:
        super().__init__(max_retries=_RETRY, timeout=_TIMEOUT_S)
        self._api, self._gate = api, Gate.of_search(api)
        self._refusal: InputError | None = None
        self.session.hooks["response"].append(self._judge)

    def request(self, href: str, *args: Any, **kwargs: Any) -> str:
        """The text at an address; InputError where it, or where it redirects to, may not be asked."""
        self._let_pass(href)
        try:
            return str(super().request(href, *args, **kwargs))
        except APIError:
            if self._refusal is not None:
                raise self._refusal from None
            raise

    def _judge(self, answer: requests.Response, **_: Any) -> None:
        target = self.session.get_redirect_target(answer)
        if target:
            answer.close()
            self._let_pass(urljoin(answer.url, target))
        answer.raw = BytesIO(read_body(answer.raw, _MOST_BYTES))

    def _let_pass(self, href: str) -> None:
        stranger = self._gate.find_stranger(href)
        if stranger:
            self._refusal = explain_strangers(self._api, {stranger: [href]})
            raise self._refusal


@contextmanager
def _open_client(api: StacApi) -> Iterator[pystac_client.Client]:
    """A client of an API; ProviderUnavailable where it does not answer, now or later."""
    stac_io = _GatedIO(api)
    try:
        with stac_io.session:
            yield pystac_client.Client.open(fill(api.api), stac_io=stac_io)
    except (APIError, OSError, pystac.STACError) as error:
        if stop := find_stop(error):
            raise stop from None
        raise ProviderUnavailable(
            f"The STAC API {api.api} does not answer: {explain_failure(error)}; try again later"
        ) from error
    except NOT_STAC as error:
        raise ProviderUnavailable(f"{api.api} answers, but not as a STAC API") from error


def _search(
    client: pystac_client.Client,
    api: StacApi,
    collections: list[str],
    geometry: BaseGeometry,
    span: str | None,
    where: str,
) -> Iterator[RawItem]:
    search = client.search(
        collections=collections, intersects=mapping(wrap_outline(geometry)), datetime=span, limit=_PAGE
    )
    for item in _read_pages(search.pages_as_dicts(), where):
        yield seal_item(_choose_address(item, api.alternate))


def _read_pages(pages: Iterator[dict[str, Any]], where: str) -> Iterator[RawItem]:
    """Each item of all pages once; some servers repeat items, or hand out the same page for ever."""
    seen: set[tuple[Any, Any]] = set()
    matched = 0
    for number, page in enumerate(pages, start=1):
        if number > _MOST_PAGES:
            raise ProviderUnavailable(f"{where}: more than {_MOST_PAGES} pages of {_PAGE}; try again later")
        new = [item for item in page["features"] if (item.get("collection"), item.get("id")) not in seen]
        seen.update((item.get("collection"), item.get("id")) for item in new)
        matched = max(matched, _count_matches(page))
        yield from new
        if not new:
            break
    if len(seen) < matched:
        _LOG.warning(
            "fewer items than matched", extra={"search": where, "found": len(seen), "matched": matched}
        )


def _count_matches(page: dict[str, Any]) -> int:
    return int(page.get("numberMatched") or (page.get("context") or {}).get("matched") or 0)


def _choose_address(item: RawItem, alternate: str | None) -> RawItem:
    """The item with the alternate address of every asset that has one of that name."""
    assets = {
        key: {**asset, "href": asset["alternate"][alternate]["href"]}
        for key, asset in list_files(item)
        if isinstance(asset.get("alternate"), dict) and alternate in asset["alternate"]
    }
    return {**item, "assets": {**dict(list_files(item)), **assets}}


def _split_months(start: date, end: date) -> Iterator[tuple[date, date]]:
    first = start
    while first <= end:
        following = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
        yield first, min(end, following - timedelta(days=1))
        first = following
