"""Where scenes come from: a provider by its name, the items that it holds, what it can be known by."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pystac
from urllib3.exceptions import HTTPError

from pipeline.errors import InputError, Problem, ProviderUnavailable, SettingsError
from pipeline.ingest.reading.gdal import find_sidecars
from pipeline.ingest.reading.network import explain_failure
from pipeline.ingest.reading.versions import describe_file
from pipeline.ingest.scenes.addresses import find_file, place_files, split_band
from pipeline.ingest.scenes.archives import RawItem, list_items, read_archive
from pipeline.ingest.scenes.documents import Documents
from pipeline.ingest.scenes.raw_items import NOT_STAC, UNREADABLE, list_files
from pipeline.ingest.scenes.sealing import seal_item
from pipeline.redaction import redact
from pipeline.settings.sources import LocalArchive, Mission, Provider, StacApi, StaticCatalog, load_providers


def resolve(provider: str | Provider, missions: Iterable[Mission] = ()) -> Provider:
    """A provider by its name in configs/providers.yaml, or as it is.

    Raises SettingsError when there is none of that name, or when it is an API that has no collection of a
    mission.
    """
    known = load_providers()
    if isinstance(provider, str) and provider not in known:
        forms = ["simulated", "{static: PATH}", "{local: PATH}", "{api: URL}"]
        expected = f"one of {', '.join([*sorted(known), *forms])}"
        raise SettingsError("Unknown provider", [Problem("scenes.provider", repr(provider), expected)])
    found = known[provider] if isinstance(provider, str) else provider
    offered = found.collections if isinstance(found, StacApi) else set(missions)
    lacking = [mission for mission in missions if mission not in offered]
    if lacking:
        problem = Problem("scenes.missions", ", ".join(lacking), f"missions of {provider}: {sorted(offered)}")
        raise SettingsError("The provider has no scenes of a mission", [problem])
    return found


def read_items(provider: StaticCatalog | LocalArchive) -> Iterator[RawItem]:
    """Every item of a static catalogue or of a folder, hrefs made absolute.

    Raises InputError when the catalogue or an item of it cannot be read, or when there is no such folder.
    """
    found = (
        read_catalog(provider) if isinstance(provider, StaticCatalog) else read_archive(Path(provider.local))
    )
    return map(seal_item, found)


def read_catalog(catalog: StaticCatalog) -> Iterator[RawItem]:
    """Every item of a static catalogue, hrefs made absolute.

    An item that cannot be read is one that says no more than why, to be rejected by name. Raises InputError
    when the catalogue cannot be read or an item does not lie with the provider, ProviderUnavailable when its
    host does not answer.
    """
    try:
        with closing(Documents(catalog)) as documents:
            for href, content in documents.walk():
                if UNREADABLE in content:
                    yield content
                    continue
                items = list(list_items(content))
                if not items:
                    raise ValueError(f"no STAC item in {href}")
                yield from (place_files(item, partial(_make_absolute, beside=href)) for item in items)
    except HTTPError as error:
        told = redact(
            f"The catalogue {catalog.static} does not answer: {explain_failure(error)}; try again later"
        )
        raise ProviderUnavailable(told) from error
    except (OSError, *NOT_STAC) as error:
        found = f"{type(error).__name__}: {error}"
        problem = Problem(catalog.static, found, "a STAC catalogue with readable items")
        raise InputError("A static STAC catalogue cannot be read", [problem]) from error


def fingerprint(provider: Provider) -> str:
    """Checksum of what a provider holds, as far as that is known without a search.

    An API and a remote catalogue are known by their entry. On this machine it is the items, and the version
    of every file that they name, so that a file replaced under its item is seen.
    """
    digest = hashlib.sha256(provider.model_dump_json().encode())
    if isinstance(provider, LocalArchive) or (
        isinstance(provider, StaticCatalog) and "://" not in provider.static
    ):
        for item in read_items(provider):
            digest.update(json.dumps(item, sort_keys=True).encode())
            digest.update(digest_files(_hrefs(item)).encode())
    return digest.hexdigest()


def digest_files(hrefs: Iterable[str]) -> str:
    """Checksum of the versions of those files that are on this machine; '' if none is.

    With those of the files in which GDAL keeps their masks and their nodata.
    """
    local = sorted({href for href in hrefs if "://" not in href})
    paths = [path for href in local for path in (Path(href), *find_sidecars(href))]
    states = [(path.name, version) for path in paths if (version := describe_file(str(path)))]
    return hashlib.sha256(json.dumps(states).encode()).hexdigest() if states else ""


def _hrefs(item: RawItem) -> list[str]:
    return [split_band(asset["href"])[0] for _, asset in list_files(item)]


def _make_absolute(href: str, beside: str) -> str:
    return find_file(pystac.utils.make_absolute_href(href, beside))
