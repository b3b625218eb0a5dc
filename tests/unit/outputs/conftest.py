import pytest

from pipeline.outputs.delivery import write
from tests.deliveries import small_delivery


@pytest.fixture(scope="session")
def delivery():
    return small_delivery()


@pytest.fixture(scope="session")
def folder(tmp_path_factory, delivery):
    """The small delivery, written; tests only read it."""
    folder = tmp_path_factory.mktemp("delivery")
    write(delivery, folder)
    return folder
