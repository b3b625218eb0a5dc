"""Where scenes are searched: a STAC API through pystac-client, a static catalogue through pystac.

Both give raw items as they were served; scenes.py makes one thing of them.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pystac
import pystac_client
from pystac.stac_io import DefaultStacIO
from pystac_client.exceptions import APIError
from pystac_client.stac_api_io import StacApiIO
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry
from urllib3.util.retry import Retry

from pipeline.errors import InputError, Problem, ProviderUnavailable, SettingsError
from pipeline.settings import Mission, StacApi, StaticCatalog, providers

RawItem = dict[str, Any]

_PAGE = 100
_RETRY = Retry(
    total=8,
    backoff_factor=1,
    backoff_jitter=1,
    status_forcelist=[408, 429, 500, 502, 503, 504],
    allowed_methods=None,
    respect_retry_after_header=True,
)
_TIMEOUT_S = 60
_NOT_STAC = (ValueError, KeyError, AttributeError, pystac.STACError, pystac.STACTypeError)
"""What pystac raises on JSON of another shape."""


def resolve(provider: str | StaticCatalog | StacApi) -> StaticCatalog | StacApi:
    """A provider by its name in configs/providers.yaml, or as it is."""
    if not isinstance(provider, str):
        return provider
    known = providers()
    if provider not in known:
        expected = f"one of {sorted(known)}, simulated, {{static: PATH}} or {{api: URL}}"
        raise SettingsError("Unknown provider", [Problem("scenes.provider", repr(provider), expected)])
    return known[provider]


def static_items(catalog: StaticCatalog) -> Iterator[RawItem]:
    """Every item of a static catalogue, hrefs made absolute.

    Raises InputError when the catalogue or an item cannot be read.
    """
    reader = DefaultStacIO()
    try:
        root = pystac.Catalog.from_file(catalog.static, stac_io=reader)
        for folder, _, _ in root.walk():
            for link in folder.get_item_links():
                href = link.get_absolute_href()
                assert href is not None
                yield _absolute(reader.read_json(href), href)
    except (OSError, *_NOT_STAC) as error:
        raise InputError(
            "A static STAC catalogue cannot be read",
            [
                Problem(
                    catalog.static, f"{type(error).__name__}: {error}", "a STAC catalogue with readable items"
                )
            ],
        ) from error


def api_items(
    api: StacApi, geometry: BaseGeometry, start: date, end: date, missions: Sequence[Mission]
) -> Iterator[RawItem]:
    """Items that a STAC API holds over a geometry (EPSG:4490) and span of days, month by month.

    Windows of a month keep pages few and answers cacheable; retries honour Retry-After. Raises
    ProviderUnavailable when the API does not answer.
    """
    reader = StacApiIO(max_retries=_RETRY, timeout=_TIMEOUT_S)
    collections = sorted({name for mission in missions for name in api.collections.get(mission, [])})
    try:
        client = pystac_client.Client.open(api.api, stac_io=reader)
        for first, last in _months(start, end):
            search = client.search(
                collections=collections,
                intersects=mapping(geometry),
                datetime=f"{first}T00:00:00Z/{last}T23:59:59Z",
                limit=_PAGE,
            )
            yield from search.items_as_dicts()
    except (APIError, OSError, pystac.STACError) as error:
        raise ProviderUnavailable(
            f"The STAC API {api.api} does not answer: {error}; try again later"
        ) from error


def fingerprint(catalog: StaticCatalog) -> str:
    """Checksum of all JSON files below a local catalogue; of its address alone when it is remote."""
    digest = hashlib.sha256(catalog.static.encode())
    if "://" not in catalog.static:
        for path in sorted(Path(catalog.static).parent.rglob("*.json")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _absolute(item: RawItem, href: str) -> RawItem:
    assets = {
        key: {**asset, "href": pystac.utils.make_absolute_href(asset["href"], href)}
        for key, asset in item["assets"].items()
    }
    return {**item, "assets": assets}


def _months(start: date, end: date) -> Iterator[tuple[date, date]]:
    first = start
    while first <= end:
        following = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
        yield first, min(end, following - timedelta(days=1))
        first = following
