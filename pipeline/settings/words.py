"""What each key of the config is called and means, in Chinese and English: table `words.csv` beside this.

A key has its row at the first place where it is met: what `crs` or a table of statistics may hold is told
once, for all places that take one. `*` in a path stands for a name of one's own, such as a period's label.
"""

import csv
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

Model = type[BaseModel]


class Key(NamedTuple):
    """A key of the config: its dotted path, and where it is declared.

    `told` is the path of its row in the table, another than `path` where the key was met before.
    """

    path: str
    told: str
    model: Model
    field: FieldInfo


class Words(NamedTuple):
    """A row of the table. `unit` is empty for what has none; `example` is a value in YAML."""

    name_zh: str
    name_en: str
    meaning_zh: str
    meaning_en: str
    unit: str
    example: str


@cache
def read_words() -> Mapping[str, Words]:
    """The rows of the table by path, in its order."""
    text = (files("pipeline.settings") / "words.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(keepends=True))
    return {row.pop("key"): Words(**row) for row in rows}


def walk_keys(
    model: Model, told: dict[tuple[Model, str], str] | None = None, path: str = ""
) -> Iterator[Key]:
    """All keys below a model in their order, those inside of a model that was met before as well."""
    told = {} if told is None else told
    for name, field in model.model_fields.items():
        own = f"{path}.{field.alias or name}".removeprefix(".")
        yield Key(own, told.setdefault((_find_owner(model, name), name), own), model, field)
        for way, inner in _list_models(field.annotation):
            yield from walk_keys(inner, told, own + way)


def _find_owner(model: Model, name: str) -> Model:
    """The class in whose body a field is declared."""
    return next(one for one in model.__mro__ if name in vars(one).get("__annotations__", {}))


def _list_models(annotation: Any) -> Iterator[tuple[str, Model]]:
    """Models inside of a type, each with what its path has beside that of the type."""
    inner = get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield "", annotation
    elif get_origin(annotation) is dict:
        yield from ((f".*{way}", model) for way, model in _list_models(inner[1]))
    else:
        for one in inner:
            yield from _list_models(one)


def add_words(schema: dict[str, Any], model: Model) -> dict[str, Any]:
    """The JSON schema of a model with titles, descriptions and examples in both languages, for editors."""
    words = read_words()
    for key in walk_keys(model):
        owner = schema if key.model is model else schema["$defs"][key.model.__name__]
        name = key.path.rpartition(".")[2]
        owner["properties"][name] |= _describe(words[key.told])
    return schema


def _describe(words: Words) -> dict[str, str]:
    """What an editor shows of a key."""
    unit = f"\n\n单位 unit: {words.unit}" if words.unit else ""
    example = f"\n\n例 e.g. {words.example}" if words.example else ""
    return {
        "title": f"{words.name_zh} {words.name_en}",
        "description": f"{words.meaning_zh}\n\n{words.meaning_en}{unit}{example}",
    }
