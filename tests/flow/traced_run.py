"""Runs the command line, and writes down each function of the pipeline as it is first called.

Usage: traced_run.py TRACE WORD...
"""

import sys
import threading
from pathlib import Path
from types import CodeType, FrameType

ROOT = Path(__file__).resolve().parents[2]
_PLACE = f"{ROOT / 'pipeline'}/"
_seen: set[CodeType] = set()
_calls: list[str] = []


def note_call(frame: FrameType, event: str, _: object) -> None:
    """Note the file and the qualified name of a function, the first time."""
    code = frame.f_code
    if event == "call" and code not in _seen:
        _seen.add(code)
        if code.co_filename.startswith(_PLACE):
            _calls.append(f"{Path(code.co_filename).relative_to(ROOT).as_posix()} {code.co_qualname}\n")


def main() -> None:
    """Run with the words that follow the name of the trace."""
    trace, *words = sys.argv[1:]
    from pipeline.cli import app  # noqa: PLC0415 loaded before calls are noted

    threading.setprofile(note_call)
    sys.setprofile(note_call)
    try:
        app(words)
    finally:
        sys.setprofile(None)
        Path(trace).write_text("".join(_calls), encoding="utf-8")


if __name__ == "__main__":
    main()
