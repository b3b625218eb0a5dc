"""How files of scenes are read: hosts, handles, headers, tiles, ranges; looks and bands of a block."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
