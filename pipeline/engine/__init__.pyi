from . import schedulers as schedulers
from . import slurm as slurm
