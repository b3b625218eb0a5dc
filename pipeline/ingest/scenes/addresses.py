"""Where the files of an item lie: what other tools wrote as an address, as a file of this machine."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pipeline.addresses import recall
from pipeline.ingest.scenes.raw_items import list_files

_BAND = re.compile(r"(.+\.(?:tiff?|jp2)(?:\?\.{3}[^#]*)?)#(?:bands?[=_:]?)?([\w.-]+)", re.IGNORECASE)


def place_files(raw: dict[str, Any], place: Callable[[str], str]) -> dict[str, Any]:
    """An item whose files have the addresses that `place` gives; what names no file is left out.

    What behind an address tells a band stays behind it.
    """

    def move(href: str) -> str:
        file, band = split_band(href)
        return f"{place(file)}#{band}" if band else place(file)

    files = {key: {**asset, "href": move(asset["href"])} for key, asset in list_files(raw)}
    return {**raw, "assets": files}


def split_band(href: str) -> tuple[str, str]:
    """The address of a file, and what behind it tells a band (`all.tif#3`, `all.tif#band=red`), or ''."""
    found = _BAND.fullmatch(href)
    return (recall(found[1]), found[2]) if found else (href, "")


def find_file(href: str) -> str:
    """The path of a file of this machine, also of one that its address spells in %-codes or as file://.

    Other addresses stay as they are.
    """
    path = urlsplit(href).path if href.startswith("file://") else href
    if "://" in path or Path(path).exists():
        return path
    decoded = unquote(path)
    return decoded if Path(decoded).exists() else path
