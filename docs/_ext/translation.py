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

_AS_WRITTEN = re.compile(r"changelog$|notebooks/")
"""Pages that are shown as they are written; notebooks are written in both languages."""
_ENGLISH = re.compile(r"[A-Za-z]{2}")


class KeepAsWritten(SphinxTransform):
    """Marks what has no words, so that nobody is asked to translate it."""

    default_priority = 5

    def apply(self, **_: Any) -> None:
        """Marks the texts of one page."""
        whole = _AS_WRITTEN.match(self.env.docname)
        for node in self.document.findall(nodes.TextElement):
            if whole or not _has_words(node):
                keep_as_written(node)


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
    """Adds both to the builder."""
    app.add_transform(KeepAsWritten)
    app.connect("html-page-context", link_languages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
