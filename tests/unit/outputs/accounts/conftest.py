import pytest

from pipeline.outputs.accounts.book import find_book
from tests.books import with_accounts
from tests.deliveries import small_delivery, written


@pytest.fixture(scope="session")
def accounted():
    return with_accounts(small_delivery())


@pytest.fixture(scope="session")
def book(accounted):
    return find_book(accounted)


@pytest.fixture(scope="session")
def english():
    return find_book(with_accounts(small_delivery(language="en")))


@pytest.fixture(scope="session")
def folder(tmp_path_factory, accounted):
    path = tmp_path_factory.mktemp("accounted")
    written(accounted, path)
    return path
