"""The sections of the report that show the parts of the assessment, in the order of the parts."""

from collections.abc import Callable

from pipeline.contracts import Delivery
from pipeline.outputs.assessment.access import build_access_section
from pipeline.outputs.assessment.ecological_index import build_ecological_index_section
from pipeline.outputs.assessment.ecological_quality import build_ecological_quality_section
from pipeline.outputs.assessment.gdp_gep import build_gdp_gep_section
from pipeline.outputs.assessment.health import build_health_section
from pipeline.outputs.assessment.rights import build_rights_section
from pipeline.outputs.assessment.section import Section
from pipeline.outputs.assessment.species import build_species_section
from pipeline.outputs.assessment.targets import build_targets_section

BUILDERS: tuple[Callable[[Delivery], Section | None], ...] = (
    build_species_section,
    build_access_section,
    build_rights_section,
    build_ecological_index_section,
    build_ecological_quality_section,
    build_health_section,
    build_gdp_gep_section,
    build_targets_section,
)
"""Each gives its section, None where the delivery has no tables of the part."""


def build_sections(delivery: Delivery) -> list[Section]:
    """The sections that a delivery has figures for."""
    return [section for build in BUILDERS if (section := build(delivery)) is not None]
