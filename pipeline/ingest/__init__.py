"""What comes in from the world: scenes, layers, tables of offices, parcels; normalised once, at the door."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
