"""A small delivery as it stands in a folder, which is that of the process."""

import pytest

from tests.deliveries import small_delivery
from tests.publishing import publish_delivery


@pytest.fixture(scope="package")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("library") / "delivery"
    publish_delivery(small_delivery(), folder)
    return folder


@pytest.fixture(autouse=True)
def in_folder_of_deliveries(out, monkeypatch):
    """Where the examples of docstrings are run: `delivery/` is the folder of deliveries."""
    monkeypatch.chdir(out.parent)
