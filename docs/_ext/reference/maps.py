"""What deliveries say: columns, indicators, rules of findings, legends and spectral indices."""

import importlib
import pkgutil
from collections.abc import Iterator

import pandera.pandas as pa

from pipeline import contracts, standards
from pipeline.indices.spectral import SpectralIndex, list_known_indices
from pipeline.legends import LEGENDS, Legend
from pipeline.outputs.columns import ColumnName, describe_column
from pipeline.rights_registry.rules import RULES, Rule
from reference.chapters import Chapter, Code, Color, Row, Said

_KEY, _NAME, _UNIT = Said("键", "key"), Said("名称", "name"), Said("单位", "unit")
_SOURCE, _BASIS = Said("来源", "source"), Said("依据", "basis")
_COLUMN_HEADS = (_KEY, _NAME, _UNIT, Said("类型", "type"), Said("可空", "may be null"), Said("说明", "note"))
_YES, _NO = Said("是", "yes"), Said("否", "no")
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
    schemas = _list_schemas()
    told: set[str] = set()
    for schema in schemas:
        told |= set(schema.columns)
        rows = tuple(_describe(name, column, schema.name) for name, column in schema.columns.items())
        yield Chapter(f"table-{schema.name.lower()}", schema.name, _COLUMN_HEADS, rows)
    others = [row["column"] for row in standards.read_rows("column_names") if row["column"] not in told]
    heads = (_KEY, _NAME, _UNIT, Said("说明", "note"))
    rows = tuple(_tell(describe_column(name)) for name in others)
    yield Chapter("other-columns", Said("其他列", "Other columns"), heads, rows)


def _list_schemas() -> list[pa.DataFrameSchema]:
    """The tables of pipeline.contracts, each once, by the name of its module."""
    modules = [
        importlib.import_module(f"{contracts.__name__}.{one.name}")
        for one in pkgutil.iter_modules(contracts.__path__)
    ]
    found = {
        one.name: one
        for module in modules
        for one in vars(module).values()
        if isinstance(one, pa.DataFrameSchema)
    }
    return list(found.values())


def _describe(name: str, column: pa.Column, table: str) -> Row:
    words = describe_column(name, "account" if table.startswith("Account") else "")
    key, said, unit, note = _tell(words)
    return key, said, unit, _say_kind(str(column.dtype)), _YES if column.nullable else _NO, note


def _tell(words: ColumnName) -> tuple[Code, Said, str, Said]:
    return Code(words.key), Said(words.name_zh, words.name_en), words.unit, Said(words.note, "")


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
