import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from programs import ecoledger


def pytest_collection_modifyitems(items):
    """The demo is run once, so all tests that look at it share a worker."""
    for item in items:
        if "demo" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("demo"))


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """The whole demo, run once."""
    out = tmp_path_factory.mktemp("demo") / "delivery"
    ecoledger("demo", "--out", out, "--quiet")
    return out
