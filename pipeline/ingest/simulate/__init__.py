"""A world known by formula over each area, seen through the files that the real world would send.

Scenes (a static STAC catalogue of tiled GeoTIFF), water samples and a land register, and for accounts
elevation, climate, soil, towns, projects, statistics, prices and parameters, all labelled simulated, and
beside them the truth that a pipeline should find. Everything follows from the area's id and a seed; the same
call gives the same bytes.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
