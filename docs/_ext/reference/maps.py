"""What deliveries say: columns, indicators, rules of findings, legends and spectral indices."""

import importlib
import pkgutil
import re
from collections.abc import Iterator

import pandera.pandas as pa

from pipeline import contracts, standards
from pipeline.indices.spectral import SpectralIndex, list_known_indices
from pipeline.legends import LEGENDS, Legend
from pipeline.outputs.columns import ColumnName, describe_column
from pipeline.rights_registry.rules import RULES, Rule
from reference.chapters import Chapter, Code, Color, Lines, Row, Said

_KEY, _NAME, _UNIT = Said("键", "key"), Said("名称", "name"), Said("单位", "unit")
_SOURCE, _BASIS = Said("来源", "source"), Said("依据", "basis")
_COLUMN_HEADS = (_KEY, Said("名称、说明", "name and note"), Said("类型、单位", "type and unit"))
_EMPTY = Said("可空", "may be null")
_CALLED = {"section_status": "sections"}
"""Tables that are delivered under another name than that of their contract."""
_SEVERITY = {
    "error": Said("错误", "error"),
    "warning": Said("警告", "warning"),
    "info": Said("提示", "information"),
}
_BETTER = {"higher": Said("越高越好", "the higher"), "lower": Said("越低越好", "the lower")}
_NOT_SAID = Said("", "")
_TYPES = (
    ("float", Said("数", "number")),
    ("int", Said("整数", "whole number")),
    ("bool", Said("真假", "true or false")),
    ("datetime", Said("时间", "time")),
    ("geometry", Said("图形", "geometry")),
)
_TEXT = Said("文本", "text")


def list_columns() -> Iterator[Chapter]:
    """A chapter for each table of the contracts, and one for columns that stand in no contract."""
    told: set[str] = set()
    for schema in _list_schemas():
        told |= set(schema.columns)
        name = re.sub("(?<!^)(?=[A-Z])", "_", schema.name).lower()
        name = _CALLED.get(name, name)
        family = "account" if name.startswith("account") else ""
        rows = tuple(_tell(describe_column(key, family), column) for key, column in schema.columns.items())
        yield Chapter(f"table-{name.replace('_', '-')}", Code(name), _COLUMN_HEADS, rows)
    others = [row["column"] for row in standards.read_rows("column_names") if row["column"] not in told]
    rows = tuple(_tell(describe_column(key)) for key in others)
    yield Chapter("other-columns", Said("其他列", "Other columns"), _COLUMN_HEADS, rows)


def _list_schemas() -> list[pa.DataFrameSchema]:
    """The tables of pipeline.contracts, each once, by the name of its module."""
    rooms = (one.name for one in pkgutil.iter_modules(contracts.__path__))
    things = (
        thing
        for room in rooms
        for thing in vars(importlib.import_module(f"{contracts.__name__}.{room}")).values()
    )
    return list({one.name: one for one in things if isinstance(one, pa.DataFrameSchema)}.values())


def _tell(words: ColumnName, column: pa.Column | None = None) -> Row:
    kind: tuple[str | Said, ...] = ()
    if column is not None:
        kind = (_say_kind(str(column.dtype)), _EMPTY) if column.nullable else (_say_kind(str(column.dtype)),)
    return (
        Code(words.key),
        Lines((Said(words.name_zh, words.name_en), Said(words.note, ""))),
        Lines((*kind, words.unit)),
    )


def _say_kind(dtype: str) -> Said:
    return next((said for part, said in _TYPES if part in dtype.lower()), _TEXT)


def list_indicators() -> Iterator[Chapter]:
    """All indicators, with what is divided and which way is better."""
    better = {row["indicator"]: row for row in standards.read_rows("indicator_directions")}
    parts = standards.read_rows("indicator_parts")
    heads = (
        Said("指标", "indicator"), _NAME, _UNIT, Said("分子、分母", "numerator and denominator"),
        Said("何者为好", "better"), _BASIS,
    )  # fmt: skip
    rows = tuple(
        (
            Code(row["indicator"], "indicator-" + row["indicator"].replace(":", "-").replace("_", "-")),
            Said(row["name_zh"], row["name_en"]),
            row["unit"],
            _find_part(row["indicator"], parts),
            _BETTER[better[row["indicator"]]["better"]] if row["indicator"] in better else _NOT_SAID,
            better.get(row["indicator"], {}).get("basis", ""),
        )
        for row in standards.read_rows("indicator_names")
    )
    yield Chapter("all-indicators", Said("全部指标", "All indicators"), heads, rows)


def _find_part(indicator: str, parts: tuple[dict[str, str], ...]) -> str:
    """Unit and meaning of what is divided, by the longest beginning of the code that is told."""
    fitting = [row for row in parts if indicator.startswith(row["indicator"])]
    row = max(fitting, key=lambda one: len(one["indicator"]), default=None)
    return f"{row['unit']}: {row['basis']}" if row else ""


def list_rules() -> Iterator[Chapter]:
    """All rules by the severity of what they find, the gravest first."""
    heads = (Said("规则", "rule"), Said("含义", "meaning"), Said("提示文字", "what the finding says"), _BASIS)
    for severity, title in _SEVERITY.items():
        rows = tuple(_tell_rule(rule) for rule in RULES.values() if rule.severity == severity)
        yield Chapter(f"rules-{severity}", title, heads, rows)


def _tell_rule(rule: Rule) -> Row:
    return (
        Code(rule.id, "rule-" + rule.id.replace("_", "-")),
        Said(rule.title_zh, rule.title_en),
        Said(rule.message_zh, rule.message_en),
        rule.basis,
    )


def list_legends() -> Iterator[Chapter]:
    """A chapter for each legend."""
    heads = (Said("代码", "code"), _KEY, _NAME, Said("颜色", "colour"))
    for legend in LEGENDS.values():
        yield Chapter(
            f"legend-{legend.id.replace('_', '-')}",
            Said(legend.title_zh, legend.title_en),
            heads,
            _list_classes(legend),
        )


def _list_classes(legend: Legend) -> tuple[Row, ...]:
    return tuple(
        (str(one.code), Code(one.key), Said(one.name_zh, one.name_en), Color(one.color))
        for one in legend.classes
    )


def list_indices() -> Iterator[Chapter]:
    """All indices that a config may name."""
    heads = (
        Said("名称", "name"), Said("全称", "long name"), Said("公式", "formula"), Said("波段", "bands"),
        Said("定义域", "domain"), _SOURCE,
    )  # fmt: skip
    rows = tuple(_tell_index(one) for one in list_known_indices())
    yield Chapter("all-indices", Said("全部指数", "All indices"), heads, rows)


def _tell_index(one: SpectralIndex) -> Row:
    return (
        Code(one.name), one.long_name, Code(one.formula), " ".join(one.bands), Code(one.domain_words),
        one.reference,
    )  # fmt: skip
