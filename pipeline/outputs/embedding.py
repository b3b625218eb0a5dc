"""Interactive charts inside a page that asks nobody for anything: the script, the charts as data, the policy.

Bokeh draws them. Its script is taken from its own wheel, licence text included, and written into the page;
a chart is a block of JSON, which no browser runs. Numbers of parts come from a counter of the process, so
they are given anew here: the same charts have the same bytes.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import bokeh
from bokeh.embed import json_item
from bokeh.model import Model
from markupsafe import Markup

START = """{
  Bokeh.logger.set_level("warn");
  const charts = [...document.querySelectorAll("script.chart")];
  const drawNext = () => {
    const chart = charts.shift();
    if (!chart) return;
    Bokeh.embed.embed_item(JSON.parse(chart.textContent));
    setTimeout(drawNext);
  };
  setTimeout(drawNext);
}"""
"""What the page runs once it is read: a chart after the other, so that it can be read and moved meanwhile."""

_SCRIPT = "server/static/js/bokeh.min.js"
_UNSAFE = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}


@dataclass(frozen=True)
class MapPart:
    """A map that can be moved, as a page takes it in: its element with what it shows as blocks of data.

    `scripts` run in their order once the page is read, `styles` tell how it looks; neither holds data.
    """

    html: Markup
    data: Markup
    scripts: tuple[str, ...]
    styles: tuple[str, ...]


@cache
def build_script() -> str:
    """The script that draws charts, with the licence that it carries."""
    return (Path(bokeh.__file__).parent / _SCRIPT).read_text(encoding="utf-8")


def dump_chart(chart: Model, target: str) -> str:
    """A chart for the element with the id `target`, as JSON that cannot end the element it stands in."""
    item = _renumber(dict(json_item(chart, target)), {})
    return json.dumps(item, ensure_ascii=False, separators=(",", ":")).translate(_UNSAFE)


def build_policy(*scripts: str, worker: bool = False) -> str:
    """Content security policy of a page that runs these scripts only, and loads nothing at all.

    With a `worker` the page may also start one from what it holds itself, and read its own pictures there.
    """
    hashes = " ".join(f"'sha256-{_digest(text)}'" for text in scripts) or "'none'"
    held = "; worker-src blob:; connect-src data: blob:" if worker else ""
    images = "data: blob:" if worker else "data:"
    return f"default-src 'none'; img-src {images}; style-src 'unsafe-inline'; script-src {hashes}{held}"


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _renumber(part: Any, numbers: dict[str, str]) -> Any:
    """The part with every number of a model replaced by its place in the order of appearance."""
    if isinstance(part, list):
        return [_renumber(entry, numbers) for entry in part]
    if not isinstance(part, dict):
        return part
    return {
        key: numbers.setdefault(value, f"m{len(numbers)}")
        if key in {"id", "root_id"} and isinstance(value, str)
        else _renumber(value, numbers)
        for key, value in part.items()
    }
