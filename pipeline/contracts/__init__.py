"""The types that flow, in the order they flow; each table is checked where it crosses a border."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
