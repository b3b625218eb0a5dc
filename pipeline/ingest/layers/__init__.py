"""Rasters on the grid, whatever they are: one door for elevation, rain, soil and existing maps.

`layer` is what a raster has to be (an entry) and what one says of itself; `files`, `variables` and `mosaics`
open those of GDAL, of NetCDF and Zarr, and of STAC collections; `door` picks among these. `gridding` brings
what is open onto a block, by the loops of `kernels`. `land_maps` are existing maps of land cover.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
