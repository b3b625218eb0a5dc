"""Scenes: where they are found, what an item means, which are taken, what a sensor is."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
