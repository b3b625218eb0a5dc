"""Schemas by which editors complete and check what people write."""

import json
import re
from datetime import date
from pathlib import Path

import jsonschema
import pytest
import yaml
from typer.testing import CliRunner

from pipeline.aoi import PROJECT_ROOT
from pipeline.cli import app
from pipeline.commands.schemas import find_schema_file, format_schema, list_schemas

SHIPPED = sorted((PROJECT_ROOT / "configs").rglob("*.yaml"))


def read_schema(config: Path) -> dict:
    """The schema that the modeline of a file leads to."""
    first = config.read_text(encoding="utf-8").partition("\n")[0]
    place = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert place, f"{config}: no modeline"
    return json.loads((config.parent / place[1]).read_text(encoding="utf-8"))


def dump_days(value):
    """A value of YAML as one of JSON, which has no dates and no keys that are numbers."""
    if isinstance(value, dict):
        return {str(key): dump_days(one) for key, one in value.items()}
    if isinstance(value, list):
        return [dump_days(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


@pytest.mark.parametrize("config", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_yaml_fits_the_schema_that_it_names(config):
    schema = read_schema(config)
    jsonschema.Draft202012Validator.check_schema(schema)
    content = dump_days(yaml.safe_load(config.read_text(encoding="utf-8")))
    assert [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(content)] == []


@pytest.mark.parametrize("config", SHIPPED, ids=lambda path: path.stem)
def test_a_key_that_nothing_knows_is_marked_by_the_editor(config):
    content = dump_days(yaml.safe_load(config.read_text(encoding="utf-8")))
    strange = jsonschema.Draft202012Validator(read_schema(config)).iter_errors({**content, "nonsense": 1})
    assert next(strange, None) is not None


@pytest.mark.parametrize("kind", list_schemas())
def test_every_published_schema_is_as_the_code_makes_it(kind):
    assert find_schema_file(kind).read_text(encoding="utf-8") == format_schema(kind)


def test_a_schema_is_printed_or_written_beside_a_config_of_ones_own(tmp_path):
    out = tmp_path / "ecoledger.schema.json"
    assert CliRunner().invoke(app, ["schema", "--out", str(out)]).stdout == ""
    assert CliRunner().invoke(app, ["schema"]).stdout == out.read_text(encoding="utf-8")
    assert CliRunner().invoke(app, ["schema", "profile"]).stdout == format_schema("profile")


def test_a_kind_that_there_is_not_is_answered_with_those_that_there_are():
    refused = CliRunner().invoke(app, ["schema", "nonsense"])
    assert refused.exception.exit_code == 2
    assert "config | access" in str(refused.exception)


def test_a_config_without_a_label_fits_where_its_days_roll_and_nowhere_else():
    validator = jsonschema.Draft202012Validator(json.loads(format_schema("config")))
    rolling = {"aoi": ["guangyang_island"], "scenes": {"rolling": 8, "period": "quarter"}}
    fixed = {"aoi": ["guangyang_island"], "scenes": {"start": "2024-01-01", "end": "2024-12-31"}}
    assert validator.is_valid(rolling)
    assert not validator.is_valid(fixed)
    assert validator.is_valid(fixed | {"label": "2024"})
