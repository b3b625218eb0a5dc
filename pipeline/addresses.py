"""Addresses with secrets in them: told by what may be told of them, whole in memory alone.

`${NAME}` stays where the environment gave a part of one; users, queries and named fragments are left out.
"""

import hashlib
import re
import threading
from typing import Any, Self
from urllib.parse import quote, urlsplit

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from pipeline.redaction import LEAST_LETTERS, LEFT_OUT, hide, hide_address, redact

VARIABLE = re.compile(r"\$\{(\w+)\}")
"""What takes a variable of the environment."""

_NETWORK = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_DOUBLED = re.compile(r"^[a-z][a-z0-9+.-]*://(?=[a-z][a-z0-9+.-]*://)", re.IGNORECASE)
_MARK = f"?{LEFT_OUT}"
_WORK = {"n": 2**12, "r": 8, "p": 1}


class Filled(str):
    """A text of a config with its variables filled in; `template` is it as it is written."""

    __slots__ = ("template",)
    template: str

    def __new__(cls, text: str, template: str = "") -> Self:
        """A text, and how it is written."""
        made = super().__new__(cls, text)
        made.template = template or text
        return made


class Address(str):
    """An address as it may be told; `filled` is what is asked for, which no text or file ever holds.

    Written, logged, compared and kept it is what may be told.
    """

    __slots__ = ("filled",)
    filled: str

    def __new__(cls, told: str, filled: str = "") -> Self:
        """What is told, and what is asked for where that is another."""
        made = super().__new__(cls, told)
        made.filled = filled or told
        return made

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(cls._take, handler(str))

    @classmethod
    def _take(cls, value: Any, check: core_schema.ValidatorFunctionWrapHandler) -> "Address":
        text = check(value)
        return value if isinstance(value, cls) else seal(text, getattr(value, "template", text))


class _Known:
    """Whole addresses by what is told of them, and the values of variables in addresses, of this process."""

    def __init__(self) -> None:
        self.addresses: dict[str, str] = {}
        self.values: dict[str, str] = {}
        self.lock = threading.Lock()


_KNOWN = _Known()


def hide_variable(name: str, value: str) -> None:
    """Let a value that the environment gives to an address be told by its name from now on."""
    with _KNOWN.lock:
        _KNOWN.values[name] = value
    hide(value, f"${{{name}}}")


def seal(filled: str, template: str) -> Address:
    """The address of a config that is written as a template; one of this machine is told as it is."""
    whole = _fill_variables(filled)
    if not _NETWORK.match(whole):
        return Address(whole)
    hide_address(whole)
    scheme = _NETWORK.match(whole)
    assert scheme
    told = template if _NETWORK.match(template) else f"{scheme[0]}{template}"
    return Address(_leave_out(told), whole)


def seal_href(href: str, name: str) -> str:
    """The address of a file that a catalogue names, to be filled again by `recall`.

    `name` tells it from others whose addresses differ in nothing that may be told.
    """
    if not _NETWORK.match(href):
        return href
    hide_address(href)
    told = href.replace("${", "$%7B")
    for variable, value in sorted(_KNOWN.values.items(), key=lambda one: -len(one[1])):
        if len(value) >= LEAST_LETTERS:
            told = told.replace(value, f"${{{variable}}}")
    whole = href if told == href else _fill_variables(told)
    plain = redact(told)
    if plain == href:
        return href
    if plain != told or whole != href:
        plain = f"{plain}{_MARK}{quote(name, safe='/')}"
        with _KNOWN.lock:
            _KNOWN.addresses[plain] = href
    return Address(plain, href)


def recall(told: str) -> str:
    """An address that was kept, with all that this process knows of it."""
    if isinstance(told, Address):
        return told
    if (whole := _KNOWN.addresses.get(told)) is not None:
        return Address(told, whole)
    whole = _fill_variables(told)
    return told if whole == told else Address(told, whole)


def fill(address: str) -> str:
    """What is asked for at an address."""
    return address.filled if isinstance(address, Address) else address


def is_lost(address: str) -> bool:
    """Whether what was left out of an address is known no more."""
    return _MARK in fill(recall(address))


def digest(address: str) -> str:
    """What tells whether an address is the one of before, though what is told of it is the same; '' of none.

    By scrypt, as a password may be in it.
    """
    whole = fill(address)
    if whole == address:
        return ""
    return hashlib.scrypt(whole.encode(), salt=address.encode(), **_WORK).hex()


def _fill_variables(text: str) -> str:
    filled = VARIABLE.sub(lambda found: _KNOWN.values.get(found[1], found[0]), text)
    return _DOUBLED.sub("", filled)


def _leave_out(template: str) -> str:
    """A template without what stands in it itself of user, query and fragment; `${NAME}` may be told."""
    parts = urlsplit(template)
    user, _, place = parts.netloc.rpartition("@")
    told = parts._replace(
        netloc=f"{_cover(user, ':')}@{place}" if user else place,
        query="&".join(map(_cover_value, parts.query.split("&"))) if parts.query else "",
        fragment="",
    )
    return told.geturl()


def _cover(text: str, mark: str) -> str:
    return mark.join(part if VARIABLE.fullmatch(part) else LEFT_OUT for part in text.split(mark))


def _cover_value(pair: str) -> str:
    name, equals, value = pair.partition("=")
    return f"{name}={_cover(value, '&')}" if equals else _cover(pair, "&")
