"""The ecological product inventory of a study, and everything that an officer should look at."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import geopandas as gpd
import pandas as pd

from pipeline.engine.run import Run
from pipeline.flow.accounts import load_values, read_account_items
from pipeline.flow.findings import add_others, add_restricted, add_seen, open_findings
from pipeline.flow.restrictions import find_restriction_findings
from pipeline.maps.cover import explain_no_cover
from pipeline.maps.endmembers import find_endmembers
from pipeline.maps.evidence import describe_fvc
from pipeline.maps.land_cover.showing import explain_gap
from pipeline.maps.look_ndvi import describe_ndvi
from pipeline.maps.step import Maps
from pipeline.periods import When
from pipeline.rights_registry import findings, inventory, inventory_values
from pipeline.rights_registry.inventory_values import AccountedValues
from pipeline.rights_registry.supplement import fill_supplement
from pipeline.settings.products import load_products
from pipeline.storage.cause import Artifact
from pipeline.storage.tables import (
    LongTable,
    load_json,
    load_layer,
    load_table,
    read_layer_parts,
    read_parts,
    zip_parts,
)

_VERSION = 9
_PARCELS_AT_ONCE = 8192
"""Their products, with all that is said of them, take half a gigabyte while they are listed."""
_NO_ITEM = pd.DataFrame({"parcel_id": []})


def make_inventory(
    run: Run,
    maps: Maps,
    parcels: Artifact,
    statistics: Artifact,
    sections: Artifact,
    accounts: Artifact | None,
    assessed: Mapping[str, Artifact],
    sources: Mapping[When, str],
    *,
    simulated: bool,
    supplement: Artifact | None,
) -> Artifact:
    """Artifact with `inventory` and `findings`, those of `assessed` among them.

    The inventory has values where there are accounts, and what staff completed where there is a `supplement`.
    """
    study, table = maps.study, load_products()
    others = [*([accounts] if accounts else []), *assessed.values()]
    completed = [supplement.key] if supplement else []
    words = {when.label: text for when, text in sources.items()}
    cover = _describe_cover(maps)
    cause = study.cause(
        "inventory",
        _VERSION,
        [*(artifact.key for artifact in (parcels, statistics, sections, *others)), *completed],
        products=table.model_dump(),
        sources=words,
        simulated=simulated,
        cover=asdict(cover),
    )

    list_products = partial(
        inventory.build_inventory,
        periods=study.periods,
        aoi=study.aoi,
        products=table,
        sources=words,
        simulated=simulated,
        cover=cover,
        evidence=f"parcels {parcels.key[:12]}；sections {sections.key[:12]}；manifest.json",
    )
    evaluate = partial(findings.evaluate_rules, aoi=study.aoi)

    def build(folder: Path) -> None:
        known = _Known.of(accounts, supplement)
        told = read_account_items(accounts, parcels, folder) if accounts else iter([_NO_ITEM])
        status = load_layer(sections.path, "sections")
        missing: Sequence[str] = load_json(parcels.path / "missing.json")
        with (
            LongTable(folder / "inventory.parquet") as listed,
            open_findings(folder, study, parcels) as seen,
        ):
            for land, (measures, items) in _walk(parcels, statistics, told):
                rows = findings.join_observations(land, measures, study.periods)
                listed.add(known.fill(list_products(rows, sections=status), items))
                add_seen(seen, evaluate(rows, missing_columns=missing))
                missing = ()  # told once
            add_restricted(seen, find_restriction_findings(maps, parcels))
            add_others(seen, [sections, *others])

    return run.artifact(study.title("inventory"), cause, build)


@dataclass(frozen=True)
class _Known:
    """What is known of products beside the maps: values by the accounts, what staff completed, or neither."""

    values: AccountedValues | None
    supplement: pd.DataFrame | None

    @classmethod
    def of(cls, accounts: Artifact | None, supplement: Artifact | None) -> "_Known":
        return cls(
            load_values(accounts) if accounts else None,
            load_table(supplement.path, "supplement") if supplement else None,
        )

    def fill(self, products: gpd.GeoDataFrame, items: pd.DataFrame) -> gpd.GeoDataFrame:
        """INVENTORY of some parcels, completed."""
        if self.values:
            products = inventory_values.fill_values(products, replace(self.values, items=items))
        return products if self.supplement is None else fill_supplement(products, self.supplement)


def _walk(
    parcels: Artifact, statistics: Artifact, items: Iterator[pd.DataFrame]
) -> Iterator[tuple[gpd.GeoDataFrame, list[pd.DataFrame]]]:
    """Some parcels, their measures and the items of the accounts about them, until all were there."""
    return zip_parts(
        read_layer_parts(parcels.path / "parcels.parquet", rows=_PARCELS_AT_ONCE),
        read_parts(statistics.path / "parcel_measures.parquet", findings.MEASURED),
        items,
    )


def _describe_cover(maps: Maps) -> inventory.CoverBasis:
    """What the vegetation cover of every period is made from."""
    study = maps.study
    words = {
        period.label: describe_fvc(find_endmembers(maps, period), ndvi=describe_ndvi(study, period))
        for period in study.periods
    }
    gaps = {period.label: _take_chinese(explain_gap(maps, period)) for period in study.periods}
    return inventory.CoverBasis(words, _take_chinese(explain_no_cover(maps)[1]), gaps)


def _take_chinese(words: str) -> str:
    return words.partition(" / ")[0]
