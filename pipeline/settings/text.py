"""The config as it is written: YAML with its lines, environment variables, overrides, mistakes."""

import math
import os
import re
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic_core import ErrorDetails

from pipeline.addresses import VARIABLE, Filled, hide_variable
from pipeline.errors import Problem, SettingsError
from pipeline.operating_system import explain_stream
from pipeline.settings.shipped import list_configs

Place = tuple[int | str, ...]

_LANGUAGE = re.compile(r"""^(?:\s*"language"|language)\s*[:=]\s*["']?(zh|en)\b""", re.MULTILINE)
_MOST_BYTES = 256 * 2**20
"""A manifest may be read as a config, and lists every file of its run."""
_DEEPEST = 32
_LONGEST = 200_000
_SHOWN = 80
_ALIASES = "An alias (*name) stands for all that its anchor (&name) holds"
_EXPECTED = {"extra_forbidden": "no such key; see `ecoledger schema`"}


def read(path: Path) -> str:
    """The text of a config; SettingsError when it cannot be read or is not UTF-8."""
    try:
        return _read_bytes(path).decode("utf-8")
    except FileNotFoundError as error:
        shipped = f"one of this machine, or a shipped one: {', '.join(list_configs())}"
        raise SettingsError(
            "There is no such config", [Problem(str(path), "no such file", shipped)]
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        problem = Problem(str(path), str(error), "a YAML file in UTF-8")
        raise SettingsError("The config cannot be read", [problem]) from error


def _read_bytes(path: Path) -> bytes:
    """What a file holds; OSError where it may never come to an end, or is longer than any config."""
    if stream := explain_stream(path):
        raise OSError(stream)
    if path.stat().st_size > _MOST_BYTES:
        raise OSError(f"more than {_MOST_BYTES} bytes")
    return path.read_bytes()


def find_language(path: Path, overrides: Sequence[str] = ()) -> Literal["zh", "en"] | None:
    """The language that a config or manifest states, even one with mistakes; None where none is stated."""
    try:
        written = _read_bytes(path).decode("utf-8", errors="replace")
    except OSError:
        written = ""
    found = _LANGUAGE.findall("\n".join([written, *overrides]))
    return found[-1] if found else None


def parse(path: Path, text: str) -> tuple[yaml.Node | None, Any]:
    """Nodes, which know their lines, and content, {} for none.

    SettingsError when it is not YAML, or deeper or longer than any config is. What is no date though it looks
    like one stays a text.
    """
    node, content = _parse(str(path), text)
    return node, content or {}


def _parse(place: str, text: str) -> tuple[yaml.Node | None, Any]:
    try:
        _refuse_excess(place, text)
        return yaml.compose(text, Loader=_Loader), yaml.load(text, Loader=_Loader)  # noqa: S506 a safe one
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _not_yaml(f"{place}:{line}", str(error.problem).removeprefix("found ")) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _not_yaml(place, " ".join(str(error).split())) from error


def _not_yaml(place: str, found: str) -> SettingsError:
    return SettingsError("The config is not YAML", [Problem(place, found, "valid YAML")])


_NOT_OF_ITS_TAG = (AttributeError, LookupError, ValueError)
"""What PyYAML raises of a scalar that is not what its tag says."""
_SHOWN = 80


class _Loader(yaml.CSafeLoader):
    """The safe loader; 2024-13-01 is a text, for the settings to refuse with its key and all else."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: FBT002  PyYAML's own
        """The value of a node; ConstructorError where a tag asks for one that its text is not."""
        try:
            return super().construct_object(node, deep)
        except _NOT_OF_ITS_TAG as error:
            found = f"{node.tag} {node.value!r}"[:_SHOWN]
            raise yaml.constructor.ConstructorError(None, None, found, node.start_mark) from error

    def build_date(self, node: yaml.ScalarNode) -> Any:
        """The date or time that a scalar names, the scalar itself where there is no such day."""
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError:
            return node.value


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.build_date)


def _refuse_excess(place: str, text: str) -> None:
    """SettingsError for what nests too deep, or is too long once every alias stands for what it names.

    Told from the events of the parser, one after the other: a tree of them would be too deep itself.
    """
    sizes: dict[str, float] = {}
    open_nodes: list[tuple[str | None, float]] = [(None, 0)]
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append((event.anchor, 1))
            if event.anchor:
                sizes[event.anchor] = math.inf
            if len(open_nodes) > _DEEPEST:
                found = f"{len(open_nodes) - 1} levels"
                raise SettingsError("The config nests too deep", [Problem(f"{place}:{line}", found, "a few")])
        elif isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
            anchor, size = open_nodes.pop() if isinstance(event, yaml.CollectionEndEvent) else (None, 1)
            if isinstance(event, yaml.AliasEvent):
                size = sizes.get(str(event.anchor), 1)
            elif anchor:
                sizes[anchor] = size
            name, held = open_nodes.pop()
            open_nodes.append((name, held + size))
            if held + size > _LONGEST:
                problem = Problem(f"{place}:{line}", f"more than {_LONGEST:,} values", "a config", _ALIASES)
                raise SettingsError("The config is too long", [problem])


def find_duplicate_keys(path: Path, node: yaml.Node | None) -> Iterator[Problem]:
    """Keys that a mapping has more than once; YAML would take the last in silence."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                place = f"{path}:{key.start_mark.line + 1}, {key.value}"
                yield Problem(place, "the key a second time", "each key once")
            seen.add(key.value)
            yield from find_duplicate_keys(path, value)
    elif isinstance(node, yaml.SequenceNode):
        for entry in node.value:
            yield from find_duplicate_keys(path, entry)


def fill_variables(content: Any, place: Place = ()) -> tuple[Any, list[tuple[Place, str]]]:
    """Content with every `${NAME}` replaced from the environment, and the names that are not set."""
    unset: list[tuple[Place, str]] = []
    if isinstance(content, dict):
        pairs = {key: fill_variables(value, (*place, key)) for key, value in content.items()}
        return {key: value for key, (value, _) in pairs.items()}, [m for _, ms in pairs.values() for m in ms]
    if isinstance(content, list):
        items = [fill_variables(value, (*place, number)) for number, value in enumerate(content)]
        return [value for value, _ in items], [m for _, ms in items for m in ms]
    if isinstance(content, str):
        unset = [(place, name) for name in VARIABLE.findall(content) if name not in os.environ]
        return _fill_text(content), unset
    return content, unset


def _fill_text(template: str) -> str:
    """A text with its variables filled in; those of addresses of the network are secrets from now on."""
    filled = VARIABLE.sub(lambda match: os.environ.get(match[1], match[0]), template)
    if "://" in filled:
        for name in VARIABLE.findall(template):
            hide_variable(name, os.environ.get(name, ""))
    return template if filled == template else Filled(filled, template)


def override(content: Any, pair: str) -> list[Problem]:
    """Set a value in the content by a `key.path=value` pair, its value in YAML; what is wrong with it."""
    key, separator, value = pair.partition("=")
    *parents, last = key.split(".")
    target = content
    for parent in parents:
        if isinstance(target, dict) and target.get(parent) is None:
            target[parent] = {}
        target = target[parent] if isinstance(target, dict) else None
    if not separator or not isinstance(target, dict):
        expected = "KEY=VALUE, such as scenes.period=month"
        return [Problem(f"--set {pair}", "no place for a value", expected)]
    try:
        _, target[last] = _parse(f"--set {key}", value)
    except SettingsError as error:
        return [Problem(f"--set {pair[:_SHOWN]}", one.found, "a value in YAML") for one in error.problems]
    return []


def to_problems(
    path: Path,
    node: yaml.Node | None,
    content: Any,
    details: list[ErrorDetails],
    set_keys: Sequence[str] = (),
) -> list[Problem]:
    """One problem a place, found as it is written there; several allowed forms each say what they expect."""
    expected: dict[Place, list[str]] = {}
    for detail in details:
        depth = count_steps_in(content, detail)
        inner = ".".join(str(step) for step in detail["loc"][depth + 1 :])
        message = _EXPECTED.get(detail["type"], detail["msg"].removeprefix("Value error, "))
        expected.setdefault(detail["loc"][:depth], []).append(f"{inner}: {message}" if inner else message)
    return [
        Problem(find_place(path, node, place, set_keys), _show_value(content, place), "; or ".join(messages))
        for place, messages in expected.items()
    ]


def count_steps_in(content: Any, detail: ErrorDetails) -> int:
    """How many steps of a detail's place lie in the content; the next names one of several allowed forms."""
    *parents, last = [*detail["loc"], None]
    for depth, step in enumerate(parents):
        inside = step in _list_steps(content)
        if not inside and not (detail["type"] == "missing" and depth == len(parents) - 1):
            return depth
        content = content[step] if inside else last
    return len(parents)


def _list_steps(content: Any) -> Container[int | str]:
    if isinstance(content, list):
        return range(len(content))
    return content if isinstance(content, dict) else ()


def _show_value(content: Any, place: Place) -> str:
    for step in place:
        if isinstance(content, dict) and step not in content:
            return "nothing"
        content = content[step]
    return show_value(content)


def show_value(value: Any) -> str:
    """A value as a config has it, on one line, cut where it is long."""
    if isinstance(value, str):
        return repr(value)
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=math.inf)
    told = text.removesuffix("...\n").strip()
    return told if len(told) <= _SHOWN else f"{told[:_SHOWN]} …"


def find_place(path: Path, node: yaml.Node | None, place: Place, set_keys: Sequence[str]) -> str:
    """Where a value stands: the file with its line and key, or the option that set it."""
    dotted = ".".join(str(step) for step in place)
    if any(dotted == key or dotted.startswith(f"{key}.") for key in set_keys):
        return f"--set {dotted}"
    return f"{path}:{_find_line(node, place)}, {dotted or 'the config'}"


def is_told(node: yaml.Node | None, key: str) -> bool:
    """Whether a config says anything under a key."""
    return isinstance(node, yaml.MappingNode) and any(one.value == key for one, _ in node.value)


def _find_line(node: yaml.Node | None, place: Place) -> int:
    """Line of the deepest node on the way to a place."""
    line = node.start_mark.line + 1 if node else 1
    for step in place:
        if isinstance(node, yaml.MappingNode):
            match = next(((key, value) for key, value in node.value if key.value == str(step)), None)
            if match is None:
                continue
            line, node = match[0].start_mark.line + 1, match[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line = node.start_mark.line + 1
    return line
