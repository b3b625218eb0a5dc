from . import delivery as delivery
from . import evidence as evidence
from . import rasters as rasters
