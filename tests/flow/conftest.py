import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from programs import ecoledger


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """The whole demo, run once."""
    out = tmp_path_factory.mktemp("demo") / "delivery"
    ecoledger("demo", "--out", out, "--quiet")
    return out
