"""The whole flow on one page: scenes and samples come in, become measures, meet the register, leave.

Every stage is an artifact named by its cause; the run finds it or builds it, so that the same cause is
never computed twice and every figure leads back to what it was made from.
"""

from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.flow import publication
from pipeline.flow.inputs import Inputs
from pipeline.flow.inventory import build_inventory
from pipeline.flow.parcels import parcels_of
from pipeline.flow.scenes import scene_table
from pipeline.flow.sections import graded_sections
from pipeline.flow.statistics import build_statistics
from pipeline.maps import registry
from pipeline.maps.evidence import describe_sources
from pipeline.maps.making import make_maps
from pipeline.maps.showing import list_warnings
from pipeline.storage.cause import Cause


def make_delivery(run: Run, study: Study, inputs: Inputs, cause: Cause) -> None:
    """One area from its scenes to its published delivery."""
    found = scene_table(run, study, inputs)
    parcels = parcels_of(run, study, inputs)  # what is wrong with it is said before a pixel is read
    maps = make_maps(run, study, found.table, registry.STEPS)
    sources = describe_sources(study, found.table)
    with publication.draft_delivery(inputs, found.table, maps) as draft:
        statistics = build_statistics(run, maps, parcels, sources)
        sections = graded_sections(run, study, inputs, parcels)
        simulated = inputs.simulated is not None
        inventory = build_inventory(run, maps, parcels, statistics, sections, sources, simulated=simulated)
        tables = publication.Tables(parcels, statistics, sections, inventory)
        delivery = publication.gather_delivery(run, draft, tables)
        artifacts = {"scenes": found.key, **maps.keys, **tables.keys}
        warnings = [*found.account["warnings"], *list_warnings(maps)]
        account = {**found.account, "warnings": warnings}
        publication.publish(run, cause, draft, delivery, artifacts, account)
