"""How a run is carried out: what is finished and what is missing, where tasks run, what became of each."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
