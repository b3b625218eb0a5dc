"""Whether the files of scenes are those that their items describe, and those that were there before.

The checksum of an item is held against files of this machine, which are read as a whole for it; of others
the size alone. What was found stays known by its versions, see `pipeline.ingest.reading.versions`.
"""

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from pipeline.contracts import Asset, Scene
from pipeline.ingest.reading.ranges import ask_version
from pipeline.ingest.reading.reader import Reader
from pipeline.ingest.reading.versions import describe_file

_LOG = logging.getLogger("ecoledger")
_HASHES = {"1114": "sha1", "1220": "sha256", "1340": "sha512", "d50110": "md5"}
"""Hashes by how a multihash of theirs begins: its code and its length."""


def watch_files(scene: Scene, reader: Reader) -> Scene:
    """A scene whose files are known by their versions, which are part of what its maps are made from."""
    files = {asset.href: asset for asset in scene.files}
    versions = dict(zip(files, _find_versions(list(files), reader), strict=True))

    def mark(asset: Asset) -> Asset:
        return replace(asset, version=versions[asset.href])

    return replace(
        scene,
        assets={band: mark(asset) for band, asset in scene.assets.items()},
        mask=mark(scene.mask) if scene.mask else None,
        saturation=mark(scene.saturation) if scene.saturation else None,
    )


def find_replaced(scenes: Iterable[Scene], reader: Reader) -> set[str]:
    """The ids of scenes of which a file is not the one that was found; files of the network are asked for.

    One that does not answer counts as it was, with a warning.
    """
    files = [(scene.id, asset) for scene in scenes for asset in scene.files if asset.version]
    versions = _find_versions([asset.href for _, asset in files], reader)
    silent = versions.count("")
    if silent:
        known = "what is known of them is used"
        _LOG.warning("%s of %s files do not tell whether they were replaced; %s", silent, len(files), known)
    pairs = zip(files, versions, strict=True)
    return {name for (name, asset), version in pairs if version not in {"", asset.version}}


def explain_content(scene: Scene) -> str:
    """Which file of a scene is not the one that its item describes, in words; empty where all are."""
    return next((told for asset in scene.files if (told := _explain_file(asset))), "")


def count_unverified(scenes: Iterable[Scene]) -> int:
    """Files of the network whose items state a checksum, which only all of their bytes could confirm."""
    return sum(bool(asset.checksum) and "://" in asset.href for scene in scenes for asset in scene.files)


def _find_versions(hrefs: Sequence[str], reader: Reader) -> list[str]:
    """The versions of files now, those of the network asked for side by side; empty where nobody tells."""
    remote = [href for href in hrefs if "://" in href]
    asked = reader.submit(partial(ask_version, reader.network), remote, network=True) if remote else []
    found = dict(zip(remote, (future.result() for future in asked), strict=True))
    return [found[href] if href in found else describe_file(href) for href in hrefs]


def _explain_file(asset: Asset) -> str:
    """Why a file cannot be the one that its item describes; empty where it may be."""
    size = int(asset.version.partition("-")[0].partition(" ")[0] or 0)
    if asset.size and size and size != asset.size:
        return f"{asset.href}: {size} bytes; its item says {asset.size}"
    name = next((name for start, name in _HASHES.items() if asset.checksum.startswith(start)), "")
    if not name or "://" in asset.href or not Path(asset.href).is_file():
        return ""
    with Path(asset.href).open("rb") as file:
        found = hashlib.file_digest(file, name).hexdigest()
    return "" if asset.checksum.endswith(found) else f"{asset.href}: {name} {found}; its item says another"
