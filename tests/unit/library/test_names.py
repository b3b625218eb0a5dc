"""The public names of `pipeline`: listed once, each explained, with an example that runs."""

import ast
import doctest
import inspect
import re
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest
import xarray

import pipeline
from pipeline.cli import app

STUB = Path(pipeline.__file__).with_suffix(".pyi")
NAMES = sorted(
    alias.name
    for node in ast.parse(STUB.read_text("utf-8")).body
    if isinstance(node, ast.ImportFrom) and node.module
    for alias in node.names
)
GIVEN = {"pipeline": pipeline, "geopandas": geopandas, "numpy": np, "pandas": pd, "xarray": xarray}
"""What examples may name without importing it."""


def is_class(name):
    return inspect.isclass(getattr(pipeline, name))


def list_public(name):
    """A name, and of a class its own public attributes."""
    found = getattr(pipeline, name)
    yield name, found
    if inspect.isclass(found):
        yield from (
            (f"{name}.{key}", value.func if hasattr(value, "func") else value)
            for key, value in vars(found).items()
            if not key.startswith("_") and not inspect.ismemberdescriptor(value)
        )


COMMANDS = {
    "account": "value_accounts",
    "bulletin": "write_bulletin",
    "demo": "run_demo",
    "diff": "compare",
    "doctor": "examine_machine",
    "grade": "grade_samples",
    "indices": "describe_indices",
    "init": "write_config",
    "legends": "describe_legends",
    "plan": "estimate",
    "providers": "describe_providers",
    "rules": "describe_rules",
    "run": "run",
    "sample": "draw_sample",
    "schema": "build_schema",
    "sheets": "write_sheets",
    "status": "read_status",
    "validate": "validate",
    "view": "write_view",
}
"""The public name by which each command is reached: a new command is another entry."""


def test_every_command_is_reached_by_a_public_name():
    commands = {command.name or command.callback.__name__ for command in app.registered_commands}
    assert set(COMMANDS) == commands
    assert set(COMMANDS.values()) <= set(NAMES)


def test_public_names_come_from_the_library_or_are_those_of_commands():
    rooms = {getattr(pipeline, name).__module__.split(".")[1] for name in NAMES}
    assert rooms <= {"library", "commands", "settings"}


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_is_explained_with_what_it_gives(name):
    for place, found in list_public(name):
        if callable(found) or isinstance(found, property):
            assert inspect.getdoc(found), place


def is_run_by_its_notebook(name):
    """Whether the notebook that a docstring names calls it; `tests/flow/test_notebooks.py` runs them all."""
    (place,) = re.findall(r"`(notebooks/\S+\.ipynb)`", inspect.getdoc(getattr(pipeline, name)))
    return f"pipeline.{name}(" in (STUB.parents[1] / place).read_text("utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_the_example_of_a_public_name_gives_what_it_says(name):
    found = getattr(pipeline, name)
    examples = doctest.DocTestFinder(recurse=False).find(found, name, globs=GIVEN)
    assert examples[0].examples or is_run_by_its_notebook(name), f"{name} has no example"
    runner = doctest.DocTestRunner(
        optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
    )
    for example in examples:
        report = []
        runner.run(example, out=report.append)
        assert not report, "".join(report)
