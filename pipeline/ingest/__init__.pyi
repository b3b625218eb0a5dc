from . import labels as labels
from . import layers as layers
from . import parcels as parcels
from . import reading as reading
from . import samples as samples
from . import scenes as scenes
