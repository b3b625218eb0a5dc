"""The QGIS project inside the GeoPackage: layers in a group, relations, metadata, print layouts."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import MappingProxyType
from xml.etree import ElementTree as ET

from pipeline.geodesy import CGCS2000
from pipeline.outputs.columns import Language
from pipeline.outputs.layers import find_layer_title
from pipeline.outputs.markup import add_crs, serialise
from pipeline.outputs.print_sheets import PrintSheet, add_layouts
from pipeline.outputs.qgis import DOCTYPE, QGIS_VERSION, StyledLayer, add_style
from pipeline.outputs.texts import find_text, find_texts

PROJECT_NAME = "ecoledger"

_PARENT, _KEY = "parcels", "parcel_id"
_CHILDREN = ("findings", "inventory", "sections")
_GEOMETRIES = MappingProxyType({"Point": "Point", "MultiLineString": "Line", "MultiPolygon": "Polygon"})


@dataclass(frozen=True)
class Project:
    """What a project says beside its layers.

    `source` is the name of the GeoPackage beside which, and inside which, the project lies; `extent` is in
    EPSG:4490. `evidence` says what the figures rest on, `licence` what the data may be used for.
    """

    source: str
    title: str
    extent: tuple[float, float, float, float]
    as_of: datetime
    first_day: date
    last_day: date
    evidence: str
    licence: str
    language: Language
    sheet: PrintSheet


def build_project_qgz(layers: Sequence[StyledLayer], project: Project) -> bytes:
    """The project as QGIS stores it: a zip of one .qgs that draws the layers of the GeoPackage."""
    drawn = sorted(layers, key=lambda layer: layer.place)
    stamp = project.as_of.astimezone(UTC)
    root = ET.Element("qgis", {"version": QGIS_VERSION, "projectname": project.title})
    root.set("saveDateTime", stamp.strftime("%Y-%m-%dT%H:%M:%S"))
    ET.SubElement(root, "title").text = project.title
    add_crs(ET.SubElement(root, "projectCrs"), CGCS2000)
    _add_tree(root, drawn, project)
    _add_canvas(root, project.extent)
    _add_relations(root, drawn, project.language)
    order = ET.SubElement(root, "layerorder")
    stock = ET.SubElement(root, "projectlayers")
    for layer in drawn:
        ET.SubElement(order, "layer", {"id": build_layer_id(layer.name)})
        _add_map_layer(stock, layer, project)
    _add_properties(root)
    add_layouts(root, project.sheet)
    return _zip_file(f"{PROJECT_NAME}.qgs", DOCTYPE + serialise(root), stamp)


def build_layer_id(name: str) -> str:
    """Id of a layer in the project."""
    # QGIS gives a new id to a layer whose id is shorter than ten characters, and so loses the tree.
    return f"{PROJECT_NAME}_{name}"


def add_metadata(parent: ET.Element, layer: StyledLayer, project: Project) -> None:
    """Add what a layer holds, rests on and may be used for, in the form of QGIS's own metadata."""
    told = {
        "identifier": f"{project.source}/{layer.name}",
        "parentidentifier": project.source,
        "language": {"zh": "ZHO", "en": "ENG"}[project.language],
        "type": "dataset",
        "title": f"{project.title} · {layer.title}",
        "abstract": f"{layer.about}\n{project.evidence}",
        "license": project.licence,
    }
    for name, words in told.items():
        ET.SubElement(parent, name).text = words
    add_crs(ET.SubElement(parent, "crs"), CGCS2000)
    extent = ET.SubElement(parent, "extent")
    sides = dict(zip(("minx", "miny", "maxx", "maxy"), map(repr, project.extent), strict=True))
    ET.SubElement(extent, "spatial", {"crs": CGCS2000, "dimensions": "2", "minz": "0", "maxz": "0", **sides})
    period = ET.SubElement(ET.SubElement(extent, "temporal"), "period")
    ET.SubElement(period, "start").text = f"{project.first_day.isoformat()}T00:00:00Z"
    ET.SubElement(period, "end").text = f"{project.last_day.isoformat()}T23:59:59Z"


def _zip_file(name: str, content: str, stamp: datetime) -> bytes:
    entry = zipfile.ZipInfo(name, date_time=stamp.timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(entry, content)
    return packed.getvalue()


def _build_source(layer: StyledLayer, project: Project) -> str:
    return f"./{project.source}|layername={layer.name}"


def _add_tree(root: ET.Element, layers: Sequence[StyledLayer], project: Project) -> None:
    tree = ET.SubElement(root, "layer-tree-group")
    group = ET.SubElement(tree, "layer-tree-group", {"name": find_text("project.group", project.language)})
    group.attrib.update({"checked": "Qt::Checked", "expanded": "1"})
    for layer in layers:
        node = {"id": build_layer_id(layer.name), "name": layer.title, "providerKey": "ogr", "expanded": "1"}
        shown = "Qt::Checked" if layer.shown else "Qt::Unchecked"
        node |= {"source": _build_source(layer, project), "checked": shown}
        ET.SubElement(group, "layer-tree-layer", node)


def _add_canvas(root: ET.Element, extent: tuple[float, float, float, float]) -> None:
    canvas = ET.SubElement(root, "mapcanvas", {"name": "theMapCanvas", "annotationsVisible": "1"})
    ET.SubElement(canvas, "units").text = "degrees"
    box = ET.SubElement(canvas, "extent")
    sides = dict(zip(("xmin", "ymin", "xmax", "ymax"), map(repr, extent), strict=True))
    for name, value in sides.items():
        ET.SubElement(box, name).text = value
    ET.SubElement(canvas, "rotation").text = "0"
    add_crs(ET.SubElement(canvas, "destinationsrs"), CGCS2000)
    view = ET.SubElement(ET.SubElement(root, "ProjectViewSettings"), "DefaultViewExtent", sides)
    add_crs(view, CGCS2000)


def _add_relations(root: ET.Element, layers: Sequence[StyledLayer], language: Language) -> None:
    """From the parcels to every layer whose rows name a parcel."""
    relations = ET.SubElement(root, "relations")
    names = {layer.name: layer.columns for layer in layers}
    of_parts = [layer.name for layer in layers if layer.own is not None]
    known = [*_CHILDREN, *of_parts]
    children = [child for child in known if _PARENT in names and _KEY in names.get(child, ())]
    for child in children:
        title = find_texts("relation", language).get(child, find_layer_title(child, language))
        relation = {"id": f"{_PARENT}_{child}", "name": title}
        ends = {"referencedLayer": build_layer_id(_PARENT), "referencingLayer": build_layer_id(child)}
        element = ET.SubElement(relations, "relation", relation | ends | {"strength": "Association"})
        ET.SubElement(element, "fieldRef", {"referencedField": _KEY, "referencingField": _KEY})


def _add_map_layer(stock: ET.Element, layer: StyledLayer, project: Project) -> None:
    geometry = _GEOMETRIES[layer.geometry]
    element = ET.SubElement(stock, "maplayer", {"type": "vector", "geometry": geometry})
    element.set("wkbType", layer.geometry)
    ET.SubElement(element, "id").text = build_layer_id(layer.name)
    ET.SubElement(element, "datasource").text = _build_source(layer, project)
    ET.SubElement(element, "layername").text = layer.title
    add_crs(ET.SubElement(element, "srs"), CGCS2000)
    add_metadata(ET.SubElement(element, "resourceMetadata"), layer, project)
    ET.SubElement(element, "provider", {"encoding": "UTF-8"}).text = "ogr"
    add_style(element, layer, project.language)


def _add_properties(root: ET.Element) -> None:
    properties = ET.SubElement(root, "properties")
    paths = ET.SubElement(properties, "Paths")
    ET.SubElement(paths, "Absolute", {"type": "bool"}).text = "false"
    systems = ET.SubElement(properties, "SpatialRefSys")
    ET.SubElement(systems, "ProjectionsEnabled", {"type": "int"}).text = "1"
    measure = ET.SubElement(properties, "Measure")
    ET.SubElement(measure, "Ellipsoid", {"type": "QString"}).text = "EPSG:7024"
    units = ET.SubElement(properties, "Measurement")
    ET.SubElement(units, "AreaUnits", {"type": "QString"}).text = "ha"
    ET.SubElement(units, "DistanceUnits", {"type": "QString"}).text = "meters"
