from . import ecological_index as ecological_index
from . import ecological_quality as ecological_quality
