"""Pieces of XML and of expressions that QGIS reads in several places."""

import re
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from pyproj import CRS

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def serialise(root: ET.Element) -> str:
    """An element as text, indented, without the letters that XML cannot hold."""
    ET.indent(root, " ")
    return _NOT_XML.sub("", ET.tostring(root, encoding="unicode")) + "\n"


def escape_expressions(text: str) -> str:
    """A text as QGIS must be given it to draw it as it stands, where it evaluates what is in `[% … %]`.

    Those are labels and legends of layouts, map tips, labels of classes and texts in forms; what an
    expression gives is not evaluated again, so that an opening bracket is given as an expression itself.
    """
    return text.replace("[%", "[% '[%' %]")


def quote_name(column: str) -> str:
    """A column as an expression names it."""
    return '"' + column.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """A text as an expression gives it; QGIS reads a backslash in it as the beginning of a sign."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def add_crs(parent: ET.Element, code: str) -> None:
    """Add a CRS, given as `EPSG:4490`, under an element."""
    system = ET.SubElement(parent, "spatialrefsys")
    known = CRS(code)
    ET.SubElement(system, "wkt").text = known.to_wkt()
    ET.SubElement(system, "srid").text = code.removeprefix("EPSG:")
    ET.SubElement(system, "authid").text = code
    ET.SubElement(system, "geographicflag").text = "true" if known.is_geographic else "false"


def add_options(parent: ET.Element, values: Mapping[str, str]) -> None:
    """Add settings under an element, in the form of QGIS 3.22 and in that of versions before."""
    options = ET.SubElement(parent, "Option", {"type": "Map"})
    for name, value in values.items():
        ET.SubElement(options, "Option", {"name": name, "value": value, "type": "QString"})
    for name, value in values.items():
        ET.SubElement(parent, "prop", {"k": name, "v": value})


def format_color(color: str, opacity: float = 1.0) -> str:
    """A colour as QGIS writes it."""
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return f"{red},{green},{blue},{round(255 * opacity)}"
