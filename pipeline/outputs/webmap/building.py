"""The map of a delivery as parts of a page: element, data, scripts, styles."""

from pathlib import Path
from typing import Any

from markupsafe import Markup

from pipeline.contracts import Delivery
from pipeline.outputs.embedding import MapPart
from pipeline.outputs.texts import find_text, find_texts
from pipeline.outputs.webmap.features import (
    build_changes_layer,
    build_findings_layer,
    build_outline,
    build_sections_layer,
    list_part_layers,
)
from pipeline.outputs.webmap.grounds import list_grounds
from pipeline.outputs.webmap.libraries import join_script, join_styles, read_maplibre, read_start
from pipeline.outputs.webmap.packing import pack_config
from pipeline.outputs.webmap.parcels import build_parcels_layer

_HTML = Markup('<div id="ecomap" class="ecomap"><p class="eco-absent">{}</p></div>')
_DATA = Markup('<script type="text/plain" id="ecomap-data">{}</script>')


def build_map(delivery: Delivery, rasters: Path) -> MapPart:
    """The map of a delivery whose rasters are written in a folder; it begins when it comes into view."""
    data = _DATA.format(pack_config(build_config(delivery, rasters)))
    html = _HTML.format(find_text("webmap.absent", delivery.language))
    return MapPart(html, data, (read_maplibre(), join_script(), read_start()), (join_styles(),))


def build_config(delivery: Delivery, rasters: Path) -> dict[str, Any]:
    """What `EcoMap.create` is given: docs/webmap.md says what each key means."""
    language = delivery.language
    return {
        "language": "zh-CN" if language == "zh" else "en",
        "words": find_texts("webmap", language),
        "stamp": find_text("simulated.label", language) if delivery.simulated else "",
        "page": True,
        "bounds": [round(side, 6) for side in delivery.aoi.geometry.bounds],
        "periods": [{"key": period.label, "title": period.label} for period in delivery.periods],
        "outline": build_outline(delivery),
        "grounds": list_grounds(delivery, rasters),
        "layers": list_map_layers(delivery),
    }


def list_map_layers(delivery: Delivery) -> list[dict[str, Any]]:
    """The layers from the lowest to the topmost; those without a row are left out."""
    areas = [build(delivery) for rows, build in ((delivery.parcels, build_parcels_layer),) if len(rows)]
    over = (
        (delivery.change_patches, build_changes_layer),
        (delivery.findings, build_findings_layer),
        (delivery.sections, build_sections_layer),
    )
    return [*areas, *list_part_layers(delivery), *(build(delivery) for rows, build in over if len(rows))]
