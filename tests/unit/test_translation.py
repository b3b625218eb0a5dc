"""README.zh-CN.md says what README.md says, chapter by chapter; Chinese pages do so message by message."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import pairwise, zip_longest
from typing import NamedTuple

import pytest
from babel.messages.pofile import read_po
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.pages import DOCS, ROOT

NAMES = ("README.md", "README.zh-CN.md")
LEAST_CHAPTERS = 15
POINTS = {"list_item_open", "tr_open", "th_open", "td_open"}


class Chapter(NamedTuple):
    """What a chapter of a README holds that no language changes."""

    heading: str
    code: list[str]
    names: Counter[str]
    figures: Counter[str]
    links: Counter[str]
    points: Counter[str]


def read_chapters(text: str) -> list[Chapter]:
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    starts = [at for at, token in enumerate(tokens) if token.type == "heading_open"]
    return [_read_chapter(tokens[start:end]) for start, end in pairwise([*starts, len(tokens)])]


def _read_chapter(tokens: list[Token]) -> Chapter:
    spoken = [child for token in tokens[3:] for child in token.children or []]
    plain = " ".join(child.content for child in spoken if child.type == "text")
    return Chapter(
        tokens[0].tag,
        [line for token in tokens for line in list_code(token)],
        Counter(child.content for child in spoken if child.type == "code_inline"),
        Counter(re.findall(r"\d(?:[\d,.^-]*\d)?", plain)),
        Counter(_list_links(spoken)),
        Counter(token.type for token in tokens if token.type in POINTS),
    )


def _list_links(spoken: list[Token]) -> list[str]:
    links = [str(child.attrs["href"]) for child in spoken if child.type == "link_open"]
    return [link for link in links if link not in NAMES]


def list_code(token: Token) -> Iterator[str]:
    """The lines of a fenced block without their remarks; of a listing of files, their names."""
    for line in token.content.splitlines():
        if token.type == "fence":
            yield re.sub(r"(^|\s+)#.*", "", line)
        elif token.type == "code_block" and re.match(r" {0,6}\S", line):
            yield re.split(r"\s{2,}", line.strip())[0]


CATALOGUES = sorted((DOCS / "locale").rglob("*.po"))
QUOTED = re.compile(r"`+[^`]+`+|\$[^$]+\$|\]\([^)]*\)")
LEAST_CATALOGUES = 30
TEXTS = [(ROOT / name).read_text("utf-8") for name in NAMES]
PAIRS = list(zip_longest(*map(read_chapters, TEXTS)))


def test_each_readme_leads_to_the_other():
    for text, other in zip(TEXTS, reversed(NAMES), strict=True):
        assert f"]({other})" in text.split("\n## ")[0]


def test_both_have_the_same_chapters():
    assert len(PAIRS) > LEAST_CHAPTERS
    assert [english and english.heading for english, _ in PAIRS] == [
        chinese and chinese.heading for _, chinese in PAIRS
    ]


@pytest.mark.parametrize("kind", Chapter._fields)
@pytest.mark.parametrize("pair", PAIRS, ids=range(len(PAIRS)))
def test_a_chapter_has_the_same_code_names_figures_links_and_points_in_both(pair, kind):
    english, chinese = (getattr(chapter, kind) for chapter in pair)
    assert chinese == english


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (lambda text: text.replace("--aoi ID", "--aoi"), "names"),
        (lambda text: text.replace("8787", "8786"), "figures"),
        (lambda text: text.replace("(b.md)", "(c.md)"), "links"),
        (lambda text: text.replace("- two\n", ""), "points"),
        (lambda text: text.replace("key: 1", "key: 2"), "code"),
    ],
)
def test_a_planted_difference_is_found(damage: Callable[[str], str], kind: str):
    text = "# T\n\n`--aoi ID` 8787 [a](b.md)\n\n- one\n- two\n\n```yaml\nkey: 1  # remark\n```\n"
    (whole,) = read_chapters(text)
    assert [whole] == read_chapters(text.replace("remark", "说明").replace("one", "一"))
    (damaged,) = read_chapters(damage(text))
    assert [name for name in Chapter._fields if getattr(damaged, name) != getattr(whole, name)] == [kind]


def list_quoted(text: str) -> set[str]:
    """Code, formulas and links of a message; a page that is included knows links from its own folder."""
    plain = re.sub(r":doc:`[^`<]*", "`", text)
    return {quoted.replace("](docs/", "](") for quoted in QUOTED.findall(plain)}


def test_a_message_has_the_same_code_formulas_and_links_in_chinese():
    assert len(CATALOGUES) > LEAST_CATALOGUES
    messages = [
        each
        for path in CATALOGUES
        for each in read_po(BytesIO(path.read_bytes()))
        if each.string and not each.fuzzy
    ]
    pairs = [(message.id, message.string) for message in messages if message.id]
    assert [pair for pair in pairs if list_quoted(pair[0]) != list_quoted(pair[1])] == []
