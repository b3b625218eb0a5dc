"""Rules about surveys of species: names that cannot be told, and species that were not found again."""

from pipeline.rights_registry.rules.rule import Rule

_EFFORT = (
    "仅与同一样点、同一季节都调查过的投入比较（本项目规则） / only against effort at the same sites in "
    "the same seasons (a rule of this project)"
)
_NAMES = "配置 species.names 的物种名称表 / the table of names, species.names"

SPECIES_RULES = (
    Rule(
        "species_names_unknown",
        "warning",
        "调查记录的物种名称无法认定",
        "Records whose species cannot be told",
        _NAMES,
        "{count} 个物种名称无法认定，未计入物种数：{names}（见 species_rejected）",
        "{count} names of species cannot be told, and count as none: {names} (see species_rejected)",
    ),
    Rule(
        "species_lost",
        "warning",
        "物种较上年同期未再发现",
        "Species not found again since a year ago",
        _EFFORT,
        "{period} 较 {period_before} 有 {count} 种在可比调查中未再发现：{names}（见 species_change）",
        "{count} species of {period_before} were not found again in {period} under comparable effort: "
        "{names} (see species_change)",
    ),
)
