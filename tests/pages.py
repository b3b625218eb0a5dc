"""The pages of docs/ as tests read them: what they name, their examples, the paths that they follow."""

import re
from pathlib import Path
from typing import NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in [*sorted(DOCS.rglob("*.md")), ROOT / "CONTRIBUTING.md"]
}


class Stop(NamedTuple):
    """A file on a path, and the qualified name of its function that takes in what is followed."""

    file: str
    function: str


def list_stops(text: str) -> dict[str, list[Stop]]:
    """The stops of every chapter under Four paths, by its name."""
    chapters = text.partition("\n## Four paths\n")[2].split("\n### ")[1:]
    stops = [re.findall(r"^\d+\. `([^`]+)` `([^`]+)`:", chapter, re.MULTILINE) for chapter in chapters]
    names = [chapter.partition("\n")[0] for chapter in chapters]
    return {name: [Stop(*stop) for stop in found] for name, found in zip(names, stops, strict=True)}


PATHS = list_stops(PAGES["docs/architecture.md"])


def list_quoted(text: str) -> list[str]:
    """What a page has in backticks in its sentences."""
    sentences = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`\n]+)`", sentences)


def run_example(page: str) -> dict[str, object]:
    """The names that the Python of a page of docs/adding gives."""
    (source,) = re.findall(r"^```python\n(.*?)^```$", _read(page), re.MULTILINE | re.DOTALL)
    names: dict[str, object] = {"__name__": page}
    exec(compile(source, page, "exec"), names)
    return names


def read_yaml(page: str) -> object:
    """The YAML of a page of docs/adding."""
    (source,) = re.findall(r"^```yaml\n(.*?)^```$", _read(page), re.MULTILINE | re.DOTALL)
    return yaml.safe_load(source)


def _read(page: str) -> str:
    return PAGES[f"docs/adding/{page}.md"]
