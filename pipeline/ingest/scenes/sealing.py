"""Items without what their addresses carry of secrets, as they are kept; whole in memory alone."""

from typing import Any

from pipeline.addresses import Address, fill, seal_href
from pipeline.ingest.scenes.addresses import split_band
from pipeline.ingest.scenes.archives import RawItem
from pipeline.ingest.scenes.raw_items import list_files
from pipeline.redaction import redact


def seal_item(raw: RawItem) -> RawItem:
    """An item whose files can be asked for in this process, and which tells no secret where it is written.

    Halves of characters, which JSON may hold and no file can, are marks of replacement in it.
    """
    files = {
        _mend(key): {
            **_seal_texts(asset),
            "href": _seal_file(_mend(asset["href"]), _mend(f"{raw.get('id')}/{key}")),
        }
        for key, asset in list_files(raw)
    }
    sealed: RawItem = _seal_texts({key: value for key, value in raw.items() if key != "assets"})
    return {**sealed, "assets": files} if "assets" in raw else sealed


def _seal_file(href: str, name: str) -> str:
    file, band = split_band(href)
    sealed = seal_href(file, name)
    return Address(f"{sealed}#{band}", f"{fill(sealed)}#{band}") if band else sealed


def _seal_texts(said: Any) -> Any:
    """What an item says, its addresses without secrets."""
    if isinstance(said, dict):
        return {_mend(key): _seal_texts(value) for key, value in said.items()}
    if isinstance(said, list):
        return [_seal_texts(value) for value in said]
    if not isinstance(said, str):
        return said
    return redact(_mend(said)) if "://" in said else _mend(said)


def _mend(text: str) -> str:
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
