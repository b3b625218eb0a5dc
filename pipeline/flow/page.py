"""The whole flow on one page: scenes and samples come in, become measures, meet the register, leave.

Every stage is an artifact named by its cause; the run finds it or builds it, so that the same cause is
never computed twice and every figure leads back to what it was made from.
"""

from collections.abc import Callable

from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.flow import publication
from pipeline.flow.account_inputs import complete_study, list_input_warnings, make_account_inputs
from pipeline.flow.accounts import make_accounts
from pipeline.flow.assessment.assessing import make_assessment
from pipeline.flow.assessment.told import KEY as TOLD_KEY
from pipeline.flow.assessment.told import make_office_inputs
from pipeline.flow.assessment.waters import make_waters
from pipeline.flow.feature_numbers import read_former_numbers
from pipeline.flow.inputs import Inputs
from pipeline.flow.inventory import make_inventory
from pipeline.flow.parcels import make_parcels
from pipeline.flow.scene_gaps import count_scenes, list_gaps
from pipeline.flow.scenes import make_scene_table
from pipeline.flow.sections import make_sections
from pipeline.flow.statistics import make_statistics
from pipeline.flow.supplement import list_catalogue_warnings, make_supplement
from pipeline.maps import registry
from pipeline.maps.evidence import describe_sources
from pipeline.maps.making import make_maps
from pipeline.maps.showing import list_warnings
from pipeline.messages import translate
from pipeline.storage.cause import Cause


def make_delivery(
    run: Run, study: Study, inputs: Inputs, cause: Cause, begin_beside: Callable[[], None]
) -> list[str]:
    """One area from its scenes to its published delivery; the files of people that it took over."""
    found = make_scene_table(run, study, inputs)
    begin_beside()
    parcels = make_parcels(run, study, inputs)  # what is wrong with it is said before a pixel is read
    supplement = make_supplement(run, study, inputs, parcels)
    of_accounts = make_account_inputs(run, study, inputs)
    told = make_office_inputs(run, study, inputs, of_accounts)
    maps = make_maps(run, complete_study(study, inputs), found.table, registry.STEPS)
    sources = describe_sources(study, found.table)
    former = read_former_numbers(study.target, run.repeats)
    with publication.draft_delivery(study, inputs, found.table, maps, parcels, former) as draft:
        statistics = make_statistics(run, maps, parcels, sources)
        sections = make_sections(run, study, inputs, parcels)
        accounts = make_accounts(run, maps, parcels, of_accounts, statistics, sections, inputs)
        known = {"parcels": parcels, "told": told, "statistics": statistics, "sections": sections}
        waters = make_waters(run, study, inputs)
        assessed = make_assessment(run, maps, inputs, {**known, "accounts": accounts, "waters": waters})
        listed = (statistics, sections, accounts, assessed, sources)
        inventory = make_inventory(
            run, maps, parcels, *listed, simulated=draft.simulated, supplement=supplement
        )
        own = None if told is of_accounts else told
        tables = publication.TableArtifacts(
            parcels, statistics, sections, inventory, accounts, own, supplement, assessed
        )
        delivery = publication.gather_delivery(run, draft, tables)
        artifacts = {"scenes": found.key, **maps.keys, **tables.keys}
        remarks = [*list_input_warnings(of_accounts), *list_input_warnings(own, TOLD_KEY)]
        remarks += list_catalogue_warnings(study, inputs, supplement)
        counted = count_scenes(study, found.table)
        warnings = [*list_gaps(counted), *found.account["warnings"], *remarks, *list_warnings(maps)]
        account = {
            **found.account,
            "periods": counted,
            "warnings": [translate(one, study.settings.language) for one in warnings],
        }
        shifts = publication.load_shifts(parcels, of_accounts, own)
        return publication.publish_delivery(run, cause, draft, delivery, artifacts, account, shifts)
