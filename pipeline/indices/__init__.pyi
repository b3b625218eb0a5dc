from . import spectral as spectral
