"""The page over all deliveries, and the site that it is part of."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2

from pipeline.errors import Problem
from pipeline.outputs.columns import Language
from pipeline.outputs.texts import choose_words, find_texts
from pipeline.outputs.view.building import ABOUT
from pipeline.outputs.view.downloads import OfferedFile
from pipeline.outputs.view.site import INDEX, MARK, ViewSite, map_folder
from pipeline.outputs.webmap.libraries import join_script, join_styles, read_maplibre

POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file: 'unsafe-inline'; "
    "img-src 'self' data: blob:; worker-src blob:; connect-src data: blob:; base-uri 'none'; "
    "form-action 'none'"
)
"""What the page may load: what stands beside it, from a server and from files alike, and nothing else."""
_SCRIPTS = ("chunks", "config", "facts", "sheet", "extract", "dialogs", "page")
_UNSAFE = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}


@dataclass(frozen=True)
class ViewedDelivery:
    """A delivery as the page shows it: where it stands, the folder made of it, the files that it offers."""

    id: str
    folder: Path
    downloads: Sequence[OfferedFile]


def build_site(viewed: Sequence[ViewedDelivery], problems: Iterable[Problem], language: Language) -> ViewSite:
    """The page over deliveries in a language, and all that it takes in."""
    files: dict[str, Path | bytes] = {
        INDEX: _render_page(language).encode(),
        MARK: b"ecoledger view\n",
        "catalog.js": _dump_catalog(viewed, problems, language).encode(),
        "maplibre.js": read_maplibre().encode(),
        "map.js": join_script().encode(),
        "view.js": join_page_script().encode(),
        "view.css": f"{join_styles()}\n{_read_asset('view.css')}".encode(),
    }
    for number, one in enumerate(viewed):
        files |= {name: path for name, path in map_folder(one.folder, f"d/{number}") if path.name != ABOUT}
        files |= {f"files/{one.id}/{download.name}": download.path for download in one.downloads}
    return ViewSite(files)


def join_page_script() -> str:
    """The script of the page, beside that of the map."""
    parts = "\n".join(_read_asset(f"{name}.js") for name in _SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}\nstart();\n}})();\n'


def _read_asset(name: str) -> str:
    return (files("pipeline.outputs.view") / "assets" / name).read_text("utf-8")


def _render_page(language: Language) -> str:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(_read_asset("index.html")).render(
        language="zh-CN" if language == "zh" else "en", policy=POLICY, words=find_texts("view", language)
    )


def _dump_catalog(viewed: Sequence[ViewedDelivery], problems: Iterable[Problem], language: Language) -> str:
    told = {
        "language": "zh-CN" if language == "zh" else "en",
        "words": find_texts("view", language),
        "map_words": find_texts("webmap", language),
        "units": find_texts("unit", language),
        "problems": [_tell_problem(problem, language) for problem in problems],
        "deliveries": [_tell_delivery(number, one) for number, one in enumerate(viewed)],
    }
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":")).translate(_UNSAFE)
    return f"const ecoCatalog = {text};\n"


def _tell_problem(problem: Problem, language: Language) -> dict[str, str]:
    return {
        "place": problem.place,
        "found": choose_words(problem.found, language),
        "expected": choose_words(problem.expected, language),
    }


def _tell_delivery(number: int, one: ViewedDelivery) -> Mapping[str, Any]:
    about: dict[str, Any] = json.loads((one.folder / ABOUT).read_text("utf-8"))
    about["folder"] = f"d/{number}"
    about["id"] = one.id
    about["downloads"] = [{"name": download.name, "size": download.size} for download in one.downloads]
    return about
