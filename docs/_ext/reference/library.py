"""The public names of the library, each from its docstring."""

import inspect
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import pipeline


def list_public_names() -> list[str]:
    """Functions and classes that `pipeline` gives, in the order of their names; rooms are not among them."""
    things = {name: getattr(pipeline, name) for name in pipeline.__all__}
    return sorted(name for name, thing in things.items() if inspect.isclass(thing) or callable(thing))


def keep_sentence(_: Sphinx, what: str, *rest: Any) -> None:
    """Begins docstrings of properties with a comment: napoleon takes words before a colon as a type."""
    if what == "property":
        rest[-1][:0] = ["..", ""]


class ListNames(SphinxDirective):
    """Each public name with its signature and docstring, by autodoc, classes with their attributes."""

    def run(self) -> list[nodes.Node]:
        """The nodes that autodoc makes of all names; their sentences are messages of docs/locale."""
        self.env.note_reread()
        lines: list[str] = []
        for name in list_public_names():
            kind = "autoclass" if inspect.isclass(getattr(pipeline, name)) else "autofunction"
            members = ["   :members:"] if kind == "autoclass" else []
            lines += [f".. {kind}:: pipeline.{name}", *members, ""]
        box = nodes.container()
        self.state.nested_parse(StringList(lines, source="library"), self.content_offset, box)
        return box.children
