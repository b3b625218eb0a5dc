"""JSON schemas of the YAML files that a run reads, by which editors complete and check them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from pipeline.aoi import PROJECT_ROOT
from pipeline.settings import Settings, build_schema
from pipeline.settings.accounts import AccountProfile
from pipeline.settings.ecological_index import QualityScheme, StatusScheme
from pipeline.settings.green_access import Distances
from pipeline.settings.health_schemes import HealthScheme
from pipeline.settings.products import Products
from pipeline.settings.rights_codes import ColumnCodes
from pipeline.settings.schemes import Scheme
from pipeline.settings.sources import Provider

CONFIG = "config"

_KINDS: Mapping[str, Any] = {
    CONFIG: Settings,
    "access": Distances,
    "ei": StatusScheme,
    "eqi": QualityScheme,
    "health": HealthScheme,
    "products": Products,
    "profile": AccountProfile,
    "providers": dict[str, Provider],
    "rights": dict[str, ColumnCodes],
    "scheme": Scheme,
}


def list_schemas() -> list[str]:
    """Kinds of files that have a schema: the config, and the files of configs/ that it may name."""
    return list(_KINDS)


def format_schema(kind: str) -> str:
    """The schema of a kind as JSON, keys in order; KeyError for a kind that there is not."""
    schema = build_schema() if kind == CONFIG else TypeAdapter(_KINDS[kind]).json_schema()
    return json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def find_schema_file(kind: str) -> Path:
    """Where the schema of a kind lies among the shipped files."""
    configs = PROJECT_ROOT / "configs"
    return configs / "schema.json" if kind == CONFIG else configs / "schemas" / f"{kind}.json"


def write_schemas() -> None:
    """Write all schemas to their places, as `make generated` does."""
    for kind in _KINDS:
        find_schema_file(kind).parent.mkdir(exist_ok=True)
        find_schema_file(kind).write_text(format_schema(kind), encoding="utf-8")


if __name__ == "__main__":
    write_schemas()
