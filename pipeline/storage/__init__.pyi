from . import workspace as workspace
