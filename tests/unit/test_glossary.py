"""The glossary is kept by the code: its words name something, and the words that it forbids name nothing."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
LEAST_TERMS = 30


class Term(NamedTuple):
    codes: list[str]
    forbidden: list[str]


def list_terms(text: str) -> list[Term]:
    rows = [line.strip().strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    quoted = [[re.findall("`([^`]+)`", cell) for cell in row] for row in rows]
    return [Term(row[2], row[4]) for row in quoted if row[2]]


@cache
def split_words(name: str) -> list[str]:
    return [word.lower() for word in re.findall("[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)]


def list_names(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Names that a module gives, each with its annotation, empty where it has none."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            yield node.arg, ast.unparse(node.annotation) if node.annotation else ""
        elif isinstance(node, ast.AnnAssign):
            yield ast.unparse(node.target), ast.unparse(node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, ""
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.id if isinstance(node, ast.Name) else node.attr, ""


VERBS = {"plot"}
"""Nouns that stand for something else here, and are at home in the field as verbs: `plot_map`."""


def holds_entry(name: str, annotation: str, entry: str) -> bool:
    """Whether a name holds the words of an entry of the page, and has its type where the entry names one.

    A first word out of VERBS is what a function does, and no noun.
    """
    word, _, kind = entry.partition(": ")
    words, wanted = split_words(name), split_words(word)
    words = words[1:] if len(words) > 1 and words[0] in VERBS else words
    holds = any(words[start : start + len(wanted)] == wanted for start in range(len(words)))
    return holds and (not kind or kind in re.findall(r"\w+", annotation))


def list_shunned(text: str) -> list[str]:
    """Chinese words in the last column: another word is the term for what they mean."""
    rows = [line.strip().strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    plain = [re.sub("`[^`]+`", "", row[4]) for row in rows]
    return [word for cell in plain for word in re.findall(r"[\u4e00-\u9fff]+", cell) if word != "不用"]


GLOSSARY = (ROOT / "docs" / "glossary.md").read_text("utf-8")
TERMS = list_terms(GLOSSARY)
SHOWN = [
    ROOT / "README.zh-CN.md",
    ROOT / "pipeline" / "settings" / "words.csv",
    ROOT / "pipeline" / "outputs" / "texts.csv",
    *[
        ROOT / "pipeline" / "standards" / f"{name}.csv"
        for name in ("column_names", "indicator_names", "messages")
    ],
    *sorted((ROOT / "docs" / "locale").rglob("*.po")),
    *sorted((ROOT / "notebooks").glob("*.ipynb")),
]
MODULES = {path.relative_to(ROOT): path for path in sorted((ROOT / "pipeline").rglob("*.py"))}
NAMES = [
    (place, name, annotation)
    for place, path in MODULES.items()
    for name, annotation in [
        *list_names(ast.parse(path.read_text("utf-8"))),
        (path.stem, ""),
        (path.parent.name, ""),
    ]
]


def test_the_page_is_read_as_a_table_of_terms():
    assert len(TERMS) > LEAST_TERMS
    assert Term(["block"], ["slab: Block", "tile: Block", "chunk: Block", "unit: Block"]) in TERMS


@pytest.mark.parametrize("code", sorted({code for term in TERMS for code in term.codes}))
def test_a_word_of_the_glossary_names_something_in_the_code(code):
    assert any(holds_entry(name, "", code) for _, name, _ in NAMES)


@pytest.mark.parametrize("entry", sorted({entry for term in TERMS for entry in term.forbidden}))
def test_a_word_that_the_glossary_forbids_names_nothing_in_the_code(entry):
    assert [f"{place}: {name}" for place, name, kind in NAMES if holds_entry(name, kind, entry)] == []


@pytest.mark.parametrize("word", list_shunned(GLOSSARY))
def test_a_chinese_word_that_the_glossary_forbids_is_shown_to_nobody(word):
    lines = [line for path in SHOWN for line in path.read_text("utf-8").splitlines() if word in line]
    assert lines == []


def test_no_word_stands_for_two_terms():
    codes = [code for term in TERMS for code in term.codes]
    assert len(codes) == len(set(codes))
    assert not set(codes) & {entry for term in TERMS for entry in term.forbidden}


@pytest.mark.parametrize(
    ("source", "entry", "found"),
    [
        ("def cut_plots(): pass", "plots", True),
        ("plotter = 1", "plot", False),
        ("def plot_map(): pass", "plot", False),
        ("def cut_plot(): pass", "plot", True),
        ("class SlabTask: pass", "slab", True),
        ("def cut(area: Aoi): pass", "area: Aoi", True),
        ("def cut(area: float): pass", "area: Aoi", False),
        ("def cut(study: 'Aoi | None'): pass", "area: Aoi", False),
        ("class A:\n    area: Sequence[Aoi]", "area: Aoi", True),
        ("self.land_use = 1", "land_use", True),
        ("land = use = 1", "land_use", False),
    ],
)
def test_a_planted_name_is_found_by_its_words_and_its_type(source, entry, found):
    assert any(holds_entry(*name, entry) for name in list_names(ast.parse(source))) == found
