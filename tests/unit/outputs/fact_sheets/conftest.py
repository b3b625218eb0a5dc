"""One published delivery with planted facts, for all tests of fact sheets."""

import pytest

from pipeline.outputs.fact_sheets.facts import read_parcel_facts
from tests.planted_facts import plant_facts, publish_facts


@pytest.fixture(scope="session")
def delivery():
    return plant_facts()


@pytest.fixture(scope="session")
def published(delivery, tmp_path_factory):
    return publish_facts(delivery, tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="session")
def facts(published):
    return read_parcel_facts(published)
