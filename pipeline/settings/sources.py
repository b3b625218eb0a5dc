"""Where scenes come from: a STAC API, a static catalogue or a folder; entries of configs/providers.yaml."""

from typing import Annotated, Any, Literal

import yaml
from pydantic import Field

from pipeline.addresses import Address, digest
from pipeline.aoi import PROJECT_ROOT
from pipeline.settings.access import Access
from pipeline.settings.paths import ConfigAddress, ConfigPath
from pipeline.settings.strict import Strict

Mission = Literal["sentinel-2", "landsat-4", "landsat-5", "landsat-7", "landsat-8", "landsat-9"]

INSTRUMENTS: dict[Mission, str] = {
    "sentinel-2": "MSI",
    "landsat-4": "TM",
    "landsat-5": "TM",
    "landsat-7": "TM",
    "landsat-8": "OLI",
    "landsat-9": "OLI",
}
"""Missions of one entry see alike; ETM+ of Landsat 7 counts as TM."""


class StaticCatalog(Strict):
    """A static STAC catalogue: the path or URL of its catalog.json.

    Its files come from below its folder or from its own host, and from `allowed_hosts`, patterns of hosts, of
    buckets for s3://, and `allowed_folders` of this machine.
    """

    static: ConfigAddress
    allowed_hosts: tuple[str, ...] = ()
    allowed_folders: tuple[ConfigPath, ...] = ()


class LocalArchive(Strict):
    """A folder of downloaded scenes.

    STAC item JSONs beside their files, Landsat Collection 2 Level-2 folders, or Sentinel-2 L2A SAFE folders,
    at any depth. `allowed_hosts` and `allowed_folders` as of a static catalogue, for items whose files are
    not beside them.
    """

    local: ConfigPath
    allowed_hosts: tuple[str, ...] = ()
    allowed_folders: tuple[ConfigPath, ...] = ()


class StacApi(Strict):
    """A STAC API: its URL, and by mission the collections to search, the preferred one first.

    Of an acquisition that several of them hold, the item of the first is taken. `alternate` names the
    entry of an asset's `alternate` whose address is taken where there is one, such as s3. `access` says
    where files may come from and what opens them.
    """

    api: Address
    collections: dict[Mission, Annotated[list[str], Field(min_length=1)]] = {
        "sentinel-2": ["sentinel-2-c1-l2a", "sentinel-2-l2a"],
        "landsat-4": ["landsat-c2-l2"],
        "landsat-5": ["landsat-c2-l2"],
        "landsat-7": ["landsat-c2-l2"],
        "landsat-8": ["landsat-c2-l2"],
        "landsat-9": ["landsat-c2-l2"],
    }
    alternate: str | None = None
    access: Access = Access()


Provider = StaticCatalog | StacApi | LocalArchive


def digest_place(provider: Provider) -> str:
    """What tells whether a provider is asked as before, by the same secrets; '' where there are none."""
    if isinstance(provider, LocalArchive):
        return digest(provider.local)
    return digest(provider.static if isinstance(provider, StaticCatalog) else provider.api)


def load_providers() -> dict[str, Provider]:
    """The providers of configs/providers.yaml by name."""
    content = yaml.safe_load((PROJECT_ROOT / "configs" / "providers.yaml").read_text(encoding="utf-8"))
    return {name: _read_provider(fields) for name, fields in content.items()}


def _read_provider(fields: dict[str, Any]) -> Provider:
    kinds: dict[str, type[Provider]] = {"api": StacApi, "static": StaticCatalog, "local": LocalArchive}
    kind = next((kinds[key] for key in fields if key in kinds), StacApi)
    return kind.model_validate(fields)
