"""How an area does: `part` says what a part is, `registry` lists them, `entries` has a file of each.

A module for each part does its work; it is imported once a run asks for the part.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
