"""Small configs and outlines for cases at the doors, where no pixel is needed."""

import json
from pathlib import Path
from typing import Any

RING = [[120.50, 32.05], [120.516, 32.05], [120.517, 32.064], [120.501, 32.063], [120.50, 32.05]]
YEAR = {"provider": "simulated", "start": "2024-01-01", "end": "2024-12-31", "period": "year"}


def write_outline(path: Path, **properties: object) -> Path:
    """A GeoJSON of one small area near the Yangtze."""
    place = {"type": "Polygon", "coordinates": [RING]}
    feature = {
        "type": "Feature",
        "properties": {"id": "pond", "name": "小塘", **properties},
        "geometry": place,
    }
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    return path


def write_config(folder: Path, name: str = "my.yaml", **blocks: Any) -> Path:
    """A config of a shipped area and a simulated year, with further or other blocks."""
    config = {"label": "2024", "aoi": ["guangyang_island"], "scenes": YEAR, **blocks}
    path = folder / name
    path.write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")
    return path
