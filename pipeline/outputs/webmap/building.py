"""The map of a delivery as parts of a page: element, data, scripts, styles."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from pipeline.contracts import Delivery
from pipeline.outputs.columns import Language
from pipeline.outputs.embedding import MapPart
from pipeline.outputs.layers import find_layer_title
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
from pipeline.outputs.webmap.parcels import build_parcels_layer, choose_product_periods

MOST_FEATURES = 20_000
"""Of a layer that a page carries; `ecoledger view` loads what is seen, and has no such bound."""
_Builder = Callable[[Delivery], dict[str, Any]]
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
        "notes": list_notes(delivery),
    }


def list_map_layers(delivery: Delivery) -> list[dict[str, Any]]:
    """The layers from the lowest to the topmost, without those of no row, or of more than a page carries."""
    counts = _count_rows(delivery)
    lowest, *over = (
        build(delivery) if 0 < len(rows) == counts[name] <= MOST_FEATURES else None
        for name, rows, build in _list_rows(delivery)
    )
    return [layer for layer in (lowest, *list_part_layers(delivery), *over) if layer]


def list_notes(delivery: Delivery) -> list[str]:
    """What the map leaves out, and where to find it."""
    words, language = find_texts("webmap", delivery.language), delivery.language
    held, counts = {name: len(rows) for name, rows, _ in _list_rows(delivery)}, _count_rows(delivery)
    why = {
        "register.crowded" if delivery.package == "others" else "webmap.crowded": [
            name for name, count in counts.items() if count > MOST_FEATURES
        ],
        "register.unheld": [name for name, count in counts.items() if held[name] < count <= MOST_FEATURES],
    }
    listed = choose_product_periods(delivery)
    return [
        *(_tell_absent(key, names, language) for key, names in why.items() if names),
        *([words["recent"].format(periods=len(listed))] if len(listed) < len(delivery.periods) else []),
    ]


def _tell_absent(key: str, names: Iterable[str], language: Language) -> str:
    """Why some layers are not on the map, by the key of a text."""
    titles = find_text("report.and", language).join(find_layer_title(name, language) for name in names)
    return find_text(key, language).format(layers=titles, most=f"{MOST_FEATURES:,}")


def _count_rows(delivery: Delivery) -> dict[str, int]:
    """How many rows each layer has, also where not all of them are held."""
    held = {name: len(rows) for name, rows, _ in _list_rows(delivery)}
    findings = int(delivery.count_findings()["count"].sum())
    return {**held, "parcels": delivery.count_rows("parcels"), "findings": findings}


def _list_rows(delivery: Delivery) -> tuple[tuple[str, pd.DataFrame, _Builder], ...]:
    return (
        ("parcels", delivery.parcels, build_parcels_layer),
        ("change_patches", delivery.change_patches, build_changes_layer),
        ("findings", delivery.findings, build_findings_layer),
        ("sections", delivery.sections, build_sections_layer),
    )
