"""What all plots share: axes of the right shape, Chinese letters, the stamp of what is simulated."""

import re
from functools import cache
from importlib.resources import files
from importlib.util import find_spec

import pandas as pd
import xarray as xr
from matplotlib import font_manager
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.text import Text

from pipeline.errors import Problem, WorkspaceError
from pipeline.library.map_keys import Language
from pipeline.outputs.fact_sheets.fonts import FAMILIES
from pipeline.outputs.texts import find_text

_FALLBACK = "DejaVu Sans"
_HAN = re.compile("[\u4e00-\u9fff]")
_SHIPPED = "NotoSansCJKsc-Regular.otf"
_WAY_OUT = "pip install 'ecoledger[notebooks]', or install a font such as Noto Sans CJK"


def open_axes(ax: Axes | None, width: float, height: float) -> Axes:
    """The axes that are given, else new ones of that size in inches."""
    if ax is not None:
        return ax
    _, made = plt.subplots(figsize=(width, height), layout="constrained")
    return made


def dress(ax: Axes, language: Language, *, simulated: bool) -> Axes:
    """The title at the left, at the right the stamp of what is simulated, all in letters of the language."""
    title = ax.get_title()
    ax.set_title("")
    ax.set_title(title, loc="left", fontsize=11)
    if simulated:
        ax.set_title(find_text("simulated.label", language), loc="right", fontsize=9, color="#b3261e")
    dress_letters(ax, language)
    return ax


def dress_letters(ax: Axes, language: Language) -> None:
    """Letters for what is written in axes so far: Chinese ones where the language, or a name, has them."""
    texts = ax.findobj(Text)
    if language == "en" and not any(_HAN.search(text.get_text()) for text in texts):
        return
    family = [find_family(), _FALLBACK]
    ax.tick_params(labelfontfamily=family[0])
    for text in texts:
        text.set_fontfamily(family)


@cache
def find_family() -> str:
    """A font family with Chinese letters that matplotlib knows; WorkspaceError where there is none."""
    if find_spec("mplfonts"):
        path = str(files("mplfonts") / "fonts" / _SHIPPED)
        font_manager.fontManager.addfont(path)
        return font_manager.FontProperties(fname=path).get_name()
    known = {font.name for font in font_manager.fontManager.ttflist}
    found = next((family for family in FAMILIES if family in known), None)
    if found is None:
        problem = Problem("fonts", "no font with Chinese letters", ", ".join(FAMILIES), _WAY_OUT)
        raise WorkspaceError("Chinese letters cannot be drawn", [problem])
    return found


def is_simulated(given: pd.DataFrame | xr.DataArray) -> bool:
    """Whether a table or a map says that it is simulated."""
    if isinstance(given, xr.DataArray):
        return bool(given.attrs.get("simulated"))
    return "data_label" in given.columns and bool(given["data_label"].fillna("").ne("").any())
