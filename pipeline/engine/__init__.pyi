from . import clusters as clusters
from . import journal as journal
from . import logs as logs
from . import notice as notice
from . import progress as progress
from . import run as run
from . import schedulers as schedulers
from . import slurm as slurm
