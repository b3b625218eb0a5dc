"""What was read from remote files, kept on disk within bounds, so that the next run reads only what is new.

An entry is a file named after what it holds. It begins with a checksum of its name and its content, so that
a torn, rotten or misplaced entry is no entry. Those not used for longest go first. Own and small, because
diskcache stores pickles, which let whoever can write the folder run code, in SQLite, which network mounts
do not bear.
"""

import hashlib
import io
import os
import threading
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_DIGEST, _LENGTH = 4, 8
_KEPT_SHARE = 0.9
_COUNTS_PER_FILL = 16
_CODEC = pa.Codec("zstd", compression_level=1)


@dataclass
class _Level:
    """Bytes in a folder as last counted, and bytes that this process has written since."""

    counted: int
    written: int = 0


class Cache:
    """A folder of entries that together stay within `most_bytes`.

    Caches that share it, in one process or in many, may each be a sixteenth above for a moment.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder, self.most_bytes = folder, most_bytes
        self._level: _Level | None = None
        self._lock = threading.Lock()

    def get(self, name: str) -> bytes | None:
        """What was put under a name; None if nothing was, or if it is no longer what was put."""
        path = self._path(name)
        try:
            stored = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        if _digest(name, stored[_DIGEST:]) != stored[:_DIGEST]:
            path.unlink(missing_ok=True)
            return None
        length = int.from_bytes(stored[_DIGEST : _DIGEST + _LENGTH], "little")
        content: bytes = _CODEC.decompress(stored[_DIGEST + _LENGTH :], length, asbytes=True)
        return content

    def put(self, name: str, content: bytes) -> None:
        """Keep something under a name; where it cannot be kept, it will be read again."""
        body = len(content).to_bytes(_LENGTH, "little") + _CODEC.compress(content, asbytes=True)
        stored = _digest(name, body) + body
        if len(stored) > self.most_bytes:
            return
        path = self._path(name)
        part = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.part")
        try:
            self._make_room(len(stored))
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(stored)
            part.replace(path)
        except OSError:
            with suppress(OSError):
                part.unlink()

    def get_array(self, name: str) -> NDArray[Any] | None:
        """What `put_array` put."""
        content = self.get(name)
        return None if content is None else np.load(io.BytesIO(content), allow_pickle=False)

    def put_array(self, name: str, numbers: NDArray[Any]) -> None:
        """Keep numbers with their shape and kind."""
        content = io.BytesIO()
        np.save(content, numbers, allow_pickle=False)
        self.put(name, content.getvalue())

    def _path(self, name: str) -> Path:
        key = hashlib.sha256(name.encode()).hexdigest()
        return self.folder / key[:2] / key[2:]

    def _make_room(self, size: int) -> None:
        """See that an entry of a size has room; the folder is counted now and then, as others write too."""
        with self._lock:
            level = self._level
            if level is None or level.written > self.most_bytes / _COUNTS_PER_FILL:
                level = _Level(sum(held for _, held, _ in self._entries()))
            if level.counted + level.written + size > self.most_bytes:
                level = _Level(self._thin(self.most_bytes * _KEPT_SHARE - size))
            level.written += size
            self._level = level

    def _thin(self, target: float) -> int:
        """Remove the entries not used for longest until the rest is within a target; bytes that are left."""
        entries = sorted(self._entries())
        left = sum(size for _, size, _ in entries)
        for _, size, path in entries:
            if left <= target:
                break
            Path(path).unlink(missing_ok=True)
            left -= size
        return left

    def _entries(self) -> list[tuple[int, int, str]]:
        """Time of last use, size and path of every entry, also of parts that a killed run left."""
        found = []
        for folder in self.folder.glob("??"):
            with os.scandir(folder) as entries:
                for entry in entries:
                    status = entry.stat()
                    found.append((status.st_mtime_ns, status.st_size, entry.path))
        return found


def _digest(name: str, content: bytes) -> bytes:
    """CRC-32 of both: it finds accidents, which is what it is for, in a tenth of the time of a hash."""
    return zlib.crc32(content, zlib.crc32(name.encode())).to_bytes(_DIGEST, "little")
