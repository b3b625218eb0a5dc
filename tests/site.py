"""The site as `make docs` builds it, in a folder of the tests' own."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.pages import ROOT

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
_PROGRAM = """
import json, multiprocessing, sys
import furo, myst_nb.sphinx_ext, pandera.pandas, pipeline
from sphinx.cmd.build import main
[getattr(pipeline, name) for name in pipeline.__all__]
with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
    sys.exit(max(pool.map(main, json.loads(sys.argv[1]), chunksize=1)))
"""
"""Each build in a process of its own: Sphinx keeps the words of a language. Libraries are loaded once."""


def list_builds(target: str) -> list[list[str]]:
    """The words of each call of sphinx-build that a target of the Makefile makes, in its order."""
    (recipe,) = re.findall(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    calls = [line.partition("sphinx-build ")[2] for line in recipe.splitlines()]
    return [shlex.split(words) for words in calls if words]


def build_site(folder: Path) -> Path:
    """The site in both languages and, in `gettext`, the messages of its pages, built into a folder.

    A warning of the builder is an error.
    """
    calls = [*list_builds("docs"), *list_builds("translations")]
    builds = [[word.replace("build/", f"{folder}/") for word in words] for words in calls]
    command = [sys.executable, "-c", _PROGRAM, json.dumps(builds)]
    ended = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    return folder / "site"
