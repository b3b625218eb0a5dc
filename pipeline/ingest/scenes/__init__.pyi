from . import providers as providers
from . import search as search
