"""Run by QGIS's own Python: opens a GeoPackage as staff do, prints what it sees as JSON, draws maps.

Arguments: the GeoPackage, the folder of rasters, the folder for pictures.
"""

import json
import os
import sys
from pathlib import Path

from osgeo import gdal
from qgis.core import (
    QgsApplication,
    QgsLayoutExporter,
    QgsLayoutItem,
    QgsLayoutItemLabel,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor


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


def draw(layers, extent, crs, picture):
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(crs)
    settings.setBackgroundColor(QColor("white"))
    settings.setOutputSize(QSize(1400, 900))
    settings.setOutputDpi(110)
    settings.setExtent(extent)
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    job.renderedImage().save(str(picture))


def exported(project, pictures):
    """Every layout as PNG, and what is on it."""
    facts = {}
    for layout in project.layoutManager().printLayouts():
        settings = QgsLayoutExporter.ImageExportSettings()
        settings.dpi = 110
        path = pictures / f"layout_{layout.name()}.png"
        gdal.PushErrorHandler("CPLQuietErrorHandler")  # QGIS tries to place every picture on the globe
        result = QgsLayoutExporter(layout).exportToImage(str(path), settings)
        gdal.PopErrorHandler()
        size = layout.pageCollection().page(0).pageSize()
        items = [item for item in layout.items() if isinstance(item, QgsLayoutItem) and item.id()]
        facts[layout.name()] = {
            "result": int(result),
            "page": [size.width(), size.height()],
            "items": {item.id(): type(item).__name__ for item in items},
            "texts": {item.id(): item.text() for item in items if isinstance(item, QgsLayoutItemLabel)},
            "drawn": {
                item.id(): item.currentText() for item in items if isinstance(item, QgsLayoutItemLabel)
            },
            "crs": layout.itemById("map").crs().authid(),
            "scale": layout.itemById("map").scale(),
            "legend": [node.name() for node in layout.itemById("legend").model().rootGroup().findLayers()],
            "bar": [layout.itemById("scale").unitsPerSegment(), layout.itemById("scale").unitLabel()],
        }
    return facts


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


def project_facts(package, pictures):
    project = QgsProject.instance()
    opened = project.read(f"geopackage:{package}?projectName=ecoledger")
    tree = project.layerTreeRoot()
    group = tree.children()[0] if tree.children() else None
    shown = [node.layer() for node in group.findLayers() if node.isVisible()] if group else []
    view = project.viewSettings().defaultViewExtent()
    extent = QgsRectangle(view)
    if shown:
        draw(shown, extent, project.crs(), pictures / "project.png")
        everything = [node.layer() for node in group.findLayers()]
        near = project.mapLayer("ecoledger_change_patches").extent()
        near.grow(0.02)
        draw(everything, near, project.crs(), pictures / "near.png")
    return {
        "opened": opened,
        "title": project.title(),
        "crs": project.crs().authid(),
        "group": group.name() if group else None,
        "layers": [node.layerId() for node in group.findLayers()] if group else [],
        "names": [node.name() for node in group.findLayers()] if group else [],
        "valid": all(layer.isValid() for layer in project.mapLayers().values()),
        "layouts": exported(project, pictures),
        "metadata": {layer.id(): described(layer) for layer in project.mapLayers().values()},
        "relations": sorted(project.relationManager().relations()),
        "relations_valid": all(r.isValid() for r in project.relationManager().relations().values()),
        "extent": [extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum()],
    }


def main():
    package, rasters, pictures = (Path(argument) for argument in sys.argv[1:])
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application = QgsApplication([], False)  # noqa: FBT003 (QGIS takes no keyword)
    application.initQgis()
    facts = {"layers": {}, "rasters": {}}
    for name in ("inventory", "parcels", "sections", "change_patches", "findings", "aoi"):
        layer = QgsVectorLayer(f"{package}|layername={name}", name, "ogr")
        facts["layers"][name] = layer_facts(layer)
    for path in sorted(rasters.glob("*.tif")):
        facts["rasters"][path.stem], layer = raster_facts(path)
        draw([layer], layer.extent(), layer.crs(), pictures / f"{path.stem}.png")
    facts["project"] = project_facts(package, pictures)
    print("LOOK " + json.dumps(facts, ensure_ascii=False))
    sys.stdout.flush()
    os._exit(0)  # QGIS crashes now and then while it tears itself down


main()
