"""Rules about the register of river sections."""

from pipeline.rights_registry.rules.rule import Rule

_SECTIONS = (
    "断面登记表与监测数据按编号、名称、别名匹配，见 sections_unmatched / sections matched to their register"
)

SECTION_RULES = (
    Rule(
        "section_not_registered",
        "warning",
        "监测断面未登记",
        "Section not registered",
        _SECTIONS,
        "{count} 个有监测数据的断面不在断面登记表中：{names}",
        "{count} sections with readings are not in the register of sections: {names}",
    ),
    Rule(
        "section_ambiguous",
        "warning",
        "断面名称不唯一",
        "Ambiguous name of a section",
        _SECTIONS,
        "{count} 个监测断面的名称对应多个登记断面，未能匹配：{names}",
        "{count} names of sections fit several of the register and are matched to none: {names}",
    ),
    Rule(
        "section_unsampled",
        "warning",
        "登记断面无监测数据",
        "Registered section without readings",
        _SECTIONS,
        "{count} 个登记断面在运行时段内没有监测数据：{names}",
        "{count} registered sections have no reading in the days of the run: {names}",
    ),
    Rule(
        "section_misplaced",
        "warning",
        "登记断面所属区域无法确定",
        "Registered section of no known area",
        _SECTIONS,
        "{count} 个登记断面的所属区域或坐标不在已知试点区内，未列入：{names}",
        "{count} registered sections are of no known area and are not listed: {names}",
    ),
)
