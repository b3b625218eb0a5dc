from .rows import read_rows as read_rows
from .tables import table as table
