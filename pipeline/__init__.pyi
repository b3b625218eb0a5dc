from . import aoi as aoi
from . import commands as commands
from . import engine as engine
from . import flow as flow
from . import indices as indices
from . import legends as legends
from . import library as library
from . import rights_registry as rights_registry
from . import settings as settings
from . import storage as storage
from .library.delivery import Delivery as Delivery
from .library.delivery import list_deliveries as list_deliveries
from .library.delivery import open_composite as open_composite
from .library.delivery import open_delivery as open_delivery

__version__: str
