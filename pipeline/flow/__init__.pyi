from . import page as page
from . import section_words as section_words
from . import steps as steps
from . import study_checks as study_checks
from . import validation as validation
from .deliveries import Delivered as Delivered
from .deliveries import deliver as deliver
from .deliveries import deliver_all as deliver_all
