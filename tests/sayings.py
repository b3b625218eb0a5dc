"""What a package says: every text of its source that reaches an error, a warning, a title or the terminal.

A text is followed from where it is said back to where it is written: through names, arguments, returns and
fields. A function that several modules define is taken for that of the module; `TOLD` names the fields that
messages travel in.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import count
from pathlib import Path
from typing import Any

TOLD = frozenset(
    {
        "found", "expected", "todo", "reason", "error", "why", "message", "flaw", "wrong", "said", "words",
        "told", "hint", "remark", "title", "warnings", "no_pdf", "absent", "domain_words", "verdict",
        "offset_evidence",
    }
)  # fmt: skip
"""Fields and properties that hold what is said."""

_SAID_WHOLE = frozenset({"Problem", "Advice", "say", "translate"})
_SAID_FIRST = frozenset({"warning", "info", "step", "start", "print"})
_ERRORS = (
    "Error",
    "NoScenes",
    "TooMuchLost",
    "WorkspaceBusy",
    "BrokenAsset",
    "ProviderUnavailable",
    "Interrupted",
)
_PASSED_ON = frozenset(
    {"filter", "map", "sorted", "dict", "fromkeys", "list", "tuple", "chain", "next", "join"}
)
_ROOMS_WITH_TITLES = ("/flow/", "/maps/")
_WARNERS = re.compile(r"warnings$|^warn_")
_HAN = re.compile("[一-鿿]")
_SLOT = re.compile(r"(?<!\{)\{\}|%s")
_WORD = re.compile(r"(?<![-\w./])[a-z]{2,}")

Scope = tuple[str, ast.FunctionDef | None]
"""A module and the function in it, where names mean something."""

Expression = tuple[ast.expr, Scope]


@dataclass(frozen=True, order=True)
class Saying:
    """A text with numbered slots, as the table of messages has it, and where it is written."""

    text: str
    file: str
    line: int

    @property
    def has_words(self) -> bool:
        """Whether it has English words that a reader of Chinese would miss; names and keys are none."""
        words = re.sub(r"\{[^{}]*\}", " ", self.text)
        return " " in self.text.strip() and bool(_WORD.search(words)) and not _HAN.search(self.text)


class Sayings:
    """What the modules under a folder say."""

    def __init__(self, root: Path) -> None:
        paths = sorted(root.rglob("*.py"))
        self._modules = {str(path.relative_to(root)): ast.parse(path.read_text("utf-8")) for path in paths}

    def find(self) -> list[Saying]:
        """All that is said, in order."""
        found: set[Saying] = set()
        waiting, seen = list(self._list_seeds()), set[int]()
        while waiting:
            node, scope = waiting.pop()
            if id(node) not in seen:
                seen.add(id(node))
                found.update(_spell(node, scope))
                waiting += self._trace(node, scope)
        return sorted(found)

    def _list_seeds(self) -> Iterator[Expression]:
        for scope, node in self._nodes:
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                yield from ((one, scope) for one in node.exc.args[:1])
            elif isinstance(node, ast.Call):
                yield from ((one, scope) for one in _list_said(node))
            elif isinstance(node, ast.FunctionDef) and _WARNERS.search(node.name):
                yield from _list_returns(scope[0], node)
            elif any(room in f"/{scope[0]}" for room in _ROOMS_WITH_TITLES):
                yield from ((value, scope) for name, value in _list_bindings(node) if name == "title")

    def _trace(self, node: ast.expr, scope: Scope) -> Iterator[Expression]:
        """The expressions that an expression gets its texts from."""
        if isinstance(node, ast.Call):
            yield from self._trace_call(node, scope)
        elif isinstance(node, ast.Name):
            yield from self._trace_name(node.id, scope)
        elif isinstance(node, ast.Attribute):
            yield from self._trace_field(node.attr)
        else:
            yield from ((part, scope) for part in _list_parts(node))

    def _trace_call(self, node: ast.Call, scope: Scope) -> Iterator[Expression]:
        name, given = _name(node.func), [*node.args, *(keyword.value for keyword in node.keywords)]
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Constant | ast.Name):
            yield node.func.value, scope
        if name in _PASSED_ON or name in self._classes:
            yield from ((one, scope) for one in given)
        for module, function in self._resolve(name, scope[0]):
            yield from _list_returns(module, function)

    def _trace_name(self, name: str, scope: Scope) -> Iterator[Expression]:
        module, function = scope
        own = _group_local(function).get(name, []) if function else []
        yield from ((value, scope) for value in own)
        if function and name in _list_parameters(function):
            yield from self._trace_argument(function, name, module)
        elif not own:
            constants = self._constants.get(name, [])
            yield from [one for one in constants if one[1][0] == module] or constants

    def _trace_argument(self, function: ast.FunctionDef, name: str, module: str) -> Iterator[Expression]:
        """What callers give for an argument; those of the module where others define the function too."""
        is_private = function.name.startswith("_") or len(self._functions[function.name]) > 1
        place = _list_parameters(function).index(name)
        place -= _list_parameters(function)[0] in {"self", "cls"}
        for scope, call in self._calls.get(function.name, []):
            if not is_private or scope[0] == module or function.name == "tell":
                yield from ((one, scope) for one in call.args[place : place + 1])
                yield from ((one.value, scope) for one in call.keywords if one.arg == name)

    def _trace_field(self, name: str) -> Iterator[Expression]:
        """What a field that holds messages is made from: what properties give, what classes are given."""
        if name not in TOLD:
            return
        for module, function in self._functions.get(name, []):
            yield from _list_returns(module, function)
        for owner, place in self._fields.get(name, []):
            for scope, call in self._calls.get(owner, []):
                yield from ((one, scope) for one in call.args[place : place + 1])
                yield from ((one.value, scope) for one in call.keywords if one.arg == name)

    def _resolve(self, name: str, module: str) -> list[tuple[str, ast.FunctionDef]]:
        """The functions that a name means in a module: its own, else the only one of the house."""
        several = self._functions.get(name, [])
        return [one for one in several if one[0] == module] or (several if len(several) == 1 else [])

    @cached_property
    def _nodes(self) -> list[tuple[Scope, ast.AST]]:
        found, waiting = [], [((name, None), tree) for name, tree in self._modules.items()]
        while waiting:
            scope, node = waiting.pop()
            found.append((scope, node))
            inner = (scope[0], node) if isinstance(node, ast.FunctionDef) else scope
            waiting += [(inner, child) for child in ast.iter_child_nodes(node)]
        return found

    @cached_property
    def _functions(self) -> Mapping[str, list[tuple[str, ast.FunctionDef]]]:
        return _group(
            (node.name, (scope[0], node)) for scope, node in self._nodes if _is(node, ast.FunctionDef)
        )

    @cached_property
    def _classes(self) -> Mapping[str, list[ast.ClassDef]]:
        return _group((node.name, node) for _, node in self._nodes if _is(node, ast.ClassDef))

    @cached_property
    def _calls(self) -> Mapping[str, list[tuple[Scope, ast.Call]]]:
        calls = [(scope, node) for scope, node in self._nodes if isinstance(node, ast.Call)]
        bound = [
            (scope, ast.Call(node.args[0], node.args[1:], node.keywords))
            for scope, node in calls
            if _name(node.func) == "partial" and node.args
        ]
        return _group((_name(node.func), (scope, node)) for scope, node in [*calls, *bound])

    @cached_property
    def _constants(self) -> Mapping[str, list[Expression]]:
        return _group(
            (name, (value, (module, None)))
            for module, tree in self._modules.items()
            for node in tree.body
            for name, value in _list_bindings(node)
        )

    @cached_property
    def _fields(self) -> Mapping[str, list[tuple[str, int]]]:
        """Classes that have a field of a name, and its place among their fields."""
        return _group(
            (field, (name, place))
            for name, several in self._classes.items()
            for node in several
            for place, field in enumerate(_list_fields(node))
        )


def _group(pairs: Iterable[tuple[str, Any]]) -> Mapping[str, list[Any]]:
    groups: dict[str, list[Any]] = defaultdict(list)
    for name, value in pairs:
        groups[name].append(value)
    return groups


def _is(node: ast.AST, kind: type) -> bool:
    return isinstance(node, kind)


def _name(node: ast.expr) -> str:
    """The last name of a call or attribute."""
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def _spell(node: ast.expr, scope: Scope) -> Iterator[Saying]:
    """The text of a literal, its parts apart where it names alternatives."""
    text = ""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value.replace("{", "{{").replace("}", "}}")
    elif isinstance(node, ast.JoinedStr):
        text = "".join(
            str(part.value).replace("{", "{{").replace("}", "}}") if isinstance(part, ast.Constant) else "{}"
            for part in node.values
        )
    for part in text.split("; or "):
        yield Saying(_number(re.sub(r"(\{\})+", "{}", part)), scope[0], node.lineno)


def _number(text: str) -> str:
    """The text with its slots numbered from 0, where nothing stands between two of them one."""
    numbers = count()
    return _SLOT.sub(lambda _: f"{{{next(numbers)}}}", text)


def _list_said(node: ast.Call) -> list[ast.expr]:
    """What of the arguments of a call is said."""
    name = _name(node.func)
    if name in _SAID_WHOLE or (name[:1].isupper() and name.endswith(_ERRORS)):
        return [*node.args, *(keyword.value for keyword in node.keywords)]
    said = [keyword.value for keyword in node.keywords if keyword.arg == "title" and name == "Step"]
    if name == "title" and isinstance(node.func, ast.Attribute):
        return node.args
    return [*said, *(node.args[:1] if name in _SAID_FIRST and isinstance(node.func, ast.Attribute) else [])]


def _list_parts(node: ast.expr) -> list[ast.expr]:
    """The parts of an expression that its text may come from."""
    kinds: Mapping[type, Callable[[Any], list[ast.expr]]] = {
        ast.JoinedStr: lambda one: [part for part in one.values if isinstance(part, ast.FormattedValue)],
        ast.IfExp: lambda one: [one.body, one.orelse],
        ast.BinOp: lambda one: [one.left, one.right],
        ast.BoolOp: lambda one: one.values,
        ast.Dict: lambda one: one.values,
        **dict.fromkeys((ast.List, ast.Tuple, ast.Set), lambda one: one.elts),
        **dict.fromkeys((ast.ListComp, ast.GeneratorExp, ast.SetComp), lambda one: [one.elt]),
        **dict.fromkeys(
            (ast.DictComp, ast.Starred, ast.NamedExpr, ast.FormattedValue, ast.Subscript),
            lambda one: [one.value],
        ),
    }
    return kinds.get(type(node), lambda _: [])(node)


def _list_returns(module: str, function: ast.FunctionDef) -> Iterator[Expression]:
    for node in ast.walk(function):
        if isinstance(node, ast.Return | ast.Yield | ast.YieldFrom) and node.value is not None:
            yield node.value, (module, function)


def _list_parameters(function: ast.FunctionDef) -> list[str]:
    given = function.args
    return [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


@cache
def _group_local(function: ast.FunctionDef) -> Mapping[str, list[ast.expr]]:
    """What the names of a function are bound to, by assignments and loops."""
    nodes = list(ast.walk(function))
    loops = [node for node in nodes if isinstance(node, ast.For | ast.comprehension)]
    assigned = [pair for node in nodes for pair in _list_bindings(node)]
    return _group([*assigned, *((name, loop.iter) for loop in loops for name in _list_names(loop.target))])


def _list_bindings(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Names that a statement or walrus binds, each with what it is bound to."""
    value = getattr(node, "value", None)
    if not isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.NamedExpr) or value is None:
        return
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = zip(target.elts, value.elts, strict=False)
            yield from ((name, part) for one, part in pairs for name in _list_names(one))
        else:
            yield from ((name, value) for name in _list_names(target))


def _list_names(target: ast.expr) -> set[str]:
    return {one.id for one in ast.walk(target) if isinstance(one, ast.Name)}


def _list_fields(node: ast.ClassDef) -> list[str]:
    annotated = (one.target for one in node.body if isinstance(one, ast.AnnAssign))
    return [target.id for target in annotated if isinstance(target, ast.Name)]
