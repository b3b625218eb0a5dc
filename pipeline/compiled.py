"""numba, whose compiled kernels are kept apart by the source code that they come from."""

import atexit
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

import numba

from pipeline.operating_system import find_cache_folder

__all__ = ["find_cache_root", "name_cache", "numba", "part_caches"]


def part_caches() -> None:
    """Keep compiled kernels in a folder that is named by the source code of all of them.

    numba takes a kernel from its cache while the file that it stands in is as it was, though one of another
    file that it calls is not: an upgrade in place would go on with old arithmetic. The place of caches is a
    setting of numba for the whole process; NUMBA_CACHE_DIR still says where it is.
    """
    sources, options = Path(__file__).parent, vars(numba.config)
    root = Path(options["CACHE_DIR"] or find_cache_root(sources))
    options["CACHE_DIR"] = str(root / name_cache(sources))


def find_cache_root(sources: Path) -> Path:
    """Where caches may be written: beside the source code, in the user's folder for caches, or for once only.

    numba compiles nothing where it can keep nothing, as in the sandbox of a service without a home.
    """
    for root in (sources / "__pycache__", find_cache_folder()):
        if _is_writable(root):
            return root
    once = Path(tempfile.mkdtemp(prefix="ecoledger-kernels-"))
    atexit.register(shutil.rmtree, once, ignore_errors=True)
    return once


def _is_writable(folder: Path) -> bool:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return os.access(there, os.W_OK | os.X_OK)


def name_cache(sources: Path) -> str:
    """A name for what is compiled from a folder of source code: another one when any file of it changes."""
    stats = [(path.relative_to(sources).as_posix(), path.stat()) for path in sorted(sources.rglob("*.py"))]
    stamps = repr([(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats])
    return f"kernels-{hashlib.sha256(stamps.encode()).hexdigest()[:16]}"


part_caches()
