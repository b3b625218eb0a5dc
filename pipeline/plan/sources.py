"""How the files of a run are reached: by what its provider says, told apart from other runs."""

from uuid import uuid4

from pipeline.ingest.assets import Source
from pipeline.ingest.providers import resolve
from pipeline.plan.area import Area
from pipeline.settings.access import Access
from pipeline.settings.sources import StacApi

_THIS_RUN = uuid4().hex
"""So that workers which outlive a run ask anew for what was broken in it; it enters nothing delivered."""


def source_of(area: Area) -> Source:
    """The source of an area's scenes."""
    scenes = area.settings.scenes
    provider = None if area.settings.simulated else resolve(scenes.provider)
    return Source(provider.access if isinstance(provider, StacApi) else Access(), _THIS_RUN)
