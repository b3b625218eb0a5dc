"""The ecological product inventory of a study, and everything that an officer should look at."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import geopandas as gpd

from pipeline.engine.run import Run
from pipeline.flow.accounts import load_values
from pipeline.flow.restrictions import find_restriction_findings
from pipeline.maps.cover import explain_no_cover
from pipeline.maps.endmembers import find_endmembers
from pipeline.maps.evidence import describe_fvc
from pipeline.maps.land_cover.showing import explain_gap
from pipeline.maps.look_ndvi import describe_ndvi
from pipeline.maps.step import Maps
from pipeline.periods import When
from pipeline.rights_registry import findings, inventory, inventory_values
from pipeline.rights_registry.supplement import fill_supplement
from pipeline.settings.products import load_products
from pipeline.storage.cause import Artifact
from pipeline.storage.tables import load_json, load_layer, load_table, save_tables

_VERSION = 7


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

    def build(folder: Path) -> None:
        listed = inventory.build_inventory(
            load_layer(parcels.path, "parcels"),
            load_table(statistics.path, "parcel_measures"),
            study.periods,
            aoi=study.aoi,
            products=table,
            sources=words,
            simulated=simulated,
            cover=cover,
            evidence=f"parcels {parcels.key[:12]}；sections {sections.key[:12]}；manifest.json",
            sections=load_layer(sections.path, "sections"),
        )
        if accounts:
            listed = inventory_values.fill_values(listed, load_values(accounts))
        if supplement:
            listed = fill_supplement(listed, load_table(supplement.path, "supplement"))
        seen = _gather_findings(maps, parcels, statistics, [sections, *others])
        save_tables(folder, {"inventory": listed, "findings": seen})

    return run.artifact(study.title("inventory"), cause, build)


def _gather_findings(
    maps: Maps, parcels: Artifact, statistics: Artifact, others: Sequence[Artifact]
) -> gpd.GeoDataFrame:
    """Findings of the register by itself and under the maps, of layers that restrict use, and of others."""
    seen = findings.evaluate_rules(
        load_layer(parcels.path, "parcels"),
        load_table(statistics.path, "parcel_measures"),
        maps.study.periods,
        aoi=maps.study.aoi,
        missing_columns=load_json(parcels.path / "missing.json"),
    )
    register, *further = (load_layer(artifact.path, "findings") for artifact in (parcels, *others))
    return findings.join_findings([register, seen, find_restriction_findings(maps, parcels), *further])


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
