"""What staff completed of the catalogue, as artifact of a study; and what of it goes unread."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from pipeline import ingest
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.flow.inputs import Inputs
from pipeline.ingest.supplements import SupplementKeys
from pipeline.rights_registry.inventory import list_supplied
from pipeline.rights_registry.supplement import OF_PARCELS, complete_supplement
from pipeline.settings.products import load_products
from pipeline.storage.cause import Artifact, checksums_of, sha256_of_file
from pipeline.storage.delivered import SUPPLEMENT_END
from pipeline.storage.ownership import KEPT, is_delivery
from pipeline.storage.tables import load_json, load_table, save_tables

_SUPPLEMENT = 1
_READ = ("parcel_id", "land_class", *OF_PARCELS)
"""Columns of parcels that a supplement is held against."""


def make_supplement(run: Run, study: Study, inputs: Inputs, parcels: Artifact) -> Artifact | None:
    """Artifact with `supplement` and `supplement_rejected`; None where the config names no file."""
    if not study.settings.catalogue.supplement:
        return None
    table = load_products()
    cause = study.cause(
        "supplement",
        _SUPPLEMENT,
        [parcels.key],
        files=checksums_of(inputs.supplement),
        areas=sorted(study.known),
        products=table.model_dump(),
    )

    def build(folder: Path) -> None:
        land = load_table(parcels.path, "parcels", _READ)
        supplied = list_supplied(land, table)
        codes: dict[str, set[str]] = defaultdict(set)
        for parcel, code in supplied:
            codes[parcel].add(code)
        products = {parcel: frozenset(codes[parcel]) for parcel in land["parcel_id"]}
        keys = SupplementKeys(study.aoi.id, frozenset(study.known), products)
        read = ingest.supplements.read_supplement(study.settings.catalogue.supplement, keys)
        entries = complete_supplement(read.entries, land, supplied)
        save_tables(folder, {"supplement": entries, "supplement_rejected": read.rejects})

    return run.artifact(study.title("supplement"), cause, build)


def list_catalogue_warnings(study: Study, inputs: Inputs, made: Artifact | None) -> Iterator[str]:
    """How much of the supplement is not used, a completed template that is not read, an area without a name.

    The last where the config names an organisation for others.
    """
    given = study.settings.catalogue.organisation
    if isinstance(given, dict) and study.aoi.id not in given:
        yield f"catalogue.organisation: nobody is named for {study.aoi.id}"
    lost = len(load_table(made.path, "supplement_rejected")) if made else 0
    if lost:
        yield f"catalogue.supplement: {lost} places not used, or to be looked at (supplement_rejected)"
    if name := _find_unread(study, inputs):
        yield (
            f"{name} was completed but not read: kept in {KEPT}/; "
            "name it in catalogue.supplement and run again"
        )


def _find_unread(study: Study, inputs: Inputs) -> str | None:
    """The template of the delivery that is to be replaced, where it was completed and is no input."""
    path = study.target / f"{study.aoi.id}_{study.settings.label}{SUPPLEMENT_END}"
    if not path.is_file() or not is_delivery(study.target):
        return None
    promised = load_json(study.target / "manifest.json")["files"].get(path.name, {}).get("sha256")
    checksum = sha256_of_file(path)
    is_read = checksum in (promised, *checksums_of(inputs.supplement).values())
    return None if is_read else path.name
