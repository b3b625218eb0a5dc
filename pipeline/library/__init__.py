"""What analysts import: deliveries, scenes, series and maps, and every command as a function.

Nothing here prints or exits. The public names stand in `pipeline/__init__.pyi`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
