"""The map of a delivery as parts of a page: element, data, scripts, styles."""

from pathlib import Path
from typing import Any

from markupsafe import Markup

from pipeline.contracts import Delivery
from pipeline.outputs.embedding import MapPart
from pipeline.outputs.texts import find_text, find_texts
from pipeline.outputs.webmap.features import build_outline, list_layers
from pipeline.outputs.webmap.grounds import list_grounds
from pipeline.outputs.webmap.libraries import join_script, join_styles, read_maplibre, read_start
from pipeline.outputs.webmap.packing import pack_config

_HTML = Markup('<div id="ecomap" class="ecomap"></div>')
_DATA = Markup('<script type="text/plain" id="ecomap-data">{}</script>')


def build_map(delivery: Delivery, rasters: Path) -> MapPart:
    """The map of a delivery whose rasters are written in a folder; it begins when it comes into view."""
    data = _DATA.format(pack_config(build_config(delivery, rasters)))
    return MapPart(_HTML, data, (read_maplibre(), join_script(), read_start()), (join_styles(),))


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
        "layers": list_layers(delivery),
    }
