"""How the files of a run are reached: as its provider says, beside a cache, told apart from other runs."""

from pathlib import Path

from pipeline import ingest
from pipeline.ingest.reading.gate import ANYWHERE, Gate
from pipeline.ingest.reading.readers import Source
from pipeline.settings import Settings
from pipeline.settings.access import Access
from pipeline.settings.sources import StacApi


def find_source(settings: Settings) -> Source:
    """What makes the Reader of a new run."""
    compute = settings.compute
    provider = None if settings.simulated else ingest.scenes.providers.resolve(settings.scenes.provider)
    access = provider.access if isinstance(provider, StacApi) else Access()
    folder = Path(compute.cache_folder or Path(settings.out) / "work" / "cache")
    gate = Gate.of(provider) if provider else ANYWHERE
    return Source(access, folder if compute.cache else None, compute.cache, gate)
