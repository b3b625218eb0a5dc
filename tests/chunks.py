"""Chunks of a view read back, as its page does."""

import base64
import gzip
import json
from pathlib import Path

START, END = "ecoChunk(", ");\n"


def open_chunk(path: Path) -> dict[int, bytes]:
    """The blobs of a chunk by key."""
    text = path.read_text("ascii")
    assert text.startswith(START)
    assert text.endswith(END)
    told = json.loads(text.removeprefix(START).removesuffix(END))
    body = gzip.decompress(base64.b64decode(told["body"]))
    assert len(body) == sum(told["sizes"])
    blobs, start = {}, 0
    for key, size in zip(told["keys"], told["sizes"], strict=True):
        blobs[key] = body[start : start + size]
        start += size
    return blobs


def open_chunks(folder: Path) -> dict[int, bytes]:
    """The blobs of all chunks of a folder."""
    count = len(list(folder.iterdir()))
    return {key: blob for n in range(count) for key, blob in open_chunk(folder / f"{n}.js").items()}
