from . import assets as assets
