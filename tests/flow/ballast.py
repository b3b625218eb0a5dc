"""Loaded into a Dask worker by its `--preload`: it holds memory, as libraries and other work may.

`BALLAST_MIB` says how much. Every page of it is touched, so that it counts.
"""

import os

_HELD = bytearray(b"\1") * (int(os.environ["BALLAST_MIB"]) * 2**20)
