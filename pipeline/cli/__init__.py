"""The verbs of `ecoledger`; the only room that prints or exits."""

import gc
import sys

import typer

from pipeline import messages, operating_system, redaction, signals
from pipeline.cli import configs, lists, results, runs
from pipeline.cli.terminal import show_error, show_warnings
from pipeline.errors import PipelineError, Problem, SettingsError, WorkspaceError

__all__ = ["app", "main"]

_BORN = 10_000
"""Objects by which there are more before garbage is looked for; Python's 700 take a fifth of the start."""

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
app.registered_commands = [
    command for room in (configs, runs, results, lists) for command in room.verbs.registered_commands
]


def _refuse_bytes() -> None:
    """SettingsError for arguments, and a folder to stand in, that are no text: no file could tell of them."""
    folder = operating_system.find_working_folder()
    problems = [
        Problem(place, repr(words), "a name in UTF-8", "Rename it, or use another one")
        for place, words in [("the working folder", folder), *(("arguments", word) for word in sys.argv[1:])]
        if not operating_system.is_text(words)
    ]
    if not folder:
        problems.append(Problem("the working folder", "no such folder", "a folder that is there", "cd to it"))
    if problems:
        raise SettingsError("These names cannot be read", problems)


def main() -> None:
    """Run the command line; an error that a user can mend is one message and its exit code."""
    gc.set_threshold(_BORN)
    signals.watch_signals()
    redaction.watch_program()
    operating_system.write_what_cannot_be_encoded()
    try:
        with show_warnings():
            messages.choose_language()
            _refuse_bytes()
            app()
    except PipelineError as error:
        show_error(error)
        sys.exit(error.exit_code)
    except (OSError, MemoryError, RuntimeError) as error:
        refusal = operating_system.explain_refusal(error)
        if not refusal:
            raise
        show_error(WorkspaceError("This machine does not let it go on", [Problem(*refusal)]))
        operating_system.silence_output()
        sys.exit(WorkspaceError.exit_code)
    finally:
        gc.freeze()  # Python would look through all there is for garbage, several times, before it ends
