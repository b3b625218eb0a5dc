"""The software bill of materials of what runs: CycloneDX 1.6, from a lock, for the wheel to carry.

    python packaging/bom.py requirements-run.lock packaging/ecoledger.cdx.json

Each component has its version, its package URL, the checksums of its files, when it is taken (a marker of the
environment) and who needs it; its licence is what the environment that runs this has of it. The same lock
gives the same bytes.
"""

import hashlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.utils import canonicalize_name

NAME = "ecoledger"
_PACKAGE = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)(?: ; (?P<marker>[^\\]+?))? *\\?$")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_NEEDED_BY = re.compile(r"^ +#(?: via | {3})(?P<name>[A-Za-z0-9._-]+)(?: \(pyproject\.toml\))?$")


@dataclass(frozen=True)
class Locked:
    """A package of a lock: `marker` is when it is taken, `needed_by` names the packages that need it."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    needed_by: frozenset[str]


def read_packages(lock: str) -> Iterator[Locked]:
    """The packages of a lock, in its order; one may be there twice, for environments that differ."""
    for lines in _split_packages(lock):
        found = _PACKAGE.match(lines[0])
        if not found:
            raise ValueError(f"no package in the lock: {lines[0]}")
        needed_by = [_NEEDED_BY.match(line) for line in lines[1:]]
        yield Locked(
            canonicalize_name(found["name"]),
            found["version"],
            found["marker"] or "",
            tuple(_HASH.findall("\n".join(lines))),
            frozenset(canonicalize_name(match["name"]) for match in needed_by if match),
        )


def _split_packages(lock: str) -> Iterator[list[str]]:
    lines: list[str] = []
    for line in lock.splitlines():
        if line[:1].strip() and not line.startswith("#"):
            if lines:
                yield lines
            lines = []
        if lines or not line.startswith("#"):
            lines.append(line)
    if lines:
        yield lines


def build_bom(lock: str, version: str) -> Bom:
    """The bill of materials of a version of ours and of all that its lock names."""
    components = {package: _build_component(package) for package in read_packages(lock)}
    ours = Component(
        name=NAME,
        version=version,
        type=ComponentType.APPLICATION,
        bom_ref=NAME,
        purl=PackageURL("pypi", name=NAME, version=version),
        licenses=[LicenseFactory().make_from_string("Apache-2.0")],
    )
    bom = Bom(
        components=components.values(),
        metadata=BomMetaData(component=ours),
        serial_number=uuid5(NAMESPACE_URL, hashlib.sha256(f"{version}\n{lock}".encode()).hexdigest()),
    )
    bom.metadata.timestamp = None
    for name, component in ((NAME, ours), *((package.name, one) for package, one in components.items())):
        needed = [one for package, one in components.items() if name in package.needed_by]
        bom.register_dependency(component, needed)
    return bom


def _build_component(package: Locked) -> Component:
    url = PackageURL("pypi", name=package.name, version=package.version)
    files = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(str(url)),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=content) for content in package.hashes],
    )
    return Component(
        name=package.name,
        version=package.version,
        bom_ref=str(url),
        purl=url,
        licenses=_read_licenses(package),
        external_references=[files],
        properties=[Property(name="python:marker", value=package.marker)] if package.marker else (),
    )


def _read_licenses(package: Locked) -> list[License]:
    """The licence of a package, as the version that is installed states it; nothing where none is."""
    try:
        stated = metadata.metadata(package.name)
    except metadata.PackageNotFoundError:
        return []
    if stated["Version"] != package.version:
        return []
    make = LicenseFactory().make_from_string
    if expression := stated.get("License-Expression"):
        return [make(expression)]
    named = [
        line.rpartition(" :: ")[2]
        for line in stated.get_all("Classifier", ())
        if "License :: OSI Approved ::" in line
    ]
    told = (stated.get("License") or "").strip()
    if told and "\n" not in told:
        return [make(told)]
    return [make(name) for name in named]


def main() -> None:
    """Write the bill of materials of a lock."""
    lock, path = (Path(word) for word in sys.argv[1:])
    bom = build_bom(lock.read_text(encoding="utf-8"), metadata.version(NAME))
    path.write_text(JsonV1Dot6(bom).output_as_string(indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
