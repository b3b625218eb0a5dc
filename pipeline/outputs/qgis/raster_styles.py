"""Styles of rasters in QGIS: ramps of measures, palettes of classes."""

from xml.etree import ElementTree as ET

from pipeline.legends import Legend
from pipeline.outputs.columns import Language
from pipeline.outputs.markup import serialise
from pipeline.outputs.qgis.looks import DOCTYPE, QGIS_VERSION
from pipeline.outputs.ramps import Stops, format_amount


def build_ramp_qml(stops: Stops, unit: str = "") -> str:
    """Style of a raster of measures: colours of some values and between them, in the `unit` of its legend."""
    root = _begin_style()
    add_ramp(ET.SubElement(root, "pipe"), stops, unit)
    return DOCTYPE + serialise(root)


def build_classes_qml(legend: Legend, language: Language) -> str:
    """Style of a class raster: the legend's classes with their names, and nothing else."""
    root = _begin_style()
    add_palette(ET.SubElement(root, "pipe"), legend, language)
    return DOCTYPE + serialise(root)


def add_ramp(pipe: ET.Element, stops: Stops, unit: str = "") -> None:
    """Add how a raster of measures is drawn to what QGIS does with its pixels."""
    low, high = str(stops[0][0]), str(stops[-1][0])
    renderer = ET.SubElement(pipe, "rasterrenderer")
    renderer.attrib.update({"type": "singlebandpseudocolor", "band": "1", "opacity": "1", "alphaBand": "-1"})
    renderer.attrib.update({"classificationMin": low, "classificationMax": high})
    shader = ET.SubElement(ET.SubElement(renderer, "rastershader"), "colorrampshader")
    shader.attrib.update({"colorRampType": "INTERPOLATED", "classificationMode": "1", "clip": "0"})
    shader.attrib.update({"minimumValue": low, "maximumValue": high})
    for value, color in stops:
        label = f"{value:g}" if not unit else f"{format_amount(value)} {unit}"
        item = {"value": str(value), "label": label, "color": color, "alpha": "255"}
        ET.SubElement(shader, "item", item)


def add_palette(pipe: ET.Element, legend: Legend, language: Language) -> None:
    """Add how a class raster is drawn to what QGIS does with its pixels; other values are not drawn."""
    renderer = ET.SubElement(pipe, "rasterrenderer", {"type": "paletted", "band": "1", "opacity": "1"})
    palette = ET.SubElement(renderer, "colorPalette")
    for entry in legend.classes:
        item = {"value": str(entry.code), "label": entry.name(language), "color": entry.color, "alpha": "255"}
        ET.SubElement(palette, "paletteEntry", item)


def _begin_style() -> ET.Element:
    return ET.Element("qgis", {"version": QGIS_VERSION, "styleCategories": "AllStyleCategories"})
