"""Items in the manner of the catalogues, and where their recorded answers are."""

import json
from pathlib import Path
from typing import Any

import shapely

from tests.scenery import SHARED

RESPONSES = SHARED / "data" / "stac_responses"
HERE = shapely.box(121.7, 31.4, 121.9, 31.6)
BANDS = {"coastal", "blue", "green", "red", "nir", "nir08", "swir16", "swir22"}


def recorded(name: str) -> list[dict[str, Any]]:
    """The items of a recorded answer."""
    content = json.loads((RESPONSES / name).read_text(encoding="utf-8"))
    return content if isinstance(content, list) else content.get("features", [content])


def raw_item(
    name: str = "S2A_51RUQ_20240501_0_L2A", *, when: str = "2024-05-01T02:30:15Z", **properties: Any
) -> dict[str, Any]:
    """An item in the manner of Earth Search."""
    keys = [*BANDS, "scl"]
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "collection": "sentinel-2-c1-l2a",
        "geometry": shapely.geometry.mapping(HERE),
        "bbox": list(HERE.bounds),
        "links": [],
        "properties": {
            "datetime": when,
            "platform": "sentinel-2a",
            "eo:cloud_cover": 10.0,
            "grid:code": "MGRS-51RUQ",
            "s2:processing_baseline": "05.10",
            "s2:datastrip_id": "S2A_OPER_MSI_L2A_DS_2APS_20240501T070000_S20240501T023010_N05.10",
            "proj:code": "EPSG:32651",
            "updated": "2024-05-02T00:00:00Z",
            **properties,
        },
        "assets": {key: {"href": f"https://host/{name}/{key}.tif"} for key in keys},
    }


def write_catalogue(folder: Path, items: list[dict[str, Any]]) -> Path:
    """A static catalogue of items, each in a folder of its own; the path of its root."""
    for item in items:
        place = folder / item["id"] / "item.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(item), encoding="utf-8")
    links = [{"rel": "item", "href": f"./{item['id']}/item.json"} for item in items]
    root = {"type": "Catalog", "id": "planted", "stac_version": "1.0.0", "description": "planted"}
    path = folder / "catalog.json"
    path.write_text(json.dumps({**root, "links": links}), encoding="utf-8")
    return path
