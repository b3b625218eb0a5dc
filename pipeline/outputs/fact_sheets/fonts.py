"""The font that fact sheets are set in: one with Chinese letters, of the system or of the extra `print`."""

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from typst import Fonts

from pipeline.errors import Problem, WorkspaceError

FAMILIES = (
    *("Noto Sans CJK SC", "Source Han Sans SC", "Source Han Sans CN", "Noto Sans SC", "思源黑体"),
    *("Microsoft YaHei", "PingFang SC", "SimHei", "WenQuanYi Micro Hei"),
)
"""Fonts with the letters of the national standard, the best first."""
_PACKAGE = "mplfonts"
_WAY_OUT = "Install Noto Sans CJK (such as apt-get install fonts-noto-cjk), or pip install 'ecoledger[print]'"


@dataclass(frozen=True)
class PrintFont:
    """A family, and all the fonts it is found among."""

    family: str
    fonts: Fonts


@cache
def find_font() -> PrintFont:
    """The best font of this machine; WorkspaceError where none has Chinese letters."""
    folders = _list_folders()
    fonts = Fonts(include_system_fonts=True, include_embedded_fonts=False, font_paths=folders)
    return choose_font(fonts)


def choose_font(fonts: Fonts) -> PrintFont:
    """The best of some fonts; WorkspaceError where none has Chinese letters."""
    known = set(fonts.families())
    family = next((name for name in FAMILIES if name in known), None)
    if family is None:
        problem = Problem("fonts", "no font with Chinese letters", ", ".join(FAMILIES), _WAY_OUT)
        raise WorkspaceError("Fact sheets cannot be set", [problem])
    return PrintFont(family, fonts)


def _list_folders() -> list[Path]:
    """The folder of font files of the extra `print`, where it is installed."""
    package = find_spec(_PACKAGE)
    return [Path(place) / "fonts" for place in (package.submodule_search_locations or ())] if package else []
