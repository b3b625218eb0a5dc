"""The log of a run: one JSON object a line, each with the id of its run."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from pipeline.errors import Problem, SettingsError
from pipeline.messages import Language, translate
from pipeline.operating_system import open_at_once
from pipeline.redaction import redact

_LONGEST_LINE = 2**16


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, run, message, and what the caller gave as `extra`.

    `loss` is why lines were lost, empty where none was.
    """

    _STANDARD = frozenset(logging.makeLogRecord({}).__dict__)

    def __init__(self, language: Language) -> None:
        super().__init__()
        self.language = language
        self.run = ""
        self.loss = ""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        given = {key: value for key, value in record.__dict__.items() if key not in self._STANDARD}
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        message = redact(record.getMessage())
        if record.levelno >= logging.WARNING:
            message = translate(message, self.language)
        line = {"time": moment, "level": record.levelname, "run": self.run, "message": message}
        given = {key: redact(value) if isinstance(value, str) else value for key, value in given.items()}
        return json.dumps({**line, **given}, ensure_ascii=False, default=str)


class _LogFile(logging.StreamHandler[TextIO]):
    """A file that lines are put behind; of one that takes no more of them `lines.loss` says why.

    A named pipe is written to where somebody reads it, and never waited for.
    """

    def __init__(self, path: Path, lines: JsonLines) -> None:
        super().__init__(open(path, "a", encoding="utf-8", opener=open_at_once))  # noqa: SIM115 closed below
        self.setFormatter(lines)
        self._lines = lines

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 as logging calls it
        """Note that a line is lost; the run goes on."""
        self._lines.loss = self._lines.loss or str(sys.exc_info()[1])

    def close(self) -> None:
        """Close the file; lines that it does not take any more are lost."""
        with suppress(OSError):
            self.stream.close()
        super().close()


def _may_be_log(path: Path) -> bool:
    """Whether lines may be appended to a path: to nothing, an empty file, a log, or what is no file."""
    if not path.is_file():
        return True
    with path.open(encoding="utf-8", errors="replace") as file:
        first = file.readline(_LONGEST_LINE)
    return not first.strip() or (first.startswith("{") and '"level": ' in first)


@contextmanager
def open_log(path: Path | None, language: Language = "en") -> Iterator[JsonLines]:
    """The log of ecoledger, appended to a file if one is named; its `run` is set once the run has an id.

    SettingsError if the file cannot be written.
    """
    lines = JsonLines(language)
    if path is None:
        yield lines
        return
    if not _may_be_log(path):
        problem = Problem(f"--log {path}", "a file that is no log", "a log of ecoledger, or a new file")
        raise SettingsError("The log cannot be written", [problem])
    try:
        handler = _LogFile(path, lines)
    except OSError as error:
        problem = Problem(f"--log {path}", str(error), "a file that can be written")
        raise SettingsError("The log cannot be written", [problem]) from error
    logger = logging.getLogger("ecoledger")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)
        handler.close()
