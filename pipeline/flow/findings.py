"""Everything that an officer should look at, rule by rule, though parcels are looked at some at a time."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd

from pipeline.engine.study import Study
from pipeline.rights_registry.rules import OBSERVATION_RULES, RESTRICTION_RULES
from pipeline.storage.cause import Artifact
from pipeline.storage.tables import GroupedTable, read_layer_parts

_REGISTER, _MISSING, _OTHERS = "register", "missing_column", "others"


@contextmanager
def open_findings(folder: Path, study: Study, parcels: Artifact) -> Iterator[GroupedTable]:
    """A table `findings` that begins with those of the register by itself."""
    of_maps = [*(rule.id for rule in OBSERVATION_RULES), _MISSING]
    restricted = [(rule.id, period) for rule in RESTRICTION_RULES for period in _list_labels(study)]
    groups = [_REGISTER, *of_maps, *restricted, _OTHERS]
    with GroupedTable(folder / "findings.parquet", groups) as table:
        for part in _read(parcels):
            table.add(_REGISTER, part)
        yield table


def add_seen(table: GroupedTable, found: gpd.GeoDataFrame) -> None:
    """Add findings of some parcels under the maps."""
    for rule, rows in found.groupby("rule", sort=False):
        table.add(rule, rows)


def add_restricted(table: GroupedTable, parts: Iterable[gpd.GeoDataFrame]) -> None:
    """Add findings of parcels inside layers that restrict use, which are told by period."""
    for part in parts:
        for group, rows in part.groupby(["rule", part["period"].fillna("")], sort=False):
            table.add(group, rows)


def add_others(table: GroupedTable, artifacts: Iterable[Artifact]) -> None:
    """Add findings of other steps as they are."""
    for artifact in artifacts:
        for part in _read(artifact):
            table.add(_OTHERS, part)


def _read(artifact: Artifact) -> Iterator[gpd.GeoDataFrame]:
    return read_layer_parts(artifact.path / "findings.parquet")


def _list_labels(study: Study) -> list[str]:
    return ["", *(period.label for period in study.periods)]
