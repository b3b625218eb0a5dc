"""Messages are English, whatever the locale; properties are tried on the same examples in every run.

`make fuzz` looks for new ones.
"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from pipeline.ingest.reading.reader import Reader
from pipeline.ingest.reading.readers import Source, open_reader

os.environ["ECOLEDGER_LANGUAGE"] = "en"

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=60)
settings.register_profile("searching", deadline=None, max_examples=500, print_blob=True)
settings.load_profile(os.environ.get("PROPERTIES", "repeatable"))


@pytest.fixture
def reader() -> Iterator[Reader]:
    """A Reader of files from anywhere."""
    with open_reader(Source()) as opened:
        yield opened
