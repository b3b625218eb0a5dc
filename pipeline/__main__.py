"""Where a command begins: until it watches signals itself, Ctrl-C ends it without a traceback."""

import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)

from pipeline.cli import main  # noqa: E402 takes a third of a second, in which Python would answer the signal

__all__ = ["main"]

if __name__ == "__main__":
    main()
