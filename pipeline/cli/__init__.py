"""The verbs of `ecoledger`; the only room that prints or exits."""

import sys

import typer
from rich.text import Text

from pipeline import signals
from pipeline.cli import lists, results, runs
from pipeline.cli.terminal import ERR
from pipeline.errors import PipelineError

__all__ = ["app", "main"]

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
app.registered_commands = [
    command for room in (runs, results, lists) for command in room.verbs.registered_commands
]


def main() -> None:
    """Run the command line; an error that a user can mend is one message and its exit code."""
    signals.watch_signals()
    try:
        app()
    except PipelineError as error:
        ERR.print(Text.assemble(("错误 error", "bold red"), f": {error}"), soft_wrap=True)
        sys.exit(error.exit_code)
