"""Pages that are generated from the code as the site is built, in the language of the site."""

from typing import Any, ClassVar

from docutils.nodes import Node
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from reference.building import build_chapter
from reference.chapters import Chapter
from reference.entries import PAGES
from reference.library import ListNames, keep_sentence


class ShowChapters(SphinxDirective):
    """The chapters that a page of PAGES has, in the place of the directive."""

    page: ClassVar[str]

    def run(self) -> list[Node]:
        """The chapters as sections."""
        self.env.note_reread()
        english = self.config.language == "en"
        return [build_chapter(chapter, english=english) for chapter in self.list_chapters()]

    def list_chapters(self) -> list[Chapter]:
        """What the code says."""
        return list(PAGES[self.page]())


def setup(app: Sphinx) -> dict[str, Any]:
    """Adds a directive `ecoledger-<page>` for each page, and that of the library."""
    for page in PAGES:
        app.add_directive(f"ecoledger-{page}", type("ShowPage", (ShowChapters,), {"page": page}))
    app.add_directive("ecoledger-library", ListNames)
    app.connect("autodoc-process-docstring", keep_sentence, priority=400)  # napoleon comes at 500
    return {"parallel_read_safe": True, "parallel_write_safe": True}
