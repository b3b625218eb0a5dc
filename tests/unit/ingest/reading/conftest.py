"""Files of each kind that are unpacked here, and what reads them."""

import pytest

from pipeline.ingest.reading.assets import ItemReader
from tests.tiles import numbers_of, pack


@pytest.fixture
def item(reader):
    """Reads the files of an item without a checksum."""
    return ItemReader(reader)


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """A file of each type and predictor, with the numbers in it."""
    folder = tmp_path_factory.mktemp("packed")
    found = {}
    for dtype in ("uint8", "uint16"):
        for predictor in (1, 2):
            numbers = numbers_of(dtype)
            path = pack(folder / f"{dtype}_{predictor}.tif", numbers, predictor=predictor)
            found[dtype, predictor] = path, numbers
    return found
