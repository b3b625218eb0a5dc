from . import access as access
from . import ecological_sources as ecological_sources
from . import gdp_gep as gdp_gep
from . import health as health
from . import rights as rights
from . import species as species
from . import targets as targets
