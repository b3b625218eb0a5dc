from . import blocks as blocks
from . import workspace as workspace
