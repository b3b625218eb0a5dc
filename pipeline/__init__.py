"""Scenes, samples and land parcels in; the ecological product inventory with its evidence out.

What is named through the house (`pipeline.flow.deliver_all`), or through a room that lists it, is imported as
it is used: the command line answers at once. What is imported by name is imported at once.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
