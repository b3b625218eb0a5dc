import os
import sys
from pathlib import Path

import pytest
from filelock import FileLock

sys.path.insert(0, str(Path(__file__).parent))

from playwright_browser import find_chromium, keep_page, open_page  # noqa: F401 (fixtures of every test here)
from programs import ecoledger


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """The whole demo, run once by whichever test process wants it first."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    out = shared / "demo" / "delivery"
    with FileLock(shared / "demo.lock"):
        if not (shared / "demo.done").exists():
            ecoledger("demo", "--out", out, "--quiet")
            (shared / "demo.done").touch()
    return out
