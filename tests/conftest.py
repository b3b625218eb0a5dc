"""Properties are tried on the same examples in every run of the tests; `make fuzz` looks for new ones."""

import os

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=60)
settings.register_profile("searching", deadline=None, max_examples=500, print_blob=True)
settings.load_profile(os.environ.get("PROPERTIES", "repeatable"))
