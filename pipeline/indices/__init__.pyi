from . import classifier as classifier
from . import spectral as spectral
