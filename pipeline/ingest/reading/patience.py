"""How long an answer is waited for, and how much of it is taken."""

import time

import urllib3

LONGEST_PAUSE_S = 120
"""A host that asks to be left alone for longer is asked after that all the same."""
_PIECE_BYTES = 2**16
_PATIENCE_S, _LEAST_BYTES_A_S = 60.0, 2**15
"""So long an answer is waited for, and longer as long as it comes at a pace."""


def read_body(answer: urllib3.BaseHTTPResponse, most_bytes: int, patience_s: float | None = None) -> bytes:
    """What an answer holds, unpacked; OSError where it is longer, or comes more slowly than is waited for."""
    patience_s = _PATIENCE_S if patience_s is None else patience_s
    begun, size, pieces = time.monotonic(), 0, []
    while piece := answer.read1(_PIECE_BYTES, decode_content=True):
        pieces.append(piece)
        size += len(piece)
        if size > most_bytes:
            answer.close()
            raise OSError(f"the answer is longer than {most_bytes} bytes")
        if time.monotonic() - begun > patience_s + size / _LEAST_BYTES_A_S:
            answer.close()
            raise OSError(f"only {size} bytes came within {patience_s:.0f} s")
    return b"".join(pieces)
