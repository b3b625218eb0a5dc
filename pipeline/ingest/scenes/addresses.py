"""Where the files of an item lie: what other tools wrote as an address, as a file of this machine."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pipeline.ingest.scenes.raw_items import list_files


def place_files(raw: dict[str, Any], place: Callable[[str], str]) -> dict[str, Any]:
    """An item whose files have the addresses that `place` gives; what names no file is left out."""
    files = {key: {**asset, "href": place(asset["href"])} for key, asset in list_files(raw)}
    return {**raw, "assets": files}


def find_file(href: str) -> str:
    """The path of a file of this machine, also of one that its address spells in %-codes or as file://.

    Other addresses stay as they are.
    """
    path = urlsplit(href).path if href.startswith("file://") else href
    if "://" in path or Path(path).exists():
        return path
    decoded = unquote(path)
    return decoded if Path(decoded).exists() else path
