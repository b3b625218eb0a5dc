from . import land_maps as land_maps
