"""Rasters of the accounts that rest on the register as well as on maps."""

from collections.abc import Iterator

from pipeline.contracts import Raster
from pipeline.maps.accounts.rasters import ServiceMaps
from pipeline.maps.accounts.registered import RegisteredGround
from pipeline.maps.step import Maps
from pipeline.storage.cause import Artifact
from pipeline.storage.tables import load_layer


def list_service_rasters(maps: Maps, parcels: Artifact) -> Iterator[Raster]:
    """Services and value per hectare of each year, by the classes that make the headline of the accounts."""
    registered = _find_ground(maps, parcels)
    for when in maps.of("account_layers"):
        yield from ServiceMaps(maps, when, registered).list_rasters()


def _find_ground(maps: Maps, parcels: Artifact) -> RegisteredGround | None:
    """The registered classes, where they make the headline and there are any."""
    accounts = maps.study.settings.accounts
    if accounts is None or accounts.class_basis == "mapped":
        return None
    ground = RegisteredGround.of(load_layer(parcels.path, "parcels"), maps.study.grid.crs)
    return ground if ground.codes else None
