"""One language at a time: what people read of words that say a thing in Chinese and in English."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Literal

from pipeline.outputs.texts import find_texts

Language = Literal["zh", "en"]

SAID = (
    *("reason", "expected", "todo", "note", "source", "doubt", "grade", "change_word", "assumed", "formula"),
    *(
        "evaluated_by",
        "indicative",
        "inputs",
        "basis",
        "method",
        "confidence",
        "evidence",
        "structure",
        "param_set",
        "data_source",
    ),
)
"""How columns end that hold sentences of this project, or codes with words; names are never taken apart."""

_HAN = "\u3400-\u9fff\uff00-\uffef\u3001-\u3011"
_SLASH = r"(?:(?<!\d) / | / (?!\d)|(?<=）)/ )"
"""Between halves; between two numbers it is a list of them."""
_HALVES = re.compile(rf"(?P<zh>.+?){_SLASH}(?P<en>[^{_HAN}]+?)(?:；|$)")
_BRACKETS = re.compile(
    rf"(?P<zh>[^\s；;()]*[\u3400-\u9fff][^\s；;()]*) \((?P<en>[A-Za-z][^(){_HAN}]* [^(){_HAN}]*)\)"
)
_CHINESE, _IDEOGRAPH = re.compile(f"[{_HAN}]"), re.compile("[\u3400-\u9fff]")
_PLAIN = str.maketrans({"（": " (", "）": ")", "，": ", ", "、": ", ", "：": ": "})
_LATIN = re.compile("[A-Za-z]{3,}")
_PARTS = re.compile("；|; ")
_HOLE = re.compile(r"\\{(\w+)\\}")


def say(text: str, language: Language) -> str:
    """A sentence in one language, where it says 中文 / English, 中文 (English) or a pair that is known.

    Phrases that are known are said in the language. What cannot be told apart stays whole.
    """
    if "/ " in text:
        text = _choose_halves(text, language)
    text = _BRACKETS.sub(lambda found: found[language], text)
    if language == "zh":
        return _choose_words(_translate(text, language), language)
    said = _translate(_choose_words(text, language), language)
    return said if _IDEOGRAPH.search(said) else said.replace(" （", "（").translate(_PLAIN)


def keep_language(columns: Iterable[str], language: Language) -> list[str]:
    """Columns without those that say in the other language what a neighbour says in this one."""
    names = list(columns)
    other = "_en" if language == "zh" else "_zh"
    own = f"_{language}"
    doubled = {name for name in names if name.endswith(other) and name.removesuffix(other) + own in names}
    return [name for name in names if name not in doubled]


def _choose_halves(text: str, language: Language) -> str:
    """The halves of one language; parts before a half that hold no Chinese belong to both."""
    said, end = [], 0
    for found in _HALVES.finditer(text):
        parts = _PARTS.split(found["zh"])
        first = next((place for place, part in enumerate(parts) if _CHINESE.search(part)), None)
        if first is None or re.search(_SLASH, found["zh"]):
            return text
        said += [found["zh"]] if language == "zh" else [*parts[:first], found["en"]]
        end = found.end()
    if not said:
        return _choose_half(text, language)
    separator = "；" if language == "zh" else "; "
    return separator.join([*said, *([text[end:]] if text[end:] else [])])


def _choose_words(text: str, language: Language) -> str:
    """A text with one word of each pair that stands side by side."""
    for chinese, english in _list_pairs():
        own = chinese if language == "zh" else english
        for both in (f"{chinese} {english}", f"{english} {chinese}"):
            text = text.replace(both, own)
    return text


def _choose_half(text: str, language: Language) -> str:
    """Of two halves that both hold Chinese, such as names, the one of the language."""
    halves = re.split(_SLASH, text)
    if len(halves) != len(("zh", "en")) or not _CHINESE.search(halves[0]) or not _LATIN.search(halves[1]):
        return text
    return halves[language == "en"]


def _translate(text: str, language: Language) -> str:
    """A text whose parts are phrases that are known, said in the language; others stay."""
    if language == "en" and not _CHINESE.search(text):
        return text
    *parts, last = _PARTS.split(text)
    ends = _PARTS.findall(text) if language == "zh" else ["; "] * len(parts)
    said = (_translate_part(part, language) + end for part, end in zip(parts, ends, strict=True))
    return "".join([*said, _translate_part(last, language)])


def _translate_part(part: str, language: Language) -> str:
    for phrase, own in _load_phrases(language).items():
        found = phrase.fullmatch(part)
        if found:
            return own.format(
                **{key: _translate(value, language) for key, value in found.groupdict().items()}
            )
    return part


@cache
def _list_pairs() -> tuple[tuple[str, str], ...]:
    """Chinese and English of what stands side by side, the longest first."""
    chinese, english = find_texts("said", "zh"), find_texts("said", "en")
    return tuple(sorted(((chinese[key], english[key]) for key in chinese), key=lambda pair: -len(pair[0])))


@cache
def _load_phrases(language: Language) -> Mapping[re.Pattern[str], str]:
    """Phrases of the other language, their holes as groups, and what they are in this one."""
    other = find_texts("phrase", "en" if language == "zh" else "zh")
    own = find_texts("phrase", language)
    return MappingProxyType(
        {re.compile(_HOLE.sub(r"(?P<\1>.+?)", re.escape(other[key]))): own[key] for key in own}
    )
