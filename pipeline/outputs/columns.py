"""How columns and coded values are called where people read them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

import pandas as pd

from pipeline import standards
from pipeline.legends import LAND_COVER, WATER_CLASS, Legend
from pipeline.outputs.languages import SAID, say
from pipeline.outputs.texts import find_text

Language = Literal["zh", "en"]

DATA_LABEL = "data_label"
"""Column at the end of every table of a simulated delivery."""

_MEAN = "mean_"
_UNITS = {"_ha": "ha", "_yuan": "CNY"}
_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "class_word": ("quality_words", "river_words"),
        "change_word": ("change_words", "water_section_change"),
        "tli_word": ("tli_words",),
    }
)
"""Tables of words by the column that holds them."""
_LEGENDS: Mapping[str, Legend] = MappingProxyType(
    {
        "water_class": WATER_CLASS,
        "target_class": WATER_CLASS,
        "from_class": LAND_COVER,
        "to_class": LAND_COVER,
    }
)


@dataclass(frozen=True)
class ColumnName:
    """A column in both languages, with its unit (empty if none), an explanation and its source."""

    key: str
    name_zh: str
    name_en: str
    unit: str
    note: str
    source: str

    def name(self, language: Language) -> str:
        """Name in `zh` or `en`."""
        return self.name_zh if language == "zh" else self.name_en


@dataclass(frozen=True)
class ValueName:
    """A coded value in both languages; `color` is empty where none is fixed."""

    code: str
    name_zh: str
    name_en: str
    color: str = ""

    def name(self, language: Language) -> str:
        """Name in `zh` or `en`."""
        return self.name_zh if language == "zh" else self.name_en


def describe_column(column: str, family: str = "") -> ColumnName:
    """What a column is; one that no table of the standards knows is called by its key.

    In the tables of a `family`, such as `account`, it may mean what it means nowhere else.
    """
    if column.startswith(_MEAN):
        return _mean(column.removeprefix(_MEAN))
    known = _load_columns()
    return (
        known.get(f"{family}.{column}") or known.get(column) or ColumnName(column, column, column, "", "", "")
    )


def name_columns(columns: Iterable[str], language: Language, family: str = "") -> dict[str, str]:
    """Names of a table's columns by key; names that would meet carry their key in brackets."""
    names = {column: describe_column(column, family).name(language) for column in columns}
    seen = Counter(names.values())
    return {key: name if seen[name] == 1 else f"{name} ({key})" for key, name in names.items()}


def list_values(column: str) -> tuple[ValueName, ...]:
    """The values that a coded column may hold, in order; empty for a column without a dictionary."""
    if column in _LEGENDS:
        return tuple(
            ValueName(str(entry.code), entry.name_zh, entry.name_en, entry.color)
            for entry in _LEGENDS[column].classes
        )
    return _load_values().get(column, ())


def holds_names(column: str, values: pd.Series) -> bool:
    """Whether a coded column holds names, or a register's own words, instead of the dictionary's codes."""
    codes = {entry.code for entry in list_values(column)}
    return bool(codes) and not {str(value) for value in values.dropna().unique()} <= codes


def name_values(column: str, values: pd.Series, language: Language) -> pd.Series:
    """Values of a column as people read them, from codes or the standard's own words; others stay."""
    entries = list_values(column)
    spoken = {entry.name_zh: entry.name(language) for entry in entries}
    names = spoken | {entry.code: entry.name(language) for entry in entries}
    if names:
        values = values.astype("string").replace(names)
    return _say_values(values, language) if column.endswith(SAID) else values


def _say_values(values: pd.Series, language: Language) -> pd.Series:
    """Sentences in one language, each that occurs taken apart once."""
    said = {
        text: say(_name_classes(text, language), language)
        for text in values.dropna().unique()
        if isinstance(text, str)
    }
    return values.map(said.get, na_action="ignore") if said else values


def _name_classes(text: str, language: Language) -> str:
    """The composition of a parcel, whose classes stand in quotes, with their names in the language."""
    if language == "zh" or not text.startswith("{"):
        return text
    for entry in LAND_COVER.classes:
        text = text.replace(f'"{entry.name_zh}"', f'"{entry.name_en}"')
    return text.replace(f'"{find_text("legend.unknown", "zh")}"', f'"{find_text("legend.unknown", "en")}"')


def _find_unit(column: str) -> str:
    """Unit at the end of a column's key; the schema of the inventory has no column for it."""
    return next((unit for end, unit in _UNITS.items() if column.endswith(end)), "")


@cache
def _load_columns() -> Mapping[str, ColumnName]:
    schema = standards.table("inventory_schema").rename(columns={"field": "column"})
    rows = pd.concat(
        [schema.assign(unit=schema["column"].map(_find_unit), note_zh=""), standards.table("column_names")]
    )
    texts = rows[["column", "name_zh", "name_en", "unit", "note_zh", "source"]].to_numpy()
    return MappingProxyType({row[0]: ColumnName(*row) for row in texts})


def describe_parameter(code: str) -> ColumnName:
    """What a parameter of water samples is; one that no table of the standards knows is its code."""
    return _parameters().get(code) or ColumnName(code, code, code, "", "", "")


@cache
def _parameters() -> Mapping[str, ColumnName]:
    limits = pd.concat([standards.table(name) for name in ("water_limits", "water_extras")])
    texts = limits.drop_duplicates("code")[["code", "name_zh", "name_en", "unit", "source"]].to_numpy()
    return MappingProxyType(
        {
            code: ColumnName(code, name_zh, name_en, "" if unit == "-" else unit, "", source)
            for code, name_zh, name_en, unit, source in texts
        }
    )


def _mean(code: str) -> ColumnName:
    known = _parameters().get(code)
    if known is None:
        return ColumnName(f"{_MEAN}{code}", f"{_MEAN}{code}", f"{_MEAN}{code}", "", "", "")
    names = f"{known.name_zh}均值", f"mean {known.name_en}"
    return ColumnName(f"{_MEAN}{code}", *names, known.unit, "时段内样本均值", known.source)


@cache
def _load_values() -> Mapping[str, tuple[ValueName, ...]]:
    rights = standards.table("rights").rename(columns={"dictionary": "column"}).assign(color="")
    products = standards.table("product_names")
    products = pd.concat([products, *_list_words()])
    products = products.assign(code=products["name_zh"], color="")
    indicators = standards.table("indicator_names").rename(columns={"indicator": "code"})
    indicators = indicators.assign(column="indicator", color="")
    rows = pd.concat([rights, _load_land_classes(), products, standards.table("value_names"), indicators])
    rows = rows.drop_duplicates(["column", "code"], keep="last")  # what has a colour goes before
    found = _load_class_keys()
    for column, *value in rows[["column", "code", "name_zh", "name_en", "color"]].to_numpy():
        found[column] = (*found.get(column, ()), ValueName(*value))
    return MappingProxyType(found)


def _list_words() -> Iterator[pd.DataFrame]:
    """Words for classes of waters and their changes, by the columns that hold them."""
    for column, tables in _WORDS.items():
        words = pd.concat([standards.table(name)[["word_zh", "word_en"]] for name in tables])
        yield words.rename(columns={"word_zh": "name_zh", "word_en": "name_en"}).assign(column=column)


def _load_land_classes() -> pd.DataFrame:
    """Classes of the third survey by code and name."""
    classes = standards.table("land_classes")
    named = {name: classes["code"] + " " + classes[name] for name in ("name_zh", "name_en")}
    rows = pd.DataFrame({"code": classes["code"], **named, "color": ""})
    return pd.concat([rows.assign(column=column) for column in ("dlbm", "land_class")])


def _load_class_keys() -> dict[str, tuple[ValueName, ...]]:
    """Land cover classes as long tables name them: by key, with a prefix where other things stand beside."""
    prefixes = {"from": "", "to": "", "item": "class:", "measure": "class_area:"}
    return {
        column: tuple(
            ValueName(f"{prefix}{entry.key}", entry.name_zh, entry.name_en, entry.color)
            for entry in LAND_COVER.classes
        )
        for column, prefix in prefixes.items()
    }
