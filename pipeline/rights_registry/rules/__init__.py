"""The rules by which the register is checked: one entry each, with severity, basis and messages.

`registration` looks at the register alone, `reading` at how files were read, `observation` at what the maps
show of its parcels, `restriction` at layers that restrict use, `section` at the sections of rivers, `project`
at carbon projects, `other_right` at licences and their trades, `species` at surveys of species. A new
rule is a new entry in one of them.
"""

from collections.abc import Mapping
from types import MappingProxyType

from pipeline.rights_registry.rules.ecological import ECOLOGICAL_RULES
from pipeline.rights_registry.rules.observation import OBSERVATION_RULES, WATER_CLASSES
from pipeline.rights_registry.rules.other_right import OTHER_RIGHT_RULES
from pipeline.rights_registry.rules.project import PROJECT_RULES
from pipeline.rights_registry.rules.reading import READING_RULES
from pipeline.rights_registry.rules.registration import REGISTER_RULES, UNIT_TOLERANCE
from pipeline.rights_registry.rules.restriction import RESTRICTION_RULES
from pipeline.rights_registry.rules.rule import Rule
from pipeline.rights_registry.rules.section import SECTION_RULES
from pipeline.rights_registry.rules.species import SPECIES_RULES

__all__ = [
    "ECOLOGICAL_RULES",
    "OBSERVATION_RULES",
    "OTHER_RIGHT_RULES",
    "PROJECT_RULES",
    "READING_RULES",
    "REGISTER_RULES",
    "RESTRICTION_RULES",
    "RULES",
    "SECTION_RULES",
    "SPECIES_RULES",
    "UNIT_TOLERANCE",
    "WATER_CLASSES",
    "Rule",
]

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        rule.id: rule
        for rules in (
            REGISTER_RULES,
            READING_RULES,
            OBSERVATION_RULES,
            RESTRICTION_RULES,
            SECTION_RULES,
            PROJECT_RULES,
            OTHER_RIGHT_RULES,
            ECOLOGICAL_RULES,
            SPECIES_RULES,
        )
        for rule in rules
    }
)
