from . import access as access
from . import ecological_index as ecological_index
from . import ecological_quality as ecological_quality
from . import gdp_gep as gdp_gep
from . import rights as rights
from . import species as species
from . import targets as targets
