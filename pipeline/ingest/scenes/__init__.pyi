from . import choice as choice
from . import contents as contents
from . import providers as providers
from . import search as search
