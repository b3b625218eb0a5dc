"""Run by QGIS's own Python: prints the layouts of a project as staff do, says as JSON what stands on them.

Arguments: the GeoPackage, the folder for pictures, the pages of an atlas to print.
"""

import json
import os
import sys
from pathlib import Path

from osgeo import gdal
from qgis.core import (
    NULL,
    QgsApplication,
    QgsExpression,
    QgsFeatureRequest,
    QgsLayoutExporter,
    QgsLayoutFrame,
    QgsLayoutItem,
    QgsLayoutItemLabel,
    QgsProject,
)


def table_rows(table):
    """The cells of a table of rows, by its own filter, columns and order, as its page evaluates them."""
    context = table.createExpressionContext()
    request = QgsFeatureRequest().setFilterExpression(table.featureFilter())
    request.setExpressionContext(context)
    found = []
    for feature in table.vectorLayer().getFeatures(request):
        context.setFeature(feature)
        context.setFields(feature.fields())
        columns = [*table.sortColumns(), *table.columns()]
        found.append([QgsExpression(column.attribute()).evaluate(context) for column in columns])
    count = len(table.sortColumns())
    return [["" if cell == NULL else str(cell) for cell in row[count:]] for row in sorted(found, key=str)]


def page_facts(layout):
    items = [item for item in layout.items() if isinstance(item, QgsLayoutItem) and item.id()]
    named = {item.id(): item for item in items}
    legend = named["legend"].model()
    size = layout.pageCollection().page(0).pageSize()
    return {
        "page": [size.width(), size.height()],
        "items": {item.id(): type(item).__name__ for item in items},
        "words": {item.id(): item.currentText() for item in items if isinstance(item, QgsLayoutItemLabel)},
        "crs": named["map"].crs().authid(),
        "scale": named["map"].scale(),
        "wide_mm": named["map"].rect().width(),
        "extent": [getattr(named["map"].extent(), side)() for side in ("xMinimum", "xMaximum")],
        "legend": [node.customProperty("legend/title-label") for node in legend.rootGroup().findLayers()],
        "classes": [
            entry.data(0)
            for node in legend.rootGroup().findLayers()
            for entry in legend.layerLegendNodes(node)
        ],
        "tables": {
            item.id(): table_rows(item.multiFrame()) for item in items if isinstance(item, QgsLayoutFrame)
        },
        "bar": [named["scale"].unitsPerSegment(), named["scale"].unitLabel()],
    }


def print_layout(layout, pictures, most):
    """The pages of an atlas, or the one page of a layout without."""
    settings = QgsLayoutExporter.ImageExportSettings()
    settings.dpi = 110
    atlas = layout.atlas()
    name = f"layout_{layout.name().replace(' ', '_')}"
    pages = {}
    if not atlas.enabled():
        QgsLayoutExporter(layout).exportToImage(str(pictures / f"{name}.png"), settings)
        return {"": page_facts(layout)}
    atlas.beginRender()
    while len(pages) < most and atlas.next():
        page = atlas.currentFilename()
        QgsLayoutExporter(layout).exportToImage(str(pictures / f"{name}_{page}.png"), settings)
        pages[page] = page_facts(layout)
    atlas.endRender()
    return pages


def main():
    package, pictures, most = sys.argv[1:]
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application = QgsApplication([], False)  # noqa: FBT003 (QGIS takes no keyword)
    application.initQgis()
    project = QgsProject.instance()
    project.read(f"geopackage:{package}?projectName=ecoledger")
    gdal.PushErrorHandler("CPLQuietErrorHandler")  # QGIS tries to place every picture on the globe
    facts = {
        layout.name(): print_layout(layout, Path(pictures), int(most))
        for layout in project.layoutManager().printLayouts()
    }
    print("LOOK " + json.dumps(facts, ensure_ascii=False))
    sys.stdout.flush()
    os._exit(0)  # QGIS crashes now and then while it tears itself down


main()
