"""Downloads that are still packed, and products of other levels: what they are, and what to do with them."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.ingest.scenes.raw_items import UNREADABLE

PACKED = ("*.zip", "*.tar", "*.tgz", "*.tar.gz")
OTHER_LEVELS = ("MTD_MSIL1C.xml",)
_PRODUCT = re.compile(r"(S2[A-Z]_|L[CTEO]0[1-9]_).*")
_INSIDE = re.compile(r".*(\.SAFE/|MTD_MSIL[12]\w+\.xml|_MTL\.txt)")
_SUFFIXES = re.compile(r"(\.SAFE)?\.(zip|tar|tgz|tar\.gz)$", re.IGNORECASE)
_UNPACK = "a packed product, which is not read: unpack it here"
_LEVEL_1C = "Sentinel-2 Level-1C, which is above the atmosphere: download Level-2A"


def refuse(path: Path | str, reason: str) -> dict[str, Any]:
    """What stands for a file of which there is no item, and why."""
    return {"id": str(path), UNREADABLE: reason}


def read_package(path: Path) -> Iterator[dict[str, Any]]:
    """That a product is packed, unless it lies unpacked beside; nothing of other archives."""
    product = _SUFFIXES.sub("", path.name)
    unpacked = any((path.parent / f"{product}{suffix}").is_dir() for suffix in ("", ".SAFE"))
    if not unpacked and (_PRODUCT.fullmatch(path.name) or _holds_product(path)):
        yield refuse(path, _UNPACK)


def read_other_level(path: Path) -> Iterator[dict[str, Any]]:
    """That a product is of Level-1C."""
    yield refuse(path, _LEVEL_1C)


def _holds_product(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as content:
        return any(_INSIDE.match(name) for name in content.namelist())
