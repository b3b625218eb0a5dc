"""The parts of the assessment, in order: a later one may read what earlier ones tell."""

from pipeline.flow.assessment.entries.ecological_index import ECOLOGICAL_INDEX
from pipeline.flow.assessment.entries.ecological_quality import ECOLOGICAL_QUALITY
from pipeline.flow.assessment.entries.gdp_gep import GDP_GEP
from pipeline.flow.assessment.entries.green_access import GREEN_ACCESS
from pipeline.flow.assessment.entries.health import HEALTH
from pipeline.flow.assessment.entries.rights import RIGHTS
from pipeline.flow.assessment.entries.species import SPECIES
from pipeline.flow.assessment.entries.targets import TARGETS
from pipeline.flow.assessment.part import Part

PARTS: tuple[Part, ...] = (
    SPECIES,
    GREEN_ACCESS,
    RIGHTS,
    ECOLOGICAL_INDEX,
    ECOLOGICAL_QUALITY,
    HEALTH,
    GDP_GEP,
    TARGETS,
)
