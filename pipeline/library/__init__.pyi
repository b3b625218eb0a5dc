from . import delivery as delivery
from . import evidence as evidence
from . import rasters as rasters
from . import scenes as scenes
from . import series as series
from . import spectral as spectral
