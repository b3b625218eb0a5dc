"""Every key of the config, from the settings and their words: type, default, unit, example, meaning."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from pydantic_core import PydanticUndefined

from pipeline.settings import Settings, build_schema
from pipeline.settings.words import Key, Words, read_words, walk_keys
from reference.chapters import Chapter, Code, Lines, Row, Said

_HEADS = (
    Said("键、名称", "key and name"),
    Said("类型、默认、单位", "type, default, unit"),
    Said("含义、例", "meaning and example"),
)
_GENERAL = Said("总体", "General")
_KINDS = {
    "string": Said("文本", "text"),
    "integer": Said("整数", "whole number"),
    "number": Said("数", "number"),
    "boolean": Said("true 或 false", "true or false"),
    "object": Said("键值块", "block"),
    "array": Said("列表", "list"),
    "null": Said("空", "empty"),
}
_REQUIRED, _NOTHING = Said("必填", "required"), Said("默认：无", "default: none")
_BLOCK = Said("默认：见其下各键", "default: those of its keys")
_UNTOLD = Words("", "", "", "", "", "")
Schema = Mapping[str, Any]


def list_blocks() -> Iterator[Chapter]:
    """A chapter for what stands alone, and one for each block, in the order of the config."""
    schema, words = build_schema(), read_words()
    keys = [key for key in walk_keys(Settings) if key.path == key.told]
    blocks = {key.path.partition(".")[0]: None for key in keys if "." in key.path}
    alone = [key for key in keys if key.path not in blocks and "." not in key.path]
    yield _build_chapter("general", _GENERAL, alone, schema, words)
    for block in blocks:
        own = [key for key in keys if key.path.partition(".")[0] == block]
        told = words.get(block, _UNTOLD)
        title = Said(f"{block} {told.name_zh}", f"{block}: {told.name_en}")
        yield _build_chapter(block, title, own, schema, words)


def _build_chapter(
    anchor: str, title: Said, keys: list[Key], schema: Schema, words: Mapping[str, Words]
) -> Chapter:
    ways: dict[str, list[Key]] = {}
    for key in keys:
        ways.setdefault(key.path, []).append(key)
    rows = tuple(_build_row(path, ways[path], schema, words.get(path, _UNTOLD)) for path in ways)
    return Chapter(f"config-{anchor}", title, _HEADS, rows)


def _build_row(path: str, ways: list[Key], schema: Schema, words: Words) -> Row:
    """A key by all the ways in which it is declared, where a block may be one of several."""
    anchor = "key-" + path.replace(".", "-").replace("*", "name").replace("_", "-")
    kinds = [_say_type(_find_schema(key, schema)) for key in ways]
    unit = Said(f"单位：{words.unit}", f"unit: {words.unit}") if words.unit else ""
    example = Said(f"例：`{words.example}`", f"example: `{words.example}`") if words.example else ""
    return (
        Lines((Code(path, anchor), Said(words.name_zh, words.name_en))),
        Lines((*dict.fromkeys([*kinds, *map(_say_default, ways)]), unit)),
        Lines((Said(words.meaning_zh, words.meaning_en), example)),
    )


def _find_schema(key: Key, schema: Schema) -> Schema:
    owner = schema if key.model is Settings else schema["$defs"][key.model.__name__]
    found: Schema = owner["properties"][key.field.alias or key.path.rpartition(".")[2]]
    return found


def _say_default(key: Key) -> Said:
    value = key.field.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return _REQUIRED
    if hasattr(value, "model_dump"):
        return _BLOCK
    if value is None or value in ([], {}):
        return _NOTHING
    plain = list(value) if isinstance(value, tuple) else str(value) if isinstance(value, str) else value
    text = yaml.safe_dump(plain, default_flow_style=True, allow_unicode=True, width=1000)
    shown = text.removesuffix("...\n").strip()
    return Said(f"默认：`{shown}`", f"default: `{shown}`")


def _say_type(schema: Schema) -> Said:
    """What values a key takes, in words: their kind, their choices, their range."""
    if "anyOf" in schema:
        ways = [_say_type(one) for one in schema["anyOf"] if one.get("type") != "null"]
        return Said("；或".join(way.zh for way in ways), "; or ".join(way.en for way in ways))
    if "enum" in schema or "const" in schema:
        choices = " | ".join(_spell(one) for one in schema.get("enum", [schema.get("const")]))
        return Said(f"`{choices}`", f"`{choices}`")
    if schema.get("format") == "date":
        return Said("日期", "date")
    kind = _KINDS[schema.get("type", "object")]
    low, high = _say_bounds(schema)
    if "items" in schema:
        inner = _say_type(schema["items"])
        return Said(f"{kind.zh}：{inner.zh}", f"list of {inner.en}")
    return Said(f"{kind.zh}{low.zh}{high.zh}", f"{kind.en}{low.en}{high.en}")


def _say_bounds(schema: Schema) -> tuple[Said, Said]:
    """The least and the greatest value, where there are such."""
    low = next(
        (
            Said(f"，{zh} {schema[key]:g}", f", {en} {schema[key]:g}")
            for key, zh, en in (("minimum", "不小于", "at least"), ("exclusiveMinimum", "大于", "above"))
            if key in schema
        ),
        Said("", ""),
    )
    high = next(
        (
            Said(f"，{zh} {schema[key]:g}", f", {en} {schema[key]:g}")
            for key, zh, en in (("maximum", "不大于", "at most"), ("exclusiveMaximum", "小于", "below"))
            if key in schema
        ),
        Said("", ""),
    )
    return low, high


def _spell(value: object) -> str:
    """A value as YAML has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
