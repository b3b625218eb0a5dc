"""What all verbs share: where they print and in which language, options of one name, how rows are shown."""

import json
import logging
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

import pipeline
from pipeline import messages
from pipeline.errors import PipelineError
from pipeline.redaction import redact

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Signs by which a name would steer a terminal, or turn its words round."""


def spell_controls(text: str) -> str:
    """A text with such signs spelt out, as Python spells them."""
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class _Terminal(Console):
    """A console that no name of a file steers."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print, controls in texts spelt out."""
        super().print(*(spell_controls(one) if isinstance(one, str) else one for one in objects), **options)


OUT = _Terminal(markup=False)
ERR = _Terminal(stderr=True, markup=False)


def complete_aoi(begun: str) -> list[str]:
    """The ids of aoi/ that begin so, for a shell that completes a word."""
    return [one for one in pipeline.aoi.list_aois() if one.startswith(begun)]


OutOption = Annotated[Path | None, typer.Option("--out", help="交付目录 folder of the deliveries")]
AoiOption = Annotated[
    list[str], typer.Option("--aoi", help="只处理这些区 only these areas", autocompletion=complete_aoi)
]
EnvOption = Annotated[
    list[str],
    typer.Option("--env", help="交付说明可用的环境变量 a variable that a manifest may have"),
]
SetOption = Annotated[list[str], typer.Option("--set", help="KEY=VALUE, e.g. scenes.period=month")]
JsonOption = Annotated[bool, typer.Option("--json", help="结果以 JSON 输出 result as JSON")]
QuietOption = Annotated[bool, typer.Option("--quiet", help="不显示进度 no progress bars")]
LogOption = Annotated[Path | None, typer.Option("--log", help="JSON 行日志 log as JSON lines")]
ClusterOption = Annotated[
    str | None,
    typer.Option(help="local、slurm 或 Dask 调度器地址 local, slurm, or the address of a Dask scheduler"),
]
WorkersOption = Annotated[int | None, typer.Option(min=1, help="并行数 tasks at a time")]


def find_config(named: Path | None) -> Path | None:
    """The file that a config is named by, be it one that comes with the project."""
    return pipeline.settings.shipped.find_config(named) if named else None


ConfigArgument = Annotated[
    Path,
    typer.Argument(
        callback=find_config, help="YAML 配置，自己的或随附的 config, yours or a shipped one by name"
    ),
]


class Listener:
    """Who reads the terminal, in the language that the environment, a config or the locale names."""

    def __init__(self) -> None:
        self._stated: messages.Language | None = None

    @property
    def language(self) -> messages.Language:
        """The language; SettingsError where the environment names one that is not known."""
        return messages.choose_language(self._stated)

    def follow(self, config: Path, overrides: Sequence[str] = ()) -> None:
        """Take the language that a config states."""
        self._stated = pipeline.settings.text.find_language(config, overrides)


LISTENER = Listener()


def say(text: str) -> str:
    """A message in the language of who reads the terminal."""
    return messages.translate(redact(text), LISTENER.language)


class _Warnings(logging.Handler):
    """Shows what is logged as a warning to who reads the terminal."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record."""
        words = f"{say('warning:')} {say(record.getMessage())}"
        ERR.print(words, highlight=False, soft_wrap=True)


@contextmanager
def show_warnings() -> Iterator[None]:
    """Show what is logged as a warning until the command ends."""
    logger = logging.getLogger("ecoledger")
    shown = _Warnings(logging.WARNING)
    logger.addHandler(shown)
    try:
        yield
    finally:
        logger.removeHandler(shown)


def show_error(error: PipelineError) -> None:
    """Tell what went wrong, in the language of the terminal; by the locale where that is not known."""
    try:
        language = LISTENER.language
    except PipelineError:
        language = messages.read_locale()
    ERR.print(messages.translate("error: ", language), style="bold red", end="")
    ERR.print(messages.tell_error(error, language), highlight=False, soft_wrap=True)


def show_rows(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    """Rows as people read them, or as JSON on one line."""
    if as_json:
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, default=str) + "\n")
        return
    told = [{_tell_heading(name): _tell(value) for name, value in row.items()} for row in rows]
    OUT.print(*pipeline.commands.listing.lay_out_rows(told, OUT.width), sep="\n")


def _tell_heading(name: str) -> str:
    """A heading in the language of the terminal: one in two languages, or a key by the row of its heading."""
    return say(f"heading {name}") if LISTENER.language == "zh" else messages.choose_half(name, "en")


def _tell(value: Any) -> Any:
    """Of a value in two languages the half of the reader's; any other as it is."""
    return spell_controls(messages.choose_half(value, LISTENER.language)) if isinstance(value, str) else value
