"""How the files of a run are reached: as its provider says, beside a cache, told apart from other runs."""

from pathlib import Path
from uuid import uuid4

from pipeline.engine.study import Study
from pipeline.ingest.reading.block_cache import BlockCache
from pipeline.ingest.reading.handles import Source
from pipeline.ingest.scenes.providers import resolve
from pipeline.settings.access import Access
from pipeline.settings.sources import StacApi

_THIS_RUN = uuid4().hex
"""So that workers which outlive a run ask anew for what was broken in it; it enters nothing delivered."""


def source_of(study: Study) -> Source:
    """The source of an area's scenes."""
    compute = study.settings.compute
    provider = None if study.settings.simulated else resolve(study.settings.scenes.provider)
    access = provider.access if isinstance(provider, StacApi) else Access()
    folder = Path(compute.cache_folder or Path(study.settings.out) / "work" / "cache")
    return Source(access, _THIS_RUN, BlockCache(folder, compute.cache) if compute.cache else None)
