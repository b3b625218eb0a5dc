"""A delivery made ready for the page, kept in a cache by what it holds: made once, found from then on."""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline.outputs.fact_sheets.facts import read_parcel_facts
from pipeline.outputs.published import Published
from pipeline.outputs.texts import find_text
from pipeline.outputs.view.grounds import write_grounds
from pipeline.outputs.view.parcels import write_parcels
from pipeline.outputs.view.places import write_places
from pipeline.storage.delivered import find_delivered

_VERSION = 6
"""Raised when what is made of a delivery changes."""
ABOUT = "about.json"
_KEPT_DAYS = 30
_DAY_S = 86400


def prepare_delivery(published: Published, cache: Path, rules: Mapping[str, tuple[str, str]]) -> Path:
    """The folder in a cache that holds a delivery for the page, made where it is not there yet.

    It is named by the checksum of the manifest, which holds those of all files. InputError for a delivery
    that cannot be read, or was changed since it was published.
    """
    folder = cache / _name_folder(published)
    if not (folder / ABOUT).is_file():
        part = cache / f".{folder.name}.{os.getpid()}.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        try:
            _write_delivery(published, part, rules)
            if not folder.exists():
                part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    os.utime(folder)
    return folder


def prune_cache(cache: Path) -> None:
    """Remove what no view has asked for in a month."""
    before = time.time() - _KEPT_DAYS * _DAY_S
    for folder in cache.iterdir() if cache.is_dir() else ():
        if folder.is_dir() and folder.stat().st_mtime < before:
            shutil.rmtree(folder, ignore_errors=True)


def _name_folder(published: Published) -> str:
    told = hashlib.sha256((published.folder / "manifest.json").read_bytes())
    told.update(f"{version('ecoledger')} {_VERSION} {published.language}".encode())
    return told.hexdigest()[:24]


def _write_delivery(published: Published, folder: Path, rules: Mapping[str, tuple[str, str]]) -> None:
    geopackage = published.find_file(find_delivered(published.folder, ".gpkg").name)
    facts = read_parcel_facts(published)
    about = {
        **_tell_delivery(published),
        "head": facts.head,
        "parcels": write_parcels(published, facts, geopackage, folder),
        **write_places(published, geopackage, folder, rules),
        "grounds": write_grounds(published, folder / "maps"),
    }
    text = json.dumps(about, ensure_ascii=False, allow_nan=False, default=_dump_value)
    (folder / ABOUT).write_text(text, encoding="utf-8")


def _dump_value(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(type(value).__name__)


def _tell_delivery(published: Published) -> dict[str, Any]:
    language = published.language
    return {
        "area": published.aoi,
        "name": published.name(language),
        "label": published.label,
        "stamp": find_text("simulated.label", language) if published.simulated else "",
        "as_of": f"{published.as_of:%Y-%m-%d}",
        "periods": list(published.periods),
        "counts": published.manifest.get("counts", {}),
        "bounds": [round(float(side), 6) for side in published.outline.total_bounds],
    }
