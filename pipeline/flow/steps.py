"""The steps that a delivery takes, known before the first, so that who waits is told what remains."""

from collections.abc import Iterator

from pipeline.engine.study import Study
from pipeline.flow.account_inputs import complete_study
from pipeline.flow.assessment import registry as parts
from pipeline.flow.assessment.assessing import name_part_step
from pipeline.flow.assessment.told import has_own_inputs
from pipeline.flow.assessment.waters import HEALTH
from pipeline.flow.inputs import Inputs
from pipeline.maps.making import list_map_steps
from pipeline.maps.registry import STEPS


def list_steps(study: Study, inputs: Inputs) -> list[str]:
    """The name of each step of a delivery that is made from these inputs, as causes have it."""
    maps = list_map_steps(complete_study(study, inputs), STEPS)
    tables = ["scenes", "parcels", "statistics", "sections", "inventory", "delivery"]
    return [*_list_simulations(inputs), *maps, *tables, *_list_accounts(inputs), *_list_parts(inputs)]


def _list_simulations(inputs: Inputs) -> Iterator[str]:
    causes = (inputs.simulated, inputs.simulated_accounts, inputs.planted_accounts)
    yield from (cause.step for cause in (*causes, *inputs.simulated_parts.values()) if cause)


def _list_accounts(inputs: Inputs) -> Iterator[str]:
    if inputs.accounts:
        yield from ("account_inputs", "account_sums", "accounts")


def _list_parts(inputs: Inputs) -> Iterator[str]:
    if has_own_inputs(inputs):
        yield "assessment_inputs"
    if HEALTH in inputs.blocks:
        yield "waters"
    yield from (name_part_step(part) for part in parts.PARTS if part.name in inputs.blocks)
