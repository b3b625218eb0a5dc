"""Whatever stands in a config, the answer is settings or a SettingsError."""

import string
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import SettingsError
from pipeline.settings import Settings, load_settings

YAML_SIGNS = st.lists(
    st.sampled_from([*"ab1:-[]{},&*!|>?#%@`'\" \n\t.~=<", "scenes", "aoi", "- ", ": "]), max_size=20
).map("".join)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.dates(),
    st.text(string.printable, max_size=8),
    st.sampled_from(["median", "month", "local", "2 GiB", "auto", "guangyang_island", "2023-01-01"]),
)
KEYS = st.sampled_from(
    [
        *Settings.model_fields,
        *("provider", "missions", "start", "end", "period", "clear", "scl", "harmonise", "static", "api"),
        *("endmembers", "soil", "vegetation", "path", "columns", "memory", "workers", "register", "x"),
    ]
)
CONTENT = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.integers(), inner, max_size=5),
    max_leaves=12,
)
OVERRIDES = st.lists(
    st.one_of(
        st.text(string.printable, max_size=12),
        st.builds("{}={}".format, st.lists(KEYS, max_size=3).map(".".join), YAML_SIGNS),
    ),
    max_size=2,
)


def read(text: str | bytes, overrides: list[str]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
        with suppress(SettingsError):
            load_settings(path, overrides)


@settings(max_examples=100, deadline=None)
@given(YAML_SIGNS | st.text(), OVERRIDES)
def test_no_text_raises_anything_but_a_settings_error(text, overrides):
    read(text, overrides)


@settings(max_examples=40, deadline=None)
@given(st.binary())
def test_no_bytes_raise_anything_but_a_settings_error(text):
    read(text, [])


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(KEYS, CONTENT, max_size=6), OVERRIDES)
def test_no_content_raises_anything_but_a_settings_error(content: Any, overrides):
    right = {"label": "a", "aoi": ["x"], "scenes": {"start": "2023-01-01", "end": "2023-12-31"}}
    for whole in (content, {**right, **content}, {**right, "scenes": {**right["scenes"], **content}}):
        read(yaml.safe_dump(whole), overrides)
