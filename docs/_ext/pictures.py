"""Pictures of what people see, taken by the tests into build/pictures, shown where they are there.

They are not kept in the repository: `make pictures` takes them, and the next `make docs` shows them. Captions
are translated whether there is a picture or not.
"""

from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.nodes import Node
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

PICTURES = Path(__file__).resolve().parents[2] / "build" / "pictures"


class ShowPicture(SphinxDirective):
    """A picture by its name, with its caption below; `{language}` in the name is `zh` or `en`."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[Node]:
        """The figure; of no picture only what is to be translated."""
        language = "en" if self.config.language == "en" else "zh"
        path = PICTURES / f"{self.arguments[0].format(language=language)}.png"
        words = self.parse_content_to_nodes()
        if not path.exists():
            return words if self.env.app.builder.name == "gettext" else []
        place = self._find_place(path)
        caption = nodes.caption("", "", *words[0].children)
        caption.source, caption.line = words[0].source, words[0].line
        caption.rawsource = words[0].rawsource
        return [nodes.figure("", nodes.image(uri=place, alt=""), caption, classes=["picture"])]

    def _find_place(self, path: Path) -> str:
        """The path as pages name pictures: from the folder of all pages."""
        return "/" + Path("../build/pictures", path.name).as_posix()


def setup(app: Sphinx) -> dict[str, Any]:
    """Adds the directive `picture`."""
    app.add_directive("picture", ShowPicture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
