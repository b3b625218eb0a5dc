"""Notebooks as pages: those of the language of the site, with outputs where `make notebooks` has run them.

They stand beside `docs/`, Chinese in `notebooks/`, English in `notebooks/en/`, with the same code. As the
site is built they are laid into `docs/notebooks/`, which is not kept.
"""

import shutil
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

_ROOT = Path(__file__).resolve().parents[2]
_CHINESE = Path("notebooks")
_PLACES = {"zh_CN": _CHINESE, "en": _CHINESE / "en"}


def lay_out(app: Sphinx) -> None:
    """Lays the notebooks where pages are looked for; those that are as they were stay untouched."""
    pages = Path(app.srcdir, "notebooks")
    pages.mkdir(exist_ok=True)
    found = find_notebooks(app.config.language)
    for stale in {path.name for path in pages.iterdir()} - set(found):
        (pages / stale).unlink()
    for name, path in found.items():
        if not (pages / name).exists() or (pages / name).read_bytes() != path.read_bytes():
            shutil.copyfile(path, pages / name)


def find_notebooks(language: str) -> dict[str, Path]:
    """The notebooks of a language by name: as they were run, else as they are written."""
    names = sorted(path.name for path in (_ROOT / _CHINESE).glob("*.ipynb"))
    places = (Path("build") / _PLACES[language], _PLACES[language])
    ways = {name: [_ROOT / place / name for place in places] for name in names}
    return {name: next(path for path in paths if path.exists()) for name, paths in ways.items()}


def setup(app: Sphinx) -> dict[str, Any]:
    """Lays the notebooks out before pages are looked for."""
    app.connect("builder-inited", lay_out)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
