"""What a page runs to draw its map: MapLibre GL JS out of its wheel, and our widget."""

from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

SCRIPTS = (
    "elements",
    "data",
    "style",
    "labels",
    "pane",
    "card",
    "search",
    "panel",
    "compare",
    "frame",
    "map",
)
"""Our files in assets/, in the order in which they are joined."""
_EXPORTS = ("create", "unpack", "build", "measureBounds", "plain", "writeCell")
_NOTE = "//# sourceMappingURL"


@cache
def read_maplibre() -> str:
    """MapLibre GL JS with the licence that it names; sets `maplibregl`."""
    script, _, _ = _find_wheel().joinpath("maplibre-gl.js").read_text("utf-8").rpartition(_NOTE)
    return script


@cache
def join_script() -> str:
    """Our widget; sets `EcoMap` with `create` and `unpack`, and pieces that a page around it uses too."""
    body = "\n".join(_read_asset(f"{name}.js") for name in SCRIPTS)
    return f'"use strict";\nconst EcoMap = (() => {{\n{body}\nreturn {{ {", ".join(_EXPORTS)} }};\n}})();\n'


@cache
def join_styles() -> str:
    """The rules of MapLibre's elements and of ours."""
    return f"{_find_wheel().joinpath('maplibre-gl.css').read_text('utf-8')}\n{_read_asset('map.css')}"


@cache
def read_start() -> str:
    """What begins the map of a report, once it comes into view."""
    return _read_asset("start.js")


def _read_asset(name: str) -> str:
    return (files("pipeline.outputs.webmap") / "assets" / name).read_text("utf-8")


def _find_wheel() -> Path:
    """Where the wheel has its scripts; the package itself, which is slow to load, is not imported."""
    spec = find_spec("maplibre")
    assert spec is not None, "maplibre is among the dependencies"
    assert spec.origin is not None
    return Path(spec.origin).parent / "srcjs"
