"""How the printed catalogue looks: faces, fills and borders of its cells, each made once."""

from typing import Any

import xlsxwriter

from pipeline.outputs.catalogue.columns import Form
from pipeline.outputs.columns import Language

_SIZE = 9
_THIN = 1
_EDGE = "#9db3aa"
_AREA = "[>=0.01]#,##0.00;0.00####"
_NUMBER = "[>=1]#,##0.00;[>=0.01]0.00##;0.00####"
"""Two decimals, and for what is small as many as it has, so that nothing known looks like 0."""
_FORMS: dict[Form, dict[str, Any]] = {
    "text": {"align": "left", "indent": 1, "text_wrap": True},
    "word": {"align": "center", "text_wrap": True},
    "count": {"align": "center", "num_format": "0"},
    "number": {"align": "right", "num_format": _NUMBER},
    "area": {"align": "right", "num_format": _AREA},
    "money": {"align": "right", "num_format": _NUMBER},
}
_INDICATIVE = {"num_format": _NUMBER.replace(";", '"*";') + '"*"'}
_FILLS = {"family": "#cfe3da", "group": "#e3efe9", "product": "#f2f7f5", "total": "#cfe3da"}
_HEAD = {"bold": True, "align": "center", "bg_color": "#1f5f4a", "font_color": "#ffffff", "border": _THIN}


class Looks:
    """Formats of a workbook for the words of a language."""

    def __init__(self, book: xlsxwriter.Workbook, language: Language) -> None:
        self._book = book
        self._face = {"font_name": "宋体"} if language == "zh" else {}
        self._known: dict[tuple[Any, ...], Any] = {}

    def find_plain(self, *, size: int = _SIZE, **look: Any) -> Any:
        """Words outside the table."""
        return self._find({"font_size": size, "valign": "vcenter", **look})

    def find_head(self, *, is_open: bool = False, is_lower: bool = False) -> Any:
        """A heading; one that is open goes on in the row below, which is the lower part of it."""
        look = {"font_size": _SIZE, "border_color": _EDGE, "valign": "vcenter", **_HEAD}
        return self._find(look | ({"bottom": 0} if is_open else {}) | ({"top": 0} if is_lower else {}))

    def find_cell(self, kind: str, form: Form, *, is_indicative: bool = False) -> Any:
        """A cell of a line of some kind; an indicative number has a star behind it."""
        look = {"font_size": _SIZE, "border": _THIN, "border_color": _EDGE, "valign": "vcenter"}
        look |= _FORMS[form] | (_INDICATIVE if is_indicative else {})
        if kind in _FILLS:
            look |= {"bold": True, "bg_color": _FILLS[kind], "text_wrap": False}
        return self._find(look)

    def _find(self, look: dict[str, Any]) -> Any:
        key = tuple(sorted(look.items()))
        if key not in self._known:
            self._known[key] = self._book.add_format({**self._face, **look})
        return self._known[key]
