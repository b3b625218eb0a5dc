"""Remarks in blocks of code are messages like any other: a Chinese page explains its examples in Chinese.

Sphinx can only have a whole block translated, and in Markdown it cannot put that back; so a block gives its
remarks one by one, and the code around them is the same in every language.
"""

import re
from collections.abc import Sequence
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

_REMARK = re.compile(r"(?:^|(?<=\s))# (\S.*[A-Za-z]{2}.*)$", re.MULTILINE)


class RemarkedCode(addnodes.translatable, nodes.literal_block):
    """A block of code with remarks in words."""

    def preserve_original_messages(self) -> None:
        """Nothing: the text of the block holds them until they are translated."""

    def extract_original_messages(self) -> Sequence[str]:
        """Its remarks, each once."""
        return list(dict.fromkeys(_REMARK.findall(self.rawsource)))

    def apply_translated_message(self, original_message: str, translated_message: str) -> None:
        """Puts the translation of a remark in its place."""
        lines = self.rawsource.splitlines()
        told = [line.removesuffix(f"# {original_message}") for line in lines]
        self.rawsource = "\n".join(
            line if line == rest else f"{rest}# {translated_message}"
            for line, rest in zip(lines, told, strict=True)
        )
        self.children = [nodes.Text(self.rawsource)]
        self["waiting"] = [one for one in self["waiting"] if one != original_message]
        self["translated"] = not self["waiting"]  # Sphinx passes by what is translated


class FindRemarks(SphinxTransform):
    """Makes blocks with remarks translatable."""

    default_priority = 5

    def apply(self, **_: Any) -> None:
        """Takes the blocks of one page."""
        for node in list(self.document.findall(nodes.literal_block)):
            if _REMARK.search(node.rawsource):
                remarked = RemarkedCode(node.rawsource, node.astext(), **node.attributes)
                remarked.source, remarked.line = node.source, node.line
                remarked["waiting"] = remarked.extract_original_messages()
                node.replace_self(remarked)


def setup(app: Sphinx) -> dict[str, Any]:
    """Adds both to the builder."""
    shown = (lambda writer, node: writer.visit_literal_block(node), None)
    app.add_node(RemarkedCode, html=shown)
    app.add_transform(FindRemarks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
