"""All services by code, and which of them value the same gift of nature."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from types import MappingProxyType

from pipeline.accounts.service import Service
from pipeline.accounts.services import (
    carbon,
    climate,
    cultural,
    flood,
    living,
    material,
    purification,
    soil,
    water,
)
from pipeline.errors import Problem, SettingsError

SERVICES: Mapping[str, Service] = MappingProxyType(
    {
        service.code: service
        for service in (
            material.PRODUCTS,
            material.FRESH_WATER,
            material.ENERGY,
            water.WATER_RETENTION,
            soil.LESS_SILT,
            soil.LESS_NUTRIENTS,
            soil.LAND_SPARED,
            soil.SAND_FIXATION,
            flood.COAST_PROTECTION,
            flood.LAKES,
            flood.RESERVOIRS,
            flood.MARSHES_STORAGE,
            flood.VEGETATION_STORAGE,
            carbon.CARBON_BY_RATE,
            carbon.CARBON_BY_NEP,
            carbon.CARBON_BY_BIOMASS,
            carbon.OXYGEN,
            purification.AIR_PURIFICATION,
            purification.WATER_PURIFICATION,
            climate.COOLING_BY_PLANTS,
            climate.COOLING_BY_WATER,
            living.NOISE_REDUCTION,
            living.SPECIES_CONSERVATION,
            living.PEST_CONTROL,
            carbon.NEGATIVE_IONS,
            cultural.TOURISM,
            cultural.LEISURE,
            cultural.LANDSCAPE_PREMIUM,
            cultural.EXISTENCE,
        )
    }
)
"""Services in the order of the accounts: material, regulating, cultural."""


def check_services(codes: Sequence[str]) -> None:
    """SettingsError that names all of a profile that is no service, and all that would be counted twice."""
    place = "services"
    problems = [
        Problem(place, code, f"one of {', '.join(SERVICES)}") for code in codes if code not in SERVICES
    ]
    known = [code for code in codes if code in SERVICES]
    problems += [
        Problem(
            place,
            f"{one} {SERVICES[one].name_zh} and {other} {SERVICES[other].name_zh}",
            "one of the two",
            "Both value the same gift of nature; leave one out",
        )
        for one, other in find_double_counting(known)
    ]
    if problems:
        raise SettingsError("The services of a profile cannot be counted together", problems)


def find_double_counting(codes: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of services that would count the same gift of nature twice, one that is listed twice too."""
    return [
        (one, other)
        for one, other in combinations(codes, 2)
        if one == other or other in SERVICES[one].excludes or one in SERVICES[other].excludes
    ]
