from . import aoi as aoi
from . import commands as commands
from . import engine as engine
from . import flow as flow
from . import indices as indices
from . import legends as legends
from . import rights_registry as rights_registry
from . import settings as settings
from . import storage as storage

__version__: str
