from . import account as account
from . import diff as diff
from . import estimate as estimate
from . import grade as grade
from . import headlines as headlines
from . import repeat as repeat
from . import sample as sample
from . import status as status
