"""What of a page is translated, and where its counterpart in the other language stands.

Pages are written in English; `docs/locale/` holds their Chinese, message by message. What has no words
(codes, numbers, Chinese terms in a table) is no message, nor is what stands on a page that is kept as it is.
"""

import re
from typing import Any

from docutils import nodes
from docutils.nodes import Node
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.logging import getLogger
from sphinx.util.nodes import is_translatable

_AS_WRITTEN = re.compile(r"changelog$|notebooks/")
"""Pages that are shown as they are written; notebooks are written in both languages."""
_ENGLISH = re.compile(r"[A-Za-z]{2}")
_IN_ENGLISH_UNTIL_TRANSLATED = "reference/library"
"""The page of docstrings: whoever changes one is not asked for its Chinese in the same commit."""
_LOGGER = getLogger(__name__)


class KeepAsWritten(SphinxTransform):
    """Marks what has no words, so that nobody is asked to translate it."""

    default_priority = 5

    def apply(self, **_: Any) -> None:
        """Marks the texts of one page."""
        whole = _AS_WRITTEN.match(self.env.docname)
        for node in self.document.findall(nodes.TextElement):
            if whole or not _has_words(node):
                keep_as_written(node)


class NameUntranslated(SphinxTransform):
    """Warns of what a Chinese page shows in English: not translated, fuzzy, or translated into no text."""

    default_priority = 30  # Sphinx puts translations in their place at 20

    def apply(self, **_: Any) -> None:
        """Looks through one page."""
        if self.config.language == "en" or self.env.docname == _IN_ENGLISH_UNTIL_TRANSLATED:
            return
        for node in self.document.findall(is_translatable):
            if _ENGLISH.search(node.astext()) and not node.get("translated"):
                _LOGGER.warning("no translation is shown of: %s", node.astext(), location=node)


def keep_as_written(node: Node) -> None:
    """Marks a text; words within a sentence, which Sphinx would take out of their place, go with it."""
    if isinstance(node, nodes.TextElement) and not isinstance(node, nodes.Inline):
        node["translatable"] = False


def _has_words(node: nodes.TextElement) -> bool:
    return not isinstance(node, nodes.math_block) and any(_ENGLISH.search(text) for text in _list_texts(node))


def _list_texts(node: Node) -> list[str]:
    """The texts below a node, those of code left out."""
    if isinstance(node, nodes.Text):
        return [str(node)]
    if isinstance(node, nodes.literal | nodes.math):
        return []
    return [text for child in node.children for text in _list_texts(child)]


def link_languages(app: Sphinx, pagename: str, _: str, context: dict[str, Any], __: Node | None) -> None:
    """Gives templates the address of this page in the other language: Chinese at the root, English in en/."""
    up = "../" * pagename.count("/")
    if app.config.language == "en":
        other = {"address": f"{up}../{pagename}.html", "code": "zh-CN", "name": "中文"}
    else:
        other = {"address": f"{up}en/{pagename}.html", "code": "en", "name": "English"}
    context["other_language"] = other


def setup(app: Sphinx) -> dict[str, Any]:
    """Adds all of it to the builder."""
    app.add_transform(KeepAsWritten)
    app.add_transform(NameUntranslated)
    app.connect("html-page-context", link_languages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
