"""What the keys of the config are called: a table that is complete, and examples that hold."""

from typing import Annotated

import yaml
from pydantic import TypeAdapter, ValidationError

from pipeline.settings import Settings
from pipeline.settings.words import Key, read_words, walk_keys

WORDS = read_words()
KEYS: dict[str, list[Key]] = {}
for one in walk_keys(Settings):
    if one.path == one.told:
        KEYS.setdefault(one.told, []).append(one)


def test_no_row_is_of_a_key_that_does_not_exist():
    assert set(WORDS) <= set(KEYS)


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
