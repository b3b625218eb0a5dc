"""The commands with their options, from their own help, and the errors with their exit codes."""

import re
from collections.abc import Iterator

import typer

from pipeline import errors
from pipeline.cli import app
from reference.chapters import Chapter, Code, English, Lines, Row, Said

_SIGNALS = (
    (130, Said("收到 INT（Ctrl+C）而停，可续跑", "stopped by INT (Ctrl+C), resumable")),
    (143, Said("收到 TERM 而停，可续跑", "stopped by TERM, resumable")),
)
_ENGLISH = re.compile(r" (?=(?:[A-Z][a-z]+|A) )")
_BOTH = re.compile(r"(.*[^\x00-\x7f](?: ?(?:[A-Z]{3,}|\.\w+|latest))?) (.+)")
_DONE = Said("完成", "done")
_BUG = Said("程序缺陷：请附日志报告", "a bug: report it with the log")


def list_commands() -> Iterator[Chapter]:
    """A chapter for each command: its help, then its arguments and options."""
    group = typer.main.get_command(app)
    heads = (Said("参数、选项", "argument or option"), Said("默认", "default"), Said("含义", "meaning"))
    for name, command in group.commands.items():  # type: ignore[attr-defined]  # a group, as it has several
        rows = tuple(_tell(one) for one in command.params if not getattr(one, "hidden", False))
        yield Chapter(f"command-{name}", Code(f"ecoledger {name}"), heads, rows, _say(command.help or ""))


def _say(text: str) -> Lines:
    """The English of a help, which says more than its Chinese heading, and its example."""
    sentence, _, example = " ".join(text.split()).partition("Example: ")
    return Lines((English(_ENGLISH.split(sentence, maxsplit=1)[-1].strip()), Code(example)))


def _tell(option: object) -> Row:
    words = ", ".join(option.opts) if option.param_type_name == "option" else option.name.upper()  # type: ignore[attr-defined]
    default = option.default  # type: ignore[attr-defined]
    shown = "" if default in (None, False, [], ()) or callable(default) else str(default)
    return Code(words), Code(shown), _split_help(str(getattr(option, "help", "") or ""))


def _split_help(text: str) -> Said:
    """The halves of a help in one line, `中文 English`; what has one half stands in both languages."""
    found = _BOTH.fullmatch(text)
    return Said(*found.groups()) if found else Said(text, text)


def list_errors() -> Iterator[Chapter]:
    """All errors that are raised on purpose, by their exit code."""
    heads = (Said("退出码", "exit code"), Said("错误", "error"), Said("含义", "meaning"))
    classes = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, Exception)]
    raised = [one for one in classes if one not in {errors.PipelineError, errors.Interrupted}]
    found: list[tuple[int, Row]] = [
        (one.exit_code, (str(one.exit_code), Code(one.__name__), English((one.__doc__ or "").strip())))
        for one in raised
    ]
    signals: list[tuple[int, Row]] = [
        (code, (str(code), Code(errors.Interrupted.__name__), said)) for code, said in _SIGNALS
    ]
    ends: list[tuple[int, Row]] = [(0, ("0", "", _DONE)), (1, ("1", "", _BUG))]
    rows = tuple(row for _, row in sorted([*ends, *found, *signals], key=lambda one: one[0]))
    yield Chapter("all-errors", Said("全部退出码", "All codes"), heads, rows)
