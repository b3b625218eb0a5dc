"""How layers look in QGIS: a table of them, and what a style needs to know of a layer."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pipeline.outputs.columns import ValueName

QGIS_VERSION = "3.22.16-Białowieża"
DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"


@dataclass(frozen=True)
class LayerStyle:
    """How one layer is drawn: by the values of `column`, or all alike where it is None.

    `opacity` is that of the fill; `outline` None takes the class colour. `layer_opacity` is that of the
    layer as a whole, so that rows that lie over each other look like one; `clear` lets what lies under it be
    seen, since a file that is dragged into QGIS is loaded in order of the alphabet. `label` is the column
    that names a row on the map; `label_scale` and `scale` are the denominators from which on it is labelled
    and drawn.
    """

    column: str | None
    opacity: float = 0.0
    outline: str | None = None
    outline_mm: float = 0.3
    dashes: bool = False
    label: str | None = None
    shown: bool = True
    layer_opacity: float = 1.0
    clear: bool = False
    label_scale: int | None = None
    scale: int | None = None


LAYER_STYLES: Mapping[str, LayerStyle] = MappingProxyType(
    {
        "sections": LayerStyle("water_class", 1.0, "#303030", 0.3, label="section"),
        "findings": LayerStyle("severity", 0.0, None, 0.6, dashes=True, shown=False),
        "aoi": LayerStyle(None, 0.0, "#202020", 0.7, dashes=True, label="name_zh"),
        "change_patches": LayerStyle("to_class", 0.85, "#ffffff", 0.2),
        "parcels": LayerStyle(
            "owner_type", 0.0, None, 0.26, label="parcel_no", label_scale=10_000, scale=250_000
        ),
        "inventory": LayerStyle("ecosystem_l1", 1.0, "#ffffff", 0.15, layer_opacity=0.8, clear=True),
    }
)
"""Layers from the top of the map to the bottom."""
BENEATH_PARTS = "change_patches"
"""Layers of parts lie over this one."""

_MOMENTS = MappingProxyType(
    {
        "sections": ("period",),
        "inventory": ("period",),
        "change_patches": ("from_period", "to_period"),
    }
)


@dataclass(frozen=True)
class StyledLayer:
    """What a style needs to know of a layer: its name, geometry type, title and columns in order.

    `moments` are the periods that its rows are of, in order, each as the values of the columns
    `moment_columns`; those of the last are drawn. `spoken` are coded columns that hold names already;
    `figures` are the columns of figures; `mark` is what titles end with where data are simulated; `about`
    says what a row is, `rules` what the rules of findings are called. `family` is that of the names of its
    columns, `own` the style of a layer that LAYER_STYLES does not know.
    """

    name: str
    geometry: str
    title: str
    columns: tuple[str, ...]
    moments: tuple[tuple[str, ...], ...] = ()
    spoken: frozenset[str] = frozenset()
    figures: frozenset[str] = frozenset()
    mark: str = ""
    about: str = ""
    rules: tuple[ValueName, ...] = ()
    family: str = ""
    own: LayerStyle | None = None

    @property
    def style(self) -> LayerStyle:
        """How it is drawn."""
        return self.own or LAYER_STYLES[self.name]

    @property
    def shown(self) -> bool:
        """Whether the map begins with it; layers of parts are switched on by whoever asks for them."""
        return self.own is None and self.style.shown

    @property
    def place(self) -> float:
        """Where it lies on the map, the least on top; layers of parts between the area and its changes."""
        known = list(LAYER_STYLES)
        return known.index(self.name) if self.own is None else known.index(BENEATH_PARTS) - 0.5

    @property
    def moment_columns(self) -> tuple[str, ...]:
        """The columns that say of which period a row is; none where it is of all."""
        return find_moment_columns(self.name, self.columns)


def find_moment_columns(name: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of a layer that say of which period a row is, if its rows are drawn by period."""
    asked = _MOMENTS.get(name, ())
    return asked if set(asked) <= set(columns) else ()
