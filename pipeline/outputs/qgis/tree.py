"""The tree of layers of the project: groups of themes, choices of one period, and sets to switch between."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import groupby
from types import MappingProxyType
from xml.etree import ElementTree as ET

from pipeline.outputs.columns import Language
from pipeline.outputs.qgis.views import WATER, LayerView, RasterView
from pipeline.outputs.texts import find_text

View = LayerView | RasterView
_COVER = "fvc"
_FIRST = (_COVER, "land_cover", "change")
"""Kinds of rasters that stand before the others."""

GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "water": ("sections", "water_bodies", "water_lines"),
        "checks": ("findings", "change_patches"),
        "parts": (),
        "area": ("aoi",),
        "rights": ("licence_points", "licences", "parcels"),
        "products": ("inventory",),
    }
)
"""Groups from the top of the map to the bottom with their layers; `parts` has those that are in no other."""

MAP_THEMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "products": ("sections", "aoi", "change_patches", "parcels", "inventory"),
        "water": ("sections", "water_bodies", "water_lines", "aoi", "land_cover"),
        "changes": ("findings", "change_patches", "aoi", "parcels"),
        "rights": ("licence_points", "licences", "parcels", "aoi"),
        "cover": ("sections", "aoi", WATER, _COVER),
        "land_cover": ("aoi", "change_patches", "land_cover"),
    }
)
"""Sets of layers to switch between: of each layer or kind of raster the last period is shown."""


@dataclass(frozen=True)
class LayerGroup:
    """Nodes of a tree under one name, of which one is shown at a time where they are `exclusive`."""

    name: str
    nodes: tuple["View | LayerGroup", ...]
    exclusive: bool = False
    shown: bool = True
    open: bool = True


def build_tree(
    views: Sequence[LayerView], rasters: Sequence[RasterView], title: str, language: Language
) -> LayerGroup:
    """The tree under the title of the project; empty groups are left out."""
    maps = LayerGroup(find_text("group.rasters", language), tuple(_list_kinds(rasters)), open=False)
    groups = [*_list_groups(views, language), maps]
    return LayerGroup(title, tuple(_unwrap(group) for group in groups if group.nodes))


def list_views_under(node: View | LayerGroup) -> list[View]:
    """The views of a tree from top to bottom."""
    if not isinstance(node, LayerGroup):
        return [node]
    return [view for inner in node.nodes for view in list_views_under(inner)]


def add_tree(parent: ET.Element, choice: LayerGroup, sources: Mapping[str, tuple[str, str]]) -> None:
    """Add a group and all in it under an element; `sources` are provider and source by the ids of views."""
    group = ET.SubElement(parent, "layer-tree-group", {"name": choice.name})
    group.attrib.update({"checked": _check(choice.shown), "expanded": "1" if choice.open else "0"})
    if choice.exclusive:
        shown = [number for number, node in enumerate(choice.nodes) if node.shown]
        chosen = str(shown[0] if shown else -1)
        group.attrib.update({"mutually-exclusive": "1", "mutually-exclusive-child": chosen})
    for node in choice.nodes:
        if isinstance(node, LayerGroup):
            add_tree(group, node, sources)
        else:
            provider, source = sources[node.id]
            leaf = {"id": node.id, "name": node.title, "providerKey": provider, "source": source}
            leaf |= {"checked": _check(node.shown), "expanded": "1" if node.shown else "0"}
            ET.SubElement(group, "layer-tree-layer", leaf)


def add_map_themes(root: ET.Element, tree: LayerGroup, language: Language) -> None:
    """Add the sets of layers to switch between, of what there is of them."""
    presets = ET.SubElement(root, "visibility-presets")
    for key, names in MAP_THEMES.items():
        shown = _find_newest(list_views_under(tree), names)
        if not shown:
            continue
        told = {"has-expanded-info": "0", "has-checked-group-info": "1"}
        name = find_text(f"theme.{key}", language)
        preset = ET.SubElement(presets, "visibility-preset", {"name": name, **told})
        for view in shown:
            entry = {"id": view.id, "visible": "1", "expanded": "1", "style": "default"}
            ET.SubElement(preset, "layer", entry)
        checked = ET.SubElement(preset, "checked-group-nodes")
        for path in _list_paths(tree, {view.id for view in shown}, ""):
            ET.SubElement(checked, "checked-group-node", {"id": path})


def _check(shown: bool) -> str:
    return "Qt::Checked" if shown else "Qt::Unchecked"


def _unwrap(group: LayerGroup) -> View | LayerGroup:
    """What is alone in a group needs none."""
    return group.nodes[0] if len(group.nodes) == 1 else group


def _list_groups(views: Sequence[LayerView], language: Language) -> Iterator[LayerGroup]:
    tables = _list_tables(views)
    drawn: dict[str, list[LayerView]] = {view.layer.name: [] for view in views}
    for view in views:
        if view not in tables:
            drawn[view.layer.name].append(view)
    named = {name for names in GROUPS.values() for name in names}
    others = tuple(name for name in drawn if name not in named)
    for key, names in GROUPS.items():
        nodes = [_gather_periods(drawn[name]) for name in names or others if drawn.get(name)]
        yield LayerGroup(find_text(f"group.{key}", language), tuple(nodes))
    yield LayerGroup(find_text("group.tables", language), tuple(tables), open=False)


def _list_tables(views: Sequence[LayerView]) -> list[LayerView]:
    """The views with all rows of a layer, of which others have those of a period: the last of each layer."""
    of_layers = groupby(views, lambda view: view.layer.name)
    gathered = [list(of_layer) for _, of_layer in of_layers]
    return [of_layer[-1] for of_layer in gathered if len(of_layer) > 1]


def _gather_periods(views: Sequence[LayerView]) -> View | LayerGroup:
    if len(views) == 1:
        return views[0]
    first = views[0]
    return LayerGroup(first.title.removeprefix(f"{first.told} "), tuple(views), exclusive=True)


def _list_kinds(rasters: Sequence[RasterView]) -> Iterator[View | LayerGroup]:
    """Rasters by kind, vegetation cover under the water of the same time."""
    waters = {view.moment: replace(view, shown=True) for view in rasters if view.stem == WATER}
    kinds: dict[str, list[View | LayerGroup]] = {}
    for view in sorted(rasters, key=_rank_kind):
        if view.stem == WATER:
            continue
        water = waters.get(view.moment) if view.stem == _COVER else None
        both = water and LayerGroup(view.title, (water, replace(view, shown=True)), shown=False, open=False)
        kinds.setdefault(view.kind, []).append(both or view)
    for kind, nodes in kinds.items():
        yield nodes[0] if len(nodes) == 1 else LayerGroup(kind, tuple(nodes), exclusive=True, open=False)


def _rank_kind(view: RasterView) -> tuple[int, str]:
    return _FIRST.index(view.stem) if view.stem in _FIRST else len(_FIRST), view.stem


def _find_newest(views: Sequence[View], names: Sequence[str]) -> list[View]:
    """Of each layer or kind of raster the view that comes first, which is of the last period."""
    first: dict[str, View] = {}
    for view in views:
        first.setdefault(view.stem, view)
    return [first[name] for name in names if name in first]


def _list_paths(choice: LayerGroup, shown: AbstractSet[str], above: str) -> Iterator[str]:
    """The groups of a tree, as a set of layers names them, that are switched on when those are shown."""
    if not choice.shown and not any(view.id in shown for view in list_views_under(choice)):
        return
    path = f"{above}/{choice.name}" if above else choice.name
    yield path
    for node in choice.nodes:
        if isinstance(node, LayerGroup):
            yield from _list_paths(node, shown, path)
