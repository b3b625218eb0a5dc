"""What a run keeps: artifacts named by their cause, the ledger, stores of blocks, tables, publishing."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
