"""Run by QGIS's own Python: opens a GeoPackage as staff do, prints what it sees as JSON, draws maps.

Arguments: the GeoPackage, the folder of rasters, the folder for pictures, places on the map (JSON), and
further GeoPackages of which only the project is opened.
"""

import json
import os
import sys
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsPointXY,
    QgsProject,
    QgsProviderRegistry,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor, QPainter


def layer_facts(layer):
    renderer = layer.renderer()
    categories = renderer.categories() if renderer.type() == "categorizedSymbol" else []
    return {
        "valid": layer.isValid(),
        "rows": layer.featureCount(),
        "crs": layer.crs().authid(),
        "renderer": renderer.type(),
        "attribute": renderer.classAttribute() if categories else None,
        "classes": [[category.value(), category.label()] for category in categories],
        "colors": [category.symbol().color().name() for category in categories],
        "labels": layer.labelsEnabled(),
        "multiplied": layer.blendMode() == QPainter.CompositionMode_Multiply,
        "aliases": {field.name(): field.alias() for field in layer.fields()},
        "value_maps": [
            field.name()
            for number, field in enumerate(layer.fields())
            if layer.editorWidgetSetup(number).type() == "ValueMap"
        ],
    }


def raster_facts(path):
    layer = QgsRasterLayer(str(path), path.stem)
    renderer = layer.renderer()
    facts = {"valid": layer.isValid(), "renderer": renderer.type()}
    if renderer.type() == "paletted":
        facts["classes"] = [[int(entry.value), entry.label] for entry in renderer.classes()]
    if renderer.type() == "singlebandpseudocolor":
        shader = renderer.shader().rasterShaderFunction()
        facts["ramp"] = [[item.value, item.color.name()] for item in shader.colorRampItemList()]
    return facts, layer


def context_of(layer):
    return QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))


def draw(layers, extent, crs, picture):
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(crs)
    settings.setBackgroundColor(QColor("white"))
    settings.setOutputSize(QSize(1400, 900))
    settings.setOutputDpi(110)
    settings.setExtent(extent)
    settings.setExpressionContext(context_of(None))
    settings.setLabelingEngineSettings(QgsProject.instance().labelingEngineSettings())
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    image.save(str(picture))
    return image, settings.mapToPixel(), job.takeLabelingResults()


def shade(drawn, point):
    """The colour of a map where a point (longitude, latitude) lies."""
    image, places, _ = drawn
    place = places.transform(*point)
    return QColor(image.pixel(int(place.x()), int(place.y()))).name()


def described(layer):
    metadata = layer.metadata()
    periods = metadata.extent().temporalExtents()
    return {
        "title": metadata.title(),
        "abstract": metadata.abstract(),
        "licences": list(metadata.licenses()),
        "period": [
            periods[0].begin().date().toString("yyyy-MM-dd"),
            periods[0].end().date().toString("yyyy-MM-dd"),
        ],
    }


def row_facts(layer):
    """What people read of the first row: its name in lists, its map tip, its label."""
    context = context_of(layer)
    feature = next(layer.getFeatures(), None)
    if feature is None:
        return {}
    context.setFeature(feature)
    facts = {
        "display": QgsExpression(layer.displayExpression()).evaluate(context),
        "tip": QgsExpression.replaceExpressionText(layer.mapTipTemplate(), context),
    }
    if layer.labelsEnabled():
        expression = QgsExpression(layer.labeling().settings().fieldName)
        expression.prepare(context)
        facts["label"] = expression.evaluate(context)
    return facts


def view_facts(layer):
    form = layer.editFormConfig()
    fields = layer.fields()
    setups = {field.name(): layer.editorWidgetSetup(number) for number, field in enumerate(fields)}
    labels = layer.labeling().settings() if layer.labelsEnabled() else None
    columns = layer.attributeTableConfig().columns()
    return {
        "rows": sum(1 for _ in layer.getFeatures()),
        "read_only": layer.readOnly() and all(form.readOnly(number) for number in range(len(fields))),
        "tabs": {tab.name(): [part.name() for part in tab.children()] for tab in form.tabs()}
        if form.layout() == form.TabLayout
        else {},
        "decimals": {
            name: setup.config()["Precision"] for name, setup in setups.items() if setup.type() == "Range"
        },
        "table": [column.name for column in columns if not column.hidden],
        "scale": [layer.minimumScale(), labels.minimumScale if labels and labels.scaleVisibility else None],
        "tied": bool(labels and labels.callout() and labels.callout().enabled()),
        **row_facts(layer),
    }


def opened(package):
    project = QgsProject.instance()
    project.clear()
    return project.read(f"geopackage:{package}?projectName=ecoledger")


def title_on_the_map():
    words, _ = QgsProject.instance().readEntry("TitleLabel", "/Label")
    return QgsExpression.replaceExpressionText(words, context_of(None))


def stranger_facts(package, picture):
    """The project of a GeoPackage whose data may be another's: its title and what is drawn of any layer."""
    opened(package)
    project = QgsProject.instance()
    root = project.layerTreeRoot()
    extent = QgsRectangle(project.viewSettings().defaultViewExtent())
    known = [layer for layer in root.layerOrder() if layer is not None and layer.isValid()]
    for layer in known:
        layer.setScaleBasedVisibility(False)
    image, *_ = draw(known, extent, project.crs(), picture)
    colors = {image.pixel(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}
    vectors = [layer for layer in known if isinstance(layer, QgsVectorLayer)]
    return {
        "title": project.title(),
        "on_the_map": title_on_the_map(),
        "rows": sum(sum(1 for _ in layer.getFeatures()) for layer in vectors),
        "colors": len(colors),
    }


def corners(box):
    return box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()


def ties(drawn, extent, layer):
    """How far from its own point the line from each label of a layer ends, in pixels, by the label."""
    _, places, labels = drawn
    points = {feature.id(): feature.geometry().asPoint() for feature in layer.getFeatures()}
    lines = [line for line in labels.calloutsWithinRectangle(extent) if line.layerID == layer.id()]
    return {
        str(line.featureId): points[line.featureId].distance(QgsPointXY(line.destination()))
        / places.mapUnitsPerPixel()
        for line in lines
    }


def project_facts(package, pictures, places):
    read = opened(package)
    project = QgsProject.instance()
    root = project.layerTreeRoot()
    order = root.layerOrder()
    shown = [layer for layer in order if root.findLayer(layer.id()).isVisible()]
    extent = QgsRectangle(project.viewSettings().defaultViewExtent())
    drawn = draw(shown, extent, project.crs(), pictures / "project.png")
    near = project.mapLayer("ecoledger_change_patches").extent()
    near.grow(0.02)
    draw(order, near, project.crs(), pictures / "near.png")
    themes = project.mapThemeCollection()
    for theme in themes.mapThemes():
        visible = set(themes.mapThemeVisibleLayers(theme))
        layers = [layer for layer in order if layer in visible]
        draw(layers, extent, project.crs(), pictures / f"theme_{theme}.png")
    vectors = [layer for layer in order if isinstance(layer, QgsVectorLayer)]
    return {
        "opened": read,
        "title": project.title(),
        "on_the_map": title_on_the_map(),
        "crs": project.crs().authid(),
        "groups": [group.name() for group in root.findGroups(recursive=True)],
        "choices": {
            group.name(): [node.name() for node in group.children()]
            for group in root.findGroups(recursive=True)
            if group.isMutuallyExclusive()
        },
        "layers": [layer.id() for layer in order],
        "shown": [layer.id() for layer in shown],
        "names": [layer.name() for layer in order],
        "themes": {
            theme: [layer.id() for layer in themes.mapThemeVisibleLayers(theme)]
            for theme in themes.mapThemes()
        },
        "valid": all(layer.isValid() for layer in project.mapLayers().values()),
        "views": {layer.id(): view_facts(layer) for layer in vectors},
        "ties": ties(drawn, extent, project.mapLayer("ecoledger_sections_2024")),
        "bookmarks": {
            mark.name(): [*corners(mark.extent())] for mark in project.bookmarkManager().bookmarks()
        },
        "seen": {place: shade(drawn, point) for place, point in places.items()},
        "metadata": {layer.id(): described(layer) for layer in vectors},
        "relations": sorted(project.relationManager().relations()),
        "relations_valid": all(r.isValid() for r in project.relationManager().relations().values()),
        "extent": [extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum()],
    }


def main():
    package, rasters, pictures, places, *others = sys.argv[1:]
    package, rasters, pictures = Path(package), Path(rasters), Path(pictures)
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application = QgsApplication([], False)  # noqa: FBT003 (QGIS takes no keyword)
    application.initQgis()
    found = QgsProviderRegistry.instance().querySublayers(str(package))
    facts = {"layers": {}, "rasters": {}, "order": [sublayer.name() for sublayer in found]}
    for name in ("inventory", "parcels", "sections", "change_patches", "findings", "aoi"):
        layer = QgsVectorLayer(f"{package}|layername={name}", name, "ogr")
        facts["layers"][name] = layer_facts(layer)
    for path in sorted(rasters.glob("*.tif")):
        facts["rasters"][path.stem], layer = raster_facts(path)
        draw([layer], layer.extent(), layer.crs(), pictures / f"{path.stem}.png")
    facts["project"] = project_facts(package, pictures, json.loads(places))
    facts["others"] = {other: stranger_facts(other, pictures / "other.png") for other in others}
    print("LOOK " + json.dumps(facts, ensure_ascii=False))
    sys.stdout.flush()
    os._exit(0)  # QGIS crashes now and then while it tears itself down


main()
