"""Verbs that list what a config may name: schema, indices, providers, legends, rules."""

import sys
from pathlib import Path
from typing import Annotated

import typer

import pipeline
from pipeline.cli.terminal import JsonOption, show_rows
from pipeline.errors import Problem, SettingsError

verbs = typer.Typer()


@verbs.command("schema")
def show_schema(
    kind: Annotated[
        str,
        typer.Argument(help="config, access, ei, eqi, health, products, profile, providers, rights, scheme"),
    ] = "config",
    out: Annotated[Path | None, typer.Option("--out", help="写入文件 a file instead")] = None,
) -> None:
    """配置及其他 YAML 文件的 JSON schema The JSON schema of the config, or of another YAML file, for editors.

    Example: ecoledger schema --out ecoledger.schema.json
    """
    schemas = pipeline.commands.schemas
    if kind not in schemas.list_schemas():
        problem = Problem("KIND", kind, " | ".join(schemas.list_schemas()))
        raise SettingsError("No such schema", [problem])
    text = schemas.format_schema(kind)
    if out:
        out.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


@verbs.command("indices")
def show_indices(
    beyond: Annotated[
        bool, typer.Option("--beyond", help="目录中用不了的及其原因 the others, and why")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """可用的光谱指数 The spectral indices that a config may name.

    Example: ecoledger indices
    """
    lists = pipeline.library.lists
    rows = lists.describe_foreign_indices() if beyond else lists.describe_indices()
    show_rows(rows, as_json=as_json)


@verbs.command("providers")
def show_providers(as_json: JsonOption = False) -> None:
    """可用的影像来源 The scene providers that a config may name.

    Example: ecoledger providers
    """
    show_rows(pipeline.library.lists.describe_providers(), as_json=as_json)


@verbs.command("legends")
def show_legends(as_json: JsonOption = False) -> None:
    """图例 The legends of the maps.

    Example: ecoledger legends
    """
    show_rows(pipeline.library.lists.describe_legends(), as_json=as_json)


@verbs.command("rules")
def show_rules(as_json: JsonOption = False) -> None:
    """核查规则 The rules behind the findings, with their basis.

    Example: ecoledger rules
    """
    show_rows(pipeline.library.lists.describe_rules(), as_json=as_json)
