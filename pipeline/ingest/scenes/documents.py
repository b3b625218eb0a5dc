"""The documents of a static catalogue: read through the gate of its provider, each once, none without end."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pystac
import urllib3
from urllib3.util.retry import Retry

from pipeline.errors import BrokenAsset, InputError, Problem
from pipeline.ingest.reading.gate import Gate, explain_strangers, is_fetched
from pipeline.ingest.reading.network import open_pool, request
from pipeline.ingest.scenes.addresses import find_file
from pipeline.operating_system import explain_stream
from pipeline.settings.sources import StaticCatalog

_MOST_BYTES = 256 * 2**20
_RETRY = Retry(
    total=4,
    redirect=0,
    backoff_factor=0.5,
    backoff_jitter=0.5,
    status_forcelist=[408, 429, 500, 502, 503, 504],
    respect_retry_after_header=True,
)


class Documents:
    """Reads the JSON of a catalogue and of what it leads to."""

    def __init__(self, catalog: StaticCatalog) -> None:
        self._catalog, self._gate = catalog, Gate.of(catalog)
        self._http = open_pool()

    def read(self, href: str) -> Any:
        """The content of a document.

        Raises InputError where it is not of the provider or redirects elsewhere, HTTPError or OSError where
        it cannot be had, ValueError where it is no JSON or too long.
        """
        if self._gate.find_stranger(href) and href != self._catalog.static:
            raise explain_strangers(self._catalog, {self._gate.find_stranger(href): [href]})
        if not is_fetched(href):
            path = Path(find_file(href))
            if stream := explain_stream(path):
                raise OSError(f"{href} never ends: {stream}")
            with path.open("rb") as file:
                return _parse(file, href)
        try:
            with request(self._http, self._gate, href, {}, _RETRY) as answer:
                if answer.status != 200:  # noqa: PLR2004 the one status that brings a document
                    raise OSError(f"HTTP {answer.status} for {href}")
                return _parse(answer, href)
        except BrokenAsset as error:
            problem = Problem("scenes.provider", str(error), "redirects within the provider")
            raise InputError("A document of the catalogue redirects elsewhere", [problem]) from error

    def close(self) -> None:
        """Close all connections."""
        self._http.clear()

    def walk(self) -> Iterator[tuple[str, Any]]:
        """Every document with items, with its address, from the catalogue on, those that it names first.

        A catalogue that is named twice, be it by itself, is read once.
        """
        waiting, known = [self._catalog.static], set()
        while waiting:
            href = waiting.pop()
            if href in known:
                continue
            known.add(href)
            content = self.read(href)
            if content.get("type") not in {"Catalog", "Collection"}:
                yield href, content
                continue
            waiting += reversed([*_list_links(content, "child", href), *_list_links(content, "item", href)])


def _parse(source: BinaryIO | urllib3.BaseHTTPResponse, href: str) -> Any:
    content = source.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError(f"{href} is longer than {_MOST_BYTES // 2**20} MiB")
    return json.loads(content)


def _list_links(content: Any, relation: str, beside: str) -> Iterator[str]:
    for link in content.get("links") or ():
        if link.get("rel") == relation:
            yield pystac.utils.make_absolute_href(link["href"], beside)
