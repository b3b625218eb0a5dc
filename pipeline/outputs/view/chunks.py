"""Data as scripts: what a page takes in from a folder without a server, where it may not fetch files.

A chunk is a script that hands over a few blobs, `ecoChunk({"keys": [...], "sizes": [...], "body": "..."})`,
whose bytes stand one after the other in `body`, gzip, base64. The page finds the chunk of a key by the first
keys of all chunks, which rise.
"""

import base64
import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

CHUNK_BYTES = 1 << 19
"""A chunk is closed when it holds so much."""

Blob = tuple[int, bytes]
"""A key, and what it stands for."""


def write_chunks(blobs: Iterable[Blob], folder: Path, limit: int = CHUNK_BYTES) -> list[int]:
    """Write blobs, whose keys rise, as `0.js`, `1.js` and so on; the first key of each."""
    folder.mkdir(parents=True)
    firsts = []
    for number, chunk in enumerate(_gather(blobs, limit)):
        (folder / f"{number}.js").write_text(_dump_chunk(chunk), encoding="ascii")
        firsts.append(chunk[0][0])
    return firsts


def _gather(blobs: Iterable[Blob], limit: int) -> Iterator[list[Blob]]:
    chunk: list[Blob] = []
    size = 0
    for key, content in blobs:
        if chunk and size + len(content) > limit:
            yield chunk
            chunk, size = [], 0
        chunk.append((key, content))
        size += len(content)
    if chunk:
        yield chunk


def _dump_chunk(chunk: list[Blob]) -> str:
    body = gzip.compress(b"".join(content for _, content in chunk), mtime=0)
    told = {
        "keys": [key for key, _ in chunk],
        "sizes": [len(content) for _, content in chunk],
        "body": base64.b64encode(body).decode("ascii"),
    }
    return f"ecoChunk({json.dumps(told, separators=(',', ':'))});\n"


def number_tile(z: int, x: int, y: int) -> int:
    """The key of a tile: those of a zoom stand after all below it, neighbours near each other (Morton)."""
    before: int = (4**z - 1) // 3
    return before + sum(((x >> bit & 1) | (y >> bit & 1) << 1) << 2 * bit for bit in range(z))
