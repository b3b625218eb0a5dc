"""Which hosts a provider's files may come from; for s3:// a host is a bucket."""

from collections import defaultdict
from collections.abc import Iterable
from fnmatch import fnmatch
from typing import Any
from urllib.parse import urlsplit

from pystac.stac_io import DefaultStacIO

from pipeline.contracts import Scene
from pipeline.errors import InputError, Problem
from pipeline.ingest.reading.signing import redact
from pipeline.ingest.scenes.addresses import find_file
from pipeline.settings.sources import Provider, StacApi, StaticCatalog

_SHOWN = 10


def hosts_of(provider: Provider) -> tuple[str, ...]:
    """Patterns of the hosts that a provider's files may come from: its own, and those that are allowed.

    An API that names none in `access.hosts` is held to its own. Files of this machine have no host.
    """
    if isinstance(provider, StacApi):
        return provider.access.hosts or (_host(provider.api),)
    own = _host(provider.static) if isinstance(provider, StaticCatalog) else ""
    return (*([own] if own else []), *provider.allowed_hosts)


def refuse_foreign(provider: Provider, scenes: Iterable[Scene]) -> None:
    """InputError where files of scenes lie on hosts that are not the provider's: each host once."""
    allowed = hosts_of(provider)
    foreign: dict[str, list[str]] = defaultdict(list)
    for scene in scenes:
        for href in scene.hrefs:
            if not is_allowed(href, allowed):
                foreign[_host(href)].append(href)
    if foreign:
        raise _refusal(provider, {host: foreign[host] for host in sorted(foreign)[:_SHOWN]})


class CatalogIO(DefaultStacIO):
    """Reads the JSON of a catalogue, from the hosts of its provider alone."""

    def __init__(self, provider: StaticCatalog) -> None:
        super().__init__()
        self.provider = provider

    def read_text_from_href(self, href: str, *args: Any, **kwargs: Any) -> str:
        """The text at an address; InputError if it is not one of the provider's hosts."""
        if not is_allowed(href, hosts_of(self.provider)):
            raise _refusal(self.provider, {_host(href): [href]})
        return super().read_text_from_href(find_file(href), *args, **kwargs)


def is_allowed(href: str, allowed: Iterable[str]) -> bool:
    """Whether a file lies on this machine, or on a host of one of these patterns."""
    host = _host(href)
    return not host or any(fnmatch(host, pattern.lower()) for pattern in allowed)


def _host(href: str) -> str:
    """The host of an address, '' on this machine; of what GDAL would fetch by itself, the name for it."""
    if href.startswith("/vsi"):
        return href.split("/")[1]
    return (urlsplit(href).hostname or "").lower() if "://" in href else ""


def _refusal(provider: Provider, foreign: dict[str, list[str]]) -> InputError:
    key = "access.hosts" if isinstance(provider, StacApi) else "allowed_hosts"
    expected = f"files at {', '.join(hosts_of(provider)) or 'no host but this machine'}"
    problems = [
        Problem(
            "scenes.provider",
            f"{len(hrefs)} addresses at {host}, such as {redact(hrefs[0])}",
            expected,
            f"If you trust {host}, name it in {key} of the provider",
        )
        for host, hrefs in foreign.items()
    ]
    return InputError("Scenes lie on hosts that are not the provider's", problems)
