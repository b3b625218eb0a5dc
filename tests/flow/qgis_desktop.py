"""Run by the QGIS desktop as it starts (PYQGIS_STARTUP): does as staff do, prints what it sees.

The environment says what to do: ECOLEDGER_PICTURE, where to keep the picture of the window;
ECOLEDGER_ACT, one of `look`, `drop:<file>`, `theme:<name>`, `form:<layer>`, `table:<layer>`.
"""

import json
import os
import sys
from pathlib import Path

import qgis.utils
from qgis.core import QgsProject
from qgis.PyQt.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from qgis.PyQt.QtGui import QDragEnterEvent, QDropEvent
from qgis.PyQt.QtWidgets import QApplication, QTabWidget

PICTURE, ACT = Path(os.environ["ECOLEDGER_PICTURE"]), os.environ["ECOLEDGER_ACT"]
TICK_MS, OPENED, ACTED, DONE, PATIENCE = 300, 12, 14, 34, 200
seen = {"ticks": 0, "waited": 0, "asked": [], "window": None}


def drop(file):
    window = qgis.utils.iface.mainWindow()
    words = seen["dragged"] = QMimeData()
    words.setUrls([QUrl.fromLocalFile(file)])
    told = Qt.CopyAction, words, Qt.LeftButton, Qt.NoModifier
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(700, 400), *told))
    QApplication.sendEvent(window, QDropEvent(QPointF(700, 400), *told))


def theme(name):
    project = QgsProject.instance()
    model = qgis.utils.iface.layerTreeView().layerTreeModel()
    project.mapThemeCollection().applyTheme(name, project.layerTreeRoot(), model)


def form(name):
    layer = QgsProject.instance().mapLayer(name)
    seen["window"] = qgis.utils.iface.getFeatureForm(layer, next(layer.getFeatures()))
    seen["window"].resize(900, 700)
    seen["window"].show()


def table(name):
    seen["window"] = qgis.utils.iface.showAttributeTable(QgsProject.instance().mapLayer(name))
    seen["window"].resize(1500, 600)


def finish():
    window = seen["window"] or qgis.utils.iface.mainWindow()
    window.grab().save(str(PICTURE))
    tabs = window.findChildren(QTabWidget) if ACT.startswith("form") else []
    for number in range(tabs[0].count() if tabs else 0):
        tabs[0].setCurrentIndex(number)
        QApplication.processEvents()
        window.grab().save(str(PICTURE.with_name(f"{PICTURE.stem}_{number}.png")))
    project = QgsProject.instance()
    order = [layer for layer in project.layerTreeRoot().layerOrder() if layer is not None]
    shown = [layer.name() for layer in order if project.layerTreeRoot().findLayer(layer.id()).isVisible()]
    facts = {"asked": seen["asked"], "title": project.title(), "shown": shown}
    print("DESKTOP " + json.dumps(facts, ensure_ascii=False))
    sys.stdout.flush()
    os._exit(0)


def tick():
    seen["ticks"] += 1
    asked = QApplication.activeModalWidget()
    if asked is not None and seen["window"] is None:
        seen["asked"].append(asked.windowTitle())
        asked.accept()
    if qgis.utils.iface is None:
        seen["ticks"] -= 1
        seen["waited"] += 1
        if seen["waited"] > PATIENCE:
            os._exit(1)
        return
    if seen["ticks"] == OPENED:
        qgis.utils.iface.mainWindow().resize(1600, 1000)
    if seen["ticks"] == ACTED:
        act, _, told = ACT.partition(":")
        {"look": lambda _: None, "drop": drop, "theme": theme, "form": form, "table": table}[act](told)
    if seen["ticks"] == DONE:
        finish()


timer = QTimer()
timer.timeout.connect(tick)
timer.start(TICK_MS)
