"""The one gate for addresses: what may be asked for or opened, judged before GDAL or any client sees it.

Catalogues, items, files, next pages and redirects of a provider pass here, each hop of them. Over HTTP GDAL
fetches nothing by itself: it follows redirects, and cannot be told not to.
"""

import ipaddress
import os
import re
import socket
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from urllib3.util import parse_url

from pipeline.addresses import fill
from pipeline.contracts import Scene
from pipeline.errors import BrokenAsset, InputError, Problem
from pipeline.redaction import redact
from pipeline.settings.sources import LocalArchive, Provider, StacApi

_SHOWN = 10
_SCHEMES = ("http://", "https://", "s3://")
_ALLOWED = ("allowed_hosts", "allowed_folders")
_WILD = frozenset("*?[")
_AUTHORITY = re.compile(r"\w+://[^\s\\/?#]+(?=[/?#]|$)")
"""How an address of the network begins whose host every client reads alike: a backslash ends it for some."""
_BUCKET = re.compile(r"s3://[\w.-]+(/|$)", re.IGNORECASE | re.ASCII)
_UPWARD = re.compile(r"(^|/)\.\.?(/|$)")
_CARRIERS = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))
"""Addresses of IPv6 whose end is one of IPv4 that gateways lead to."""
_BY_NAME = re.compile(r"/vsi|[A-Za-z][\w+.-]+:|<")
"""How an address begins that GDAL would take for more than a path: a handler, a driver, a document."""


@dataclass(frozen=True)
class Gate:
    """Where files may come from: patterns of `hosts` (of buckets for s3://), `folders` of this machine.

    A host that a pattern with a wildcard lets pass must have no `private` address, unless these may pass.
    """

    hosts: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    private: bool = False

    @classmethod
    def of(cls, provider: Provider) -> "Gate":
        """The gate for files of a provider: of its own host or folder, and of those that are allowed.

        An API that names hosts in `access.hosts` is held to them.
        """
        if isinstance(provider, StacApi):
            access = provider.access
            return cls(access.hosts or (find_host(provider.api),), _list_folders(access.folders))
        hosts, folders = provider.allowed_hosts, _list_folders(provider.allowed_folders)
        if isinstance(provider, LocalArchive):
            return cls(hosts, (*_list_folders([provider.local]), *folders))
        if is_fetched(provider.static):
            return cls((find_host(provider.static), *hosts), folders)
        return cls(hosts, (_find_folder(provider.static), *folders))

    @classmethod
    def of_search(cls, api: StacApi) -> "Gate":
        """The gate for what an API answers with: of its own host, and of the hosts of its files."""
        return cls((find_host(api.api), *api.access.hosts))

    def find_stranger(self, href: str) -> str:
        """What an address leads to that is not the provider's: a host, a folder, a way of GDAL; else ''."""
        href = fill(href)
        if is_fetched(href):
            host = find_host(href)
            if not host:
                return href.split("/")[0]
            patterns = [one for one in self.hosts if fnmatch(host, one.lower())]
            named = self.private or any(not _WILD & set(one) for one in patterns)
            return "" if named or (patterns and not _is_private(host)) else host
        path = href.removeprefix("file://")
        if way := _BY_NAME.match(path):
            return path.split("/")[1] if way[0] == "/vsi" else way[0]
        return "" if any(_is_below(path, folder) for folder in self.folders) else _find_folder(path)

    def let_pass(self, href: str) -> str:
        """An address that may be asked for or opened; BrokenAsset of any other."""
        self.refuse_stranger(href, f"{redact(href)}: ")
        return href

    def refuse_stranger(self, href: str, name: str = "") -> None:
        """BrokenAsset where an address may not pass; without its name nothing is told of it but its host."""
        if stranger := self.find_stranger(href):
            allowed = ", ".join((*self.hosts, *self.folders)) or "none"
            raise BrokenAsset(f"{name}{stranger} is not of the provider, whose are {allowed}")


ANYWHERE = Gate(("*",), (os.sep,), private=True)
"""Lets pass all that has an address of its own."""


def refuse_strangers(provider: Provider, scenes: Iterable[Scene]) -> None:
    """InputError where files of scenes do not lie with their provider: each host and folder once."""
    gate = Gate.of(provider)
    strange: dict[str, list[str]] = defaultdict(list)
    for scene in scenes:
        for href in scene.hrefs:
            if stranger := gate.find_stranger(href):
                strange[stranger].append(href)
    if strange:
        raise explain_strangers(provider, {name: strange[name] for name in sorted(strange)[:_SHOWN]})


def explain_strangers(provider: Provider, strange: dict[str, list[str]]) -> InputError:
    """The error for addresses by what they lead to that is not the provider's."""
    gate = Gate.of(provider)
    expected = f"files at {', '.join((*gate.hosts, *gate.folders)) or 'no host but this machine'}"
    keys = ("access.hosts", "access.folders") if isinstance(provider, StacApi) else _ALLOWED
    problems = [
        Problem(
            "scenes.provider",
            f"{len(hrefs)} addresses at {name}, such as {redact(hrefs[0])}",
            expected,
            _advise(name, hrefs[0], keys),
        )
        for name, hrefs in strange.items()
    ]
    return InputError("Scenes lie where their provider does not", problems)


def is_fetched(href: str) -> bool:
    """Whether an address is one of the network."""
    return href.lower().startswith(_SCHEMES)


def find_host(href: str) -> str:
    """The host of an address of the network; of s3:// the bucket. Empty where clients differ."""
    return _read_host(fill(href))


@lru_cache(maxsize=4096)
def _read_host(address: str) -> str:
    try:
        host, other = urlsplit(address).hostname or "", parse_url(address).host or ""
    except ValueError:
        return ""
    alike = not host.isascii() or host == other.strip("[]").lower()
    return host if alike and _AUTHORITY.match(address) and _stays_in_bucket(address) else ""


def _stays_in_bucket(address: str) -> bool:
    """Whether an address of s3:// names a bucket and a key in it; any other address does."""
    key = unquote(urlsplit(address).path)
    return not address.lower().startswith("s3:") or bool(_BUCKET.match(address) and not _UPWARD.search(key))


def _advise(name: str, href: str, keys: tuple[str, str]) -> str:
    if is_fetched(href) and find_host(href):
        return f"If you trust {name}, name it in {keys[0]} of the provider"
    if os.sep not in name:
        return "Let items name files by their path, by http(s):// or s3://"
    return f"If files may be read from {name}, name it in {keys[1]} of the provider"


def _list_folders(folders: Iterable[str]) -> tuple[str, ...]:
    return tuple(os.path.abspath(folder) for folder in folders)  # noqa: PTH100 resolve would follow links


def _find_folder(path: str) -> str:
    return str(Path(*_list_folders([path])).parent)


def _is_below(path: str, folder: str) -> bool:
    return os.path.commonpath([*_list_folders([path]), folder]) == folder


@lru_cache(maxsize=256)
def _is_private(host: str) -> bool:
    """Whether a host has an address that the wide network does not reach; a bucket has none."""
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError):
        return False
    return not all(_is_wide(ipaddress.ip_address(address.partition("%")[0])) for address in found)


def _is_wide(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether the wide network reaches an address, and the one of IPv4 that stands in it."""
    if not address.is_global or address.is_multicast:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return True
    carries = any(address in network for network in _CARRIERS)
    inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if carries else address.sixtofour
    return not address.is_site_local and (inner is None or inner.is_global)
