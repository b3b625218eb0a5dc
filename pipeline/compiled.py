"""numba, whose compiled kernels are kept apart by the source code that they come from."""

import hashlib
from pathlib import Path

import numba

__all__ = ["name_cache", "numba", "part_caches"]


def part_caches() -> None:
    """Keep compiled kernels in a folder that is named by the source code of all of them.

    numba takes a kernel from its cache while the file that it stands in is as it was, though one of another
    file that it calls is not: an upgrade in place would go on with old arithmetic. The place of caches is a
    setting of numba for the whole process; NUMBA_CACHE_DIR still says where it is.
    """
    sources, options = Path(__file__).parent, vars(numba.config)
    root = Path(options["CACHE_DIR"] or sources / "__pycache__")
    options["CACHE_DIR"] = str(root / name_cache(sources))


def name_cache(sources: Path) -> str:
    """A name for what is compiled from a folder of source code: another one when any file of it changes."""
    stats = [(path.relative_to(sources).as_posix(), path.stat()) for path in sorted(sources.rglob("*.py"))]
    stamps = repr([(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats])
    return f"kernels-{hashlib.sha256(stamps.encode()).hexdigest()[:16]}"


part_caches()
