"""The site as `make docs` builds it, in a folder of the tests' own."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.pages import ROOT

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
_PROGRAM = (
    "import json, sys; from sphinx.cmd.build import main; sys.exit(max(map(main, json.loads(sys.argv[1]))))"
)
"""Builds one after the other in one process, which loads the libraries once."""


def list_builds() -> list[list[str]]:
    """The words of each call of sphinx-build by which `make docs` builds the site, in its order."""
    (recipe,) = re.findall(r"^docs:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    return [shlex.split(line)[1:] for line in recipe.splitlines() if "sphinx-build" in line]


def build_site(folder: Path) -> Path:
    """The site in both languages, built into a folder; a warning of the builder is an error."""
    builds = [[word.replace("build/", f"{folder}/") for word in words] for words in list_builds()]
    command = [sys.executable, "-c", _PROGRAM, json.dumps(builds)]
    ended = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    return folder / "site"
