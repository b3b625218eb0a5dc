"""What a run does, in order: `page` is the whole flow, the others are its stages."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
