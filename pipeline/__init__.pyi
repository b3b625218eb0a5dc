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
from .library.scenes import load_scenes as load_scenes
from .library.scenes import read_scene_table as read_scene_table
from .library.scenes import search_scenes as search_scenes
from .library.series import time_series as time_series
from .library.spectral import compute_index as compute_index

__version__: str
