"""The land register and the layers that restrict use: vector files, normalised once at the door.

`vectors` opens files and reads their rows, some at a time (`geoparquet` those of that format), `encoding`
finds out how text was written, `placement` where coordinates lie, `columns` what columns mean, `values` what
cells say, `holders` hides names of people, `links` joins the tables of a registry that hang on its units.
`land_register` puts them together; `restricting` reads polygons of restrictions, `named_polygons` those that
have names, such as towns.
"""

from pipeline.ingest.parcels.columns import ATTRIBUTES, EXTRAS
from pipeline.ingest.parcels.land_register import KEYS, NOTES, Elsewhere, LandRegister, read_parcels
from pipeline.ingest.parcels.restricting import read_restricting

__all__ = [
    "ATTRIBUTES",
    "EXTRAS",
    "KEYS",
    "NOTES",
    "Elsewhere",
    "LandRegister",
    "read_parcels",
    "read_restricting",
]
