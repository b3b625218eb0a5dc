from . import reader as reader
from . import signing as signing
