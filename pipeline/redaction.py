"""What must not be told: secrets that this process knows, and texts without them.

A secret is hidden as soon as it is known, and left out wherever words are made for people or files: in
errors, in logs, in tracebacks.
"""

import base64
import logging
import os
import re
import sys
import threading
import traceback
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

LEFT_OUT = "..."
"""What stands for a secret that has no name."""

LOGGERS = ("rasterio._env", "rasterio._err", "urllib3.connectionpool", "distributed.worker")
"""Of libraries that log addresses."""

LEAST_LETTERS, _LONG = 5, 8
"""Letters of a secret: what is shorter is none, and under the second one only as a word of its own."""
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_PROXY = re.compile(r"(?:https?|all|ftp)_proxy", re.IGNORECASE)
_SECRETIVE = re.compile(r"auth|cred|key|pass|pwd|sas|secret|sig|token|(?:^|_)[as]k$", re.IGNORECASE)
"""Names of parameters of a query whose values are no one's business."""
_ADDRESS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]{0,31}://)(?P<rest>[^\s'\"<>\\]+)", re.IGNORECASE)
_USER = re.compile(r"^[^/?#]*@")
_TAIL = re.compile(r"\?.*|#.*=.*", re.DOTALL)
_QUERY = re.compile(r"\?[^\s'\"<>]*")
_OURS = "ecoledger"


class _Hidden:
    """The secrets of this process by each form in which they may be met, and the one pattern of all."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None
        self._lock = threading.Lock()

    def add(self, value: str, name: str) -> None:
        with self._lock:
            forms = {form.casefold(): name for form in _list_forms(value) if len(form) >= LEAST_LETTERS}
            if forms.keys() <= self.names.keys():
                return
            self.names = {**self.names, **forms}
            longest_first = sorted(self.names, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(_find_form, longest_first)), re.IGNORECASE)

    def cover(self, text: str) -> str:
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: self.names.get(found[0].casefold(), LEFT_OUT), text)


_HIDDEN = _Hidden()


def hide(value: str, name: str = LEFT_OUT) -> None:
    """Let a secret be told by its name from now on, however it is spelt; what has under 5 letters is none."""
    _HIDDEN.add(value, name)


def hide_address(address: str) -> None:
    """Hide the user, the password and the keys that an address names."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return
    user = parts.netloc.rpartition("@")[0]
    for secret in (unquote(user), unquote(user.partition(":")[2])):
        hide(secret)
    for name, value in (*parse_qsl(parts.query), *parse_qsl(parts.fragment)):
        if _SECRETIVE.search(name):
            hide(value)


def hide_environment() -> None:
    """Hide the keys of S3 and the users of proxies that the environment names."""
    for name, value in os.environ.items():
        if name in _KEYS:
            hide(value, f"${{{name}}}")
        elif _PROXY.fullmatch(name):
            hide_address(value)


def redact(text: str) -> str:
    """A text without hidden secrets, and without user, query and named fragment of the addresses in it."""
    return _HIDDEN.cover(_ADDRESS.sub(_strip, text))


def strip_queries(text: str) -> str:
    """A text of a library without what stands behind a `?`, also of an address that lacks its host."""
    return _QUERY.sub("", redact(text))


class Redaction(logging.Filter):
    """Takes queries and secrets out of what libraries log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Yes, with nothing secret left in it."""
        record.msg, record.args = strip_queries(record.getMessage()), ()
        return True


REDACTION = Redaction()


def watch_libraries() -> None:
    """Let libraries that log addresses tell no secret."""
    hide_environment()
    for name in LOGGERS:
        logging.getLogger(name).addFilter(REDACTION)


def watch_program() -> None:
    """Let nothing that this program logs, and no traceback of it, tell a secret."""
    hide_environment()
    logging.setLogRecordFactory(_Record)
    sys.excepthook = _print_traceback
    threading.excepthook = _print_thread_traceback


class _Record(logging.LogRecord):
    """What is logged, without secrets; of a library also without queries."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ours = str(self.name).partition(".")[0] == _OURS
        self.msg, self.args = (redact if ours else strip_queries)(super().getMessage()), ()
        if self.exc_info:
            self.exc_text = strip_queries("".join(traceback.format_exception(*self.exc_info)).rstrip())


def _print_traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.stderr.write(strip_queries("".join(traceback.format_exception(kind, error, trace))))


def _print_thread_traceback(told: threading.ExceptHookArgs) -> None:
    if told.exc_value is not None and told.exc_type is not SystemExit:
        _print_traceback(told.exc_type, told.exc_value, told.exc_traceback)


def _strip(found: re.Match[str]) -> str:
    return found["scheme"] + _TAIL.sub("", _USER.sub("", found["rest"]))


def _find_form(form: str) -> str:
    """The pattern of a form of a secret."""
    return re.escape(form) if len(form) >= _LONG else rf"(?<![^\W_]){re.escape(form)}(?![^\W_])"


def _list_forms(value: str) -> set[str]:
    """A value as it is, %-coded in both ways, and in base64, where it is not padded alike."""
    coded = (value.encode(), f"{value}\n".encode())
    packed = {way(one).decode().rstrip("=") for way in _WAYS for one in coded}
    return {value, quote(value), quote(value, safe=""), quote_plus(value), *packed}


_WAYS = (base64.b64encode, base64.urlsafe_b64encode)
