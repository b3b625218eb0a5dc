"""The documents of a static catalogue: read through the gate of its provider, each once, none without end."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pystac
from urllib3.exceptions import HTTPError
from urllib3.util.retry import Retry

from pipeline.addresses import fill
from pipeline.errors import BrokenAsset, InputError, Problem
from pipeline.ingest.reading.gate import Gate, explain_strangers, is_fetched
from pipeline.ingest.reading.network import explain_failure, open_pool, request
from pipeline.ingest.reading.patience import LONGEST_PAUSE_S, read_body
from pipeline.ingest.scenes.addresses import find_file
from pipeline.ingest.scenes.packed import refuse
from pipeline.ingest.scenes.raw_items import UNANSWERED
from pipeline.operating_system import explain_stream
from pipeline.settings.sources import StaticCatalog

_PAUSE_S = 0.5
_MOST_LOST = 12
"""Items in a row that cannot be had before the catalogue is one that does not answer."""
_MOST_BYTES = 256 * 2**20
_RETRY = Retry(
    total=4,
    redirect=0,
    backoff_factor=0.5,
    backoff_jitter=0.5,
    status_forcelist=[408, 429, 500, 502, 503, 504],
    respect_retry_after_header=True,
    retry_after_max=LONGEST_PAUSE_S,
)


class Documents:
    """Reads the JSON of a catalogue and of what it leads to."""

    def __init__(self, catalog: StaticCatalog) -> None:
        self._catalog, self._gate = catalog, Gate.of(catalog)
        self._http = open_pool()
        self._had = 0
        self._lost: list[Exception] = []

    def read(self, href: str) -> Any:
        """The content of a document.

        Raises InputError where it is not of the provider or redirects elsewhere, HTTPError or OSError where
        it cannot be had, ValueError where it is no JSON or too long.
        """
        if self._gate.find_stranger(href) and href != fill(self._catalog.static):
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
                return json.loads(read_body(answer, _MOST_BYTES))
        except BrokenAsset as error:
            problem = Problem("scenes.provider", str(error), "redirects within the provider")
            raise InputError("A document of the catalogue redirects elsewhere", [problem]) from error

    def close(self) -> None:
        """Close all connections."""
        self._http.clear()

    def walk(self) -> Iterator[tuple[str, Any]]:
        """Every document with items, with its address, from the catalogue on, those that it names first.

        A catalogue that is named twice, be it by itself, is read once. An item that cannot be had is one that
        says why; after many in a row, or where there is no other, the error is that of `read`.
        """
        waiting, known = [(fill(self._catalog.static), "child")], set()
        while waiting:
            href, relation = waiting.pop()
            if href in known:
                continue
            known.add(href)
            content = self._read_item(href) if relation == "item" else self.read(href)
            if content.get("type") not in {"Catalog", "Collection"}:
                yield href, content
                continue
            linked = [(link, kind) for kind in ("child", "item") for link in _list_links(content, kind, href)]
            waiting += reversed(linked)
        if self._lost and not self._had:
            raise self._lost[-1]

    def _read_item(self, href: str) -> Any:
        """The document of an item, asked for twice; in its place, why it cannot be had."""
        for pause_s in (_PAUSE_S, 0.0):
            try:
                content = self.read(href)
            except (OSError, HTTPError, ValueError, RecursionError) as error:
                why = error
            else:
                self._had, self._lost = self._had + 1, []
                return content if isinstance(content, dict) else refuse(href, "not a STAC item")
            if not is_fetched(href) or not isinstance(why, OSError):
                break
            time.sleep(pause_s)
        self._lost.append(why)
        if len(self._lost) > _MOST_LOST:
            raise why
        told = f"cannot be read ({explain_failure(why)})"
        return refuse(href, told) | ({UNANSWERED: True} if is_fetched(href) else {})


def _parse(source: BinaryIO, href: str) -> Any:
    content = source.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError(f"{href} is longer than {_MOST_BYTES // 2**20} MiB")
    return json.loads(content)


def _list_links(content: Any, relation: str, beside: str) -> Iterator[str]:
    for link in content.get("links") or ():
        if link.get("rel") == relation:
            yield pystac.utils.make_absolute_href(link["href"], beside)
