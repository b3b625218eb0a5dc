"""The QGIS project inside the GeoPackage: tree of layers, relations, metadata, decorations, print layouts."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from xml.etree import ElementTree as ET

import shapely

from pipeline.geodesy import CGCS2000
from pipeline.outputs.columns import Language
from pipeline.outputs.layers import find_layer_title
from pipeline.outputs.markup import add_crs, escape_expressions, quote_text, serialise
from pipeline.outputs.print_sheets import PrintSheet, add_layouts
from pipeline.outputs.qgis.form_tabs import FORM_TABS, GROUND_TABS
from pipeline.outputs.qgis.forms import add_form
from pipeline.outputs.qgis.looks import DOCTYPE, QGIS_VERSION, StyledLayer
from pipeline.outputs.qgis.metadata import Description, add_metadata
from pipeline.outputs.qgis.raster_styles import add_palette, add_ramp
from pipeline.outputs.qgis.styles import add_look
from pipeline.outputs.qgis.tree import add_map_themes, add_tree, build_tree, list_views_under
from pipeline.outputs.qgis.views import PROJECT_NAME, LayerView, RasterView, build_layer_id, list_views
from pipeline.outputs.texts import find_text, find_texts

_PARENT, _KEY = "parcels", "parcel_id"
_CHILDREN = ("findings", "inventory", "sections")
_GEOMETRIES = MappingProxyType({"Point": "Point", "MultiLineString": "Line", "MultiPolygon": "Polygon"})


@dataclass(frozen=True)
class Project:
    """What a project says beside its layers.

    `told` is what all its layers say of themselves, with the name of the GeoPackage beside which, and inside
    which, the project lies; `identity` what only its own data have. `crs` is that of the rasters; `places`
    are boxes (EPSG:4490) to go to, by name.
    """

    told: Description
    identity: str
    as_of: datetime
    sheet: PrintSheet
    crs: str
    rasters: tuple[RasterView, ...] = ()
    places: Mapping[str, tuple[float, float, float, float]] = field(default_factory=dict)


def build_project_qgz(layers: Sequence[StyledLayer], project: Project) -> bytes:
    """The project as QGIS stores it: a zip of one .qgs that draws the layers of the GeoPackage and rasters.

    A layer holds rows only where the GeoPackage that it finds has the identity of the project, a raster is
    drawn only where its file has the size that it had; else the title on the map says that data are missing.
    """
    views = list_views(layers, project.told.language)
    tree = build_tree(views, project.rasters, project.told.title, project.told.language)
    stamp = project.as_of.astimezone(UTC)
    root = ET.Element("qgis", {"version": QGIS_VERSION, "projectname": project.told.title})
    root.set("saveDateTime", stamp.strftime("%Y-%m-%dT%H:%M:%S"))
    ET.SubElement(root, "title").text = project.told.title
    add_crs(ET.SubElement(root, "projectCrs"), CGCS2000)
    sources = {view.id: ("ogr", _build_source(view, project)) for view in views}
    sources |= {view.id: ("gdal", f"./{view.file}") for view in project.rasters}
    add_tree(ET.SubElement(root, "layer-tree-group"), tree, sources)
    _add_canvas(root, project.told.extent)
    relations = _list_relations(views, project.told.language)
    _add_relations(root, relations)
    _add_layers(root, list_views_under(tree), sources, relations, project)
    add_map_themes(root, tree, project.told.language)
    _add_bookmarks(root, project)
    _add_properties(root, project)
    add_layouts(root, project.sheet)
    return _zip_file(f"{PROJECT_NAME}.qgs", DOCTYPE + serialise(root), stamp)


def _zip_file(name: str, content: str, stamp: datetime) -> bytes:
    entry = zipfile.ZipInfo(name, date_time=stamp.timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(entry, content)
    return packed.getvalue()


def _build_source(view: LayerView, project: Project) -> str:
    return f"./{project.told.source}|layername={view.layer.name}|subset={view.build_filter(project.identity)}"


def _add_layers(
    root: ET.Element,
    views: Sequence[LayerView | RasterView],
    sources: Mapping[str, tuple[str, str]],
    relations: Sequence["_Relation"],
    project: Project,
) -> None:
    order = ET.SubElement(root, "layerorder")
    stock = ET.SubElement(root, "projectlayers")
    for view in views:
        ET.SubElement(order, "layer", {"id": view.id})
        _, source = sources[view.id]
        if isinstance(view, RasterView):
            _add_raster(stock, view, source, project)
        else:
            _add_vectors(stock, view, source, relations, project)


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


@dataclass(frozen=True)
class _Relation:
    """From the rows of one view to those of another that name the same parcel."""

    id: str
    name: str
    parent: str
    child: str
    layer: str


def _list_relations(views: Sequence[LayerView], language: Language) -> list[_Relation]:
    """From the parcels to every layer whose rows name one, and from their ground to their products."""
    tables = {view.layer.name: view for view in views}  # the last of a layer has all its rows
    parts = [name for name, view in tables.items() if view.layer.own is not None]
    found = []
    for child in (*_CHILDREN, *parts):
        if _PARENT in tables and child in tables and _KEY in tables[child].layer.columns:
            title = find_texts("relation", language).get(child, find_layer_title(child, language))
            found.append(
                _Relation(f"{_PARENT}_{child}", title, build_layer_id(_PARENT), tables[child].id, child)
            )
    for view in views:
        if view.ground and _KEY in view.layer.columns:
            name = find_texts("relation", language)[view.layer.name]
            child = tables[view.layer.name].id
            found.append(_Relation(f"{view.id}_{view.layer.name}", name, view.id, child, view.layer.name))
    return found


def _add_relations(root: ET.Element, relations: Sequence[_Relation]) -> None:
    stock = ET.SubElement(root, "relations")
    for relation in relations:
        told = {"id": relation.id, "name": relation.name, "strength": "Association"}
        ends = {"referencedLayer": relation.parent, "referencingLayer": relation.child}
        element = ET.SubElement(stock, "relation", told | ends)
        ET.SubElement(element, "fieldRef", {"referencedField": _KEY, "referencingField": _KEY})


def _add_vectors(
    stock: ET.Element, view: LayerView, source: str, relations: Sequence[_Relation], project: Project
) -> None:
    layer = view.layer
    element = ET.SubElement(stock, "maplayer", {"type": "vector", "geometry": _GEOMETRIES[layer.geometry]})
    element.attrib.update({"wkbType": layer.geometry, "readOnly": "1"})
    ET.SubElement(element, "id").text = view.id
    ET.SubElement(element, "datasource").text = source
    ET.SubElement(element, "layername").text = view.title
    add_crs(ET.SubElement(element, "srs"), CGCS2000)
    add_metadata(ET.SubElement(element, "resourceMetadata"), layer, project.told)
    ET.SubElement(element, "provider", {"encoding": "UTF-8"}).text = "ogr"
    add_look(element, layer, project.told.language, chosen=bool(view.moment) or view.ground)
    tabs = GROUND_TABS if view.ground else FORM_TABS.get(layer.name, ())
    lists = {relation.layer: relation.id for relation in relations if relation.parent == view.id}
    add_form(element, layer, tabs, project.told.language, lists, whole=not view.ground)


def _add_raster(stock: ET.Element, view: RasterView, source: str, project: Project) -> None:
    element = ET.SubElement(stock, "maplayer", {"type": "raster", "hasScaleBasedVisibilityFlag": "0"})
    ET.SubElement(element, "id").text = view.id
    ET.SubElement(element, "datasource").text = source
    ET.SubElement(element, "layername").text = view.title
    add_crs(ET.SubElement(element, "srs"), project.crs)
    ET.SubElement(element, "provider").text = "gdal"
    told = ET.SubElement(element, "pipe-data-defined-properties")
    options = ET.SubElement(told, "Option", {"type": "Map"})
    ET.SubElement(options, "Option", {"name": "name", "type": "QString", "value": ""})
    properties = ET.SubElement(options, "Option", {"name": "properties", "type": "Map"})
    opacity = ET.SubElement(properties, "Option", {"name": "RendererOpacity", "type": "Map"})
    ET.SubElement(opacity, "Option", {"name": "active", "type": "bool", "value": "true"})
    ET.SubElement(opacity, "Option", {"name": "expression", "type": "QString", "value": view.build_opacity()})
    ET.SubElement(opacity, "Option", {"name": "type", "type": "int", "value": "3"})
    ET.SubElement(options, "Option", {"name": "type", "type": "QString", "value": "collection"})
    pipe = ET.SubElement(element, "pipe")
    if view.legend is None:
        add_ramp(pipe, view.stops, view.unit)
    else:
        add_palette(pipe, view.legend, project.told.language)


def _add_bookmarks(root: ET.Element, project: Project) -> None:
    stock = ET.SubElement(root, "Bookmarks")
    for number, (name, box) in enumerate(project.places.items()):
        told = {"id": f"{PROJECT_NAME}_{number}", "name": name, "group": project.told.title}
        bookmark = ET.SubElement(stock, "Bookmark", {**told, "extent": shapely.box(*box).wkt})
        add_crs(bookmark, CGCS2000)


def _add_properties(root: ET.Element, project: Project) -> None:
    properties = ET.SubElement(root, "properties")
    for group, values in {**_PROPERTIES, "TitleLabel": _build_title(project)}.items():
        element = ET.SubElement(properties, group)
        for name, (kind, value) in values.items():
            ET.SubElement(element, name, {"type": kind}).text = value


def _build_title(project: Project) -> dict[str, tuple[str, str]]:
    """The title on the map, which says so where the project does not find its data."""
    lost = find_text("project.lost", project.told.language).format(source=project.told.source)
    count = f"aggregate({quote_text(build_layer_id('aoi'))}, 'count', \"fid\")"
    words = f"[% if(coalesce(try({count}, 0), 0) > 0, '', {quote_text(lost + chr(10))}) %]"
    return {
        "Enabled": ("bool", "true"),
        "Label": ("QString", words + escape_expressions(project.told.title)),
        "Placement": ("int", "4"),
        "MarginH": ("int", "0"),
        "MarginV": ("int", "0"),
        "BackgroundColor": ("QString", "255,255,255,200"),
    }


_PROPERTIES: Mapping[str, Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "PAL": {"ShowingPartialsLabels": ("bool", "false")},
        "Paths": {"Absolute": ("bool", "false")},
        "SpatialRefSys": {"ProjectionsEnabled": ("int", "1")},
        "Measure": {"Ellipsoid": ("QString", "EPSG:7024")},
        "Measurement": {"AreaUnits": ("QString", "ha"), "DistanceUnits": ("QString", "meters")},
    }
)
