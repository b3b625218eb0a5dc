"""How the files of a run are reached: as its provider says, beside a cache, told apart from other runs."""

from pathlib import Path
from uuid import uuid4

from pipeline.ingest.block_cache import BlockCache
from pipeline.ingest.handles import Source
from pipeline.ingest.providers import resolve
from pipeline.plan.area import Area
from pipeline.settings.access import Access
from pipeline.settings.sources import StacApi

_THIS_RUN = uuid4().hex
"""So that workers which outlive a run ask anew for what was broken in it; it enters nothing delivered."""


def source_of(area: Area) -> Source:
    """The source of an area's scenes."""
    compute = area.settings.compute
    provider = None if area.settings.simulated else resolve(area.settings.scenes.provider)
    access = provider.access if isinstance(provider, StacApi) else Access()
    folder = Path(compute.cache_folder or Path(area.settings.out) / "work" / "cache")
    return Source(access, _THIS_RUN, BlockCache(folder, compute.cache) if compute.cache else None)
