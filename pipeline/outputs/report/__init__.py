"""The report of a delivery: one HTML file that needs nothing but itself."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
