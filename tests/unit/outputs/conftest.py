import pytest

from tests.deliveries import small_delivery, written


@pytest.fixture(scope="session")
def delivery():
    return small_delivery()


@pytest.fixture(scope="session")
def folder(tmp_path_factory, delivery):
    """The small delivery, written; tests only read it."""
    folder = tmp_path_factory.mktemp("delivery")
    written(delivery, folder)
    return folder
