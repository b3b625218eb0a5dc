from . import ecological_sources as ecological_sources
