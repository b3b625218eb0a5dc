"""What the layers of a GeoPackage say of themselves: what they rest on and what they may be used for."""

from dataclasses import dataclass
from datetime import date
from xml.etree import ElementTree as ET

from pipeline.contracts import Delivery
from pipeline.geodesy import CGCS2000
from pipeline.outputs.columns import Language
from pipeline.outputs.markup import add_crs
from pipeline.outputs.provenance import build_evidence_line, build_licence_line, build_title_line
from pipeline.outputs.qgis.looks import StyledLayer

_MARGIN = 0.08


@dataclass(frozen=True)
class Description:
    """What all layers of a GeoPackage say: `source` is its name, `extent` (EPSG:4490) its area with a margin.

    `evidence` says what the figures rest on, `licence` what the data may be used for.
    """

    source: str
    title: str
    extent: tuple[float, float, float, float]
    first_day: date
    last_day: date
    evidence: str
    licence: str
    language: Language

    @classmethod
    def of(cls, delivery: Delivery, source: str) -> "Description":
        """What the layers of a delivery say."""
        left, bottom, right, top = delivery.aoi.geometry.bounds
        across, up = _MARGIN * (right - left), _MARGIN * (top - bottom)
        return cls(
            source=source,
            title=build_title_line(delivery),
            extent=(left - across, bottom - up, right + across, top + up),
            first_day=delivery.periods[0].first,
            last_day=delivery.periods[-1].last,
            evidence=build_evidence_line(delivery),
            licence=build_licence_line(delivery),
            language=delivery.language,
        )


def add_metadata(parent: ET.Element, layer: StyledLayer, told: Description) -> None:
    """Add what a layer holds, rests on and may be used for, in the form of QGIS's own metadata."""
    words = {
        "identifier": f"{told.source}/{layer.name}",
        "parentidentifier": told.source,
        "language": {"zh": "ZHO", "en": "ENG"}[told.language],
        "type": "dataset",
        "title": f"{told.title} · {layer.title}",
        "abstract": f"{layer.about}\n{told.evidence}",
        "license": told.licence,
    }
    for name, text in words.items():
        ET.SubElement(parent, name).text = text
    add_crs(ET.SubElement(parent, "crs"), CGCS2000)
    extent = ET.SubElement(parent, "extent")
    sides = dict(zip(("minx", "miny", "maxx", "maxy"), map(repr, told.extent), strict=True))
    ET.SubElement(extent, "spatial", {"crs": CGCS2000, "dimensions": "2", "minz": "0", "maxz": "0", **sides})
    period = ET.SubElement(ET.SubElement(extent, "temporal"), "period")
    ET.SubElement(period, "start").text = f"{told.first_day.isoformat()}T00:00:00Z"
    ET.SubElement(period, "end").text = f"{told.last_day.isoformat()}T23:59:59Z"
