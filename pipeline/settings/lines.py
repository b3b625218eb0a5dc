"""Where in its file a mistake of a config stands, for those that are found after it was read."""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import yaml

from pipeline.errors import InputError, NoScenes, PipelineError, Problem, SettingsError
from pipeline.settings import text
from pipeline.settings.config import Settings

_KEY = re.compile(r"([a-z]\w*)((?:\.[\w-]+)*)(?=$|[,: ])")
_LINE = re.compile(r":(\d+), ")
_LOCATED = (SettingsError, NoScenes, InputError)


@contextmanager
def tell_lines(path: Path, overrides: Sequence[str] = ()) -> Iterator[None]:
    """Problems that are told by a key of a config get its file and line, or the option that set it."""
    try:
        yield
    except PipelineError as error:
        if type(error) not in _LOCATED:
            raise
        problems = locate(path, error.problems, overrides)
        raise type(error)(error.message, sort_by_line(problems)) from error


def locate(path: Path, problems: Iterable[Problem], overrides: Sequence[str] = ()) -> list[Problem]:
    """Problems, those that are told by a key with the file and line of a config in their place."""
    node, _ = text.parse(path, text.read(path))
    set_keys = [pair.partition("=")[0] for pair in overrides]
    return [_locate(path, node, problem, set_keys) for problem in problems]


def sort_by_line(problems: Iterable[Problem]) -> list[Problem]:
    """Problems in the order of their lines, those without a line behind them."""
    return sorted(problems, key=_find_line)


def _find_line(problem: Problem) -> float:
    line = _LINE.search(problem.place)
    return int(line[1]) if line else math.inf


def _locate(path: Path, node: yaml.Node | None, problem: Problem, set_keys: Sequence[str]) -> Problem:
    key = _KEY.match(problem.place)
    if key is None or key[1] not in Settings.model_fields:
        return problem
    place = tuple(int(step) if step.isdigit() else step for step in key[0].split("."))
    if not text.is_told(node, key[1]) and not any(one.partition(".")[0] == key[1] for one in set_keys):
        return problem
    where = text.find_place(path, node, place, set_keys)
    return replace(problem, place=f"{where}{problem.place[key.end() :]}")
