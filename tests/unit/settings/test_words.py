"""What the keys of the config are called: a table that is complete, and examples that hold."""

from typing import Annotated

import yaml
from pydantic import TypeAdapter, ValidationError

from pipeline.settings import Settings, build_schema
from pipeline.settings.words import Key, read_words, walk_keys

WORDS = read_words()
KEYS: dict[str, list[Key]] = {}
for one in walk_keys(Settings):
    if one.path == one.told:
        KEYS.setdefault(one.told, []).append(one)


def test_every_example_is_a_value_of_its_key():
    refused = {}
    for path, words in WORDS.items():
        for key in KEYS[path] if words.example else []:
            try:
                _adapt(key).validate_python(yaml.safe_load(words.example))
            except ValidationError as error:
                refused[path] = str(error)
    assert refused == {}


def _adapt(key: Key) -> TypeAdapter:
    """What judges values of a key alone."""
    return TypeAdapter(
        Annotated[key.field.annotation, *key.field.metadata] if key.field.metadata else key.field.annotation
    )


def test_every_key_has_its_row():
    assert set(WORDS) == set(KEYS)


def test_every_row_is_told_in_both_languages():
    for path, words in WORDS.items():
        assert all((words.name_zh, words.name_en, words.meaning_zh, words.meaning_en)), path
        assert any("\u4e00" <= char <= "\u9fff" for char in words.meaning_zh), path
        assert not any("\u4e00" <= char <= "\u9fff" for char in words.name_en), path


def test_an_editor_shows_a_key_in_both_languages_with_unit_and_example():
    schema = build_schema()
    shown = schema["$defs"]["Vegetation"]["properties"]["cover_threshold"]
    told = WORDS["vegetation.cover_threshold"]
    assert shown["title"] == f"{told.name_zh} {told.name_en}"
    assert shown["description"].split("\n\n")[:2] == [told.meaning_zh, told.meaning_en]
    assert shown["description"].endswith("0.3")
    for name, model in schema["$defs"].items():
        for key, node in model["properties"].items():
            assert "\n\n" in node.get("description", ""), f"{name}.{key}"
