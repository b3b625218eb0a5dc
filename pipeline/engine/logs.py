"""The log of a run: one JSON object a line, each with the id of its run, in the language of its reader."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pipeline.errors import Problem, SettingsError
from pipeline.messages import Language, translate


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, run, message, and what the caller gave as `extra`."""

    _STANDARD = frozenset(logging.makeLogRecord({}).__dict__)

    def __init__(self, language: Language) -> None:
        super().__init__()
        self.language = language
        self.run = ""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        given = {key: value for key, value in record.__dict__.items() if key not in self._STANDARD}
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        message = translate(record.getMessage(), self.language)
        line = {"time": moment, "level": record.levelname, "run": self.run, "message": message}
        return json.dumps({**line, **given}, ensure_ascii=False, default=str)


@contextmanager
def open_log(path: Path | None, language: Language = "en") -> Iterator[JsonLines]:
    """The log of ecoledger, appended to a file if one is named; its `run` is set once the run has an id.

    SettingsError if the file cannot be written.
    """
    lines = JsonLines(language)
    if path is None:
        yield lines
        return
    try:
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        problem = Problem(f"--log {path}", str(error), "a file that can be written")
        raise SettingsError("The log cannot be written", [problem]) from error
    handler.setFormatter(lines)
    logger = logging.getLogger("ecoledger")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)
        handler.close()
