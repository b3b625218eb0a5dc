"""How a house is built, beside how it was built before: sizes, arrows between rooms, names, hubs.

    python tests/measure_house.py BEFORE AFTER

Each path is a checkout with `pipeline/` and `tests/`. With `--names` it also lists the functions that it
counts as named by a participle, and the public names that several modules define. It reads the source only.
"""

import argparse
import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

PACKAGE = "pipeline"
LONG_LINES = 30
HUB_SHARE = 0.5
"""A module is a hub if more than this share of the other modules of its room import it."""

_PARTICIPLE = re.compile(
    "(un|mis|re)?(become|befallen|begun|bent|bound|bought|broken|brought|built|caught|chosen|drawn|driven|fallen|felt"
    "|forgotten|found|given|gone|grown|heard|held|hidden|kept|known|laid|led|left|lent|lost|made|meant|met|paid"
    "|proven|said|seen|sent|shown|sold|sought|spent|spoken|stood|sunk|taken|taught|thought|thrown|told|torn"
    "|understood|won|worn|wound|written)"
    "|(?!(bed|breed|embed|exceed|feed|need|proceed|red|seed|shed|speed|succeed|weed)$).*..ed"
)
"""Irregular past participles, and words that end in -ed but for those that are no participles."""
_QUESTIONS = frozenset({"has", "is"})


@dataclass(frozen=True)
class Module:
    """A module as its source tells of it; `imports` are dotted names of the package's own modules."""

    name: str
    lines: int
    imports: frozenset[str]
    function_lines: tuple[int, ...]
    hidden_imports: int
    any_dicts: int
    functions: tuple[str, ...]
    public_names: tuple[str, ...]

    @property
    def room(self) -> str:
        """The folder under the package, or the module itself where it stands in none."""
        return ".".join(self.name.split(".")[1:2])


@dataclass(frozen=True)
class House:
    """All modules of a checkout, and the lines of its tests."""

    modules: tuple[Module, ...]
    test_lines: int


def read_house(root: Path) -> House:
    """The house of a checkout."""
    files = sorted((root / PACKAGE).rglob("*.py"))
    names = {name_module(root, path) for path in files}
    modules = tuple(read_module(path, name_module(root, path), names) for path in files)
    tests = sum(len(path.read_text("utf-8").splitlines()) for path in (root / "tests").rglob("*.py"))
    return House(modules, tests)


def name_module(root: Path, path: Path) -> str:
    """Dotted name of a file; that of a package is the name of its folder."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def read_module(path: Path, name: str, names: Iterable[str]) -> Module:
    """What the source of one module says; `names` are the modules of the package."""
    text = path.read_text("utf-8")
    tree = ast.parse(text)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    top = [
        node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]
    inside = {node for function in functions for node in ast.walk(function) if _is_import(node)}
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    imports = {found for node in ast.walk(tree) for found in list_imports(node, package, frozenset(names))}
    return Module(
        name=name,
        lines=len(text.splitlines()),
        imports=frozenset(imports - {name}),
        function_lines=tuple((node.end_lineno or node.lineno) - node.lineno + 1 for node in functions),
        hidden_imports=len(inside),
        any_dicts=sum(_is_any_dict(node) for node in ast.walk(tree)),
        functions=tuple(node.name for node in top if not isinstance(node, ast.ClassDef)),
        public_names=tuple(node.name for node in top if not node.name.startswith("_")),
    )


def list_imports(node: ast.AST, package: str, names: frozenset[str]) -> Iterator[str]:
    """Own modules that an import statement names; nothing for any other node."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in names)
    elif isinstance(node, ast.ImportFrom):
        above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
        source = ".".join([*above, *([node.module] if node.module else [])])
        for alias in node.names:
            inner = f"{source}.{alias.name}"
            if inner in names or source in names:
                yield inner if inner in names else source


def is_participle(word: str) -> bool:
    """Whether a word is a past participle: by a list of the irregular ones, else by its end in -ed."""
    return _PARTICIPLE.fullmatch(word) is not None


def is_named_by_participle(name: str) -> bool:
    """Whether the first or the last word of a name is a participle; `is_held` asks and is none."""
    words = name.strip("_").split("_")
    return words[0] not in _QUESTIONS and any(is_participle(word) for word in (words[0], words[-1]))


def list_participles(house: House) -> list[str]:
    """Top-level functions named by a participle, as `module.name`."""
    return [
        f"{module.name}.{name}"
        for module in house.modules
        for name in module.functions
        if is_named_by_participle(name)
    ]


def list_arrows(house: House, *, by_room: bool) -> set[tuple[str, str]]:
    """Distinct imports that cross from one room into another: pairs of rooms, else of modules."""
    rooms = {module.name: module.room for module in house.modules}
    crossings = {
        (module.name, other)
        for module in house.modules
        for other in module.imports
        if rooms[other] != module.room and module.room and rooms[other]
    }
    return {(rooms[start], rooms[end]) for start, end in crossings} if by_room else crossings


def list_shared_names(house: House) -> dict[str, list[str]]:
    """Public functions and classes that several modules define, with these modules."""
    places: dict[str, list[str]] = defaultdict(list)
    for module in house.modules:
        for name in module.public_names:
            places[name].append(module.name)
    return {name: found for name, found in sorted(places.items()) if len(found) > 1}


def count_importers(house: House) -> dict[str, Counter[str]]:
    """How many other modules of its room import each module, by room; rooms of three modules and more."""
    rooms = Counter(module.room for module in house.modules)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for module in house.modules:
        if rooms[module.room] > 2:
            same = [other for other in module.imports if other.split(".")[1:2] == [module.room]]
            counts[module.room].update(other for other in same if len(other.split(".")) > 2)
    return counts


def list_hubs(house: House) -> list[str]:
    """One line a room: its most imported module, by how many of the others, and whether it is a hub."""
    rooms = Counter(module.room for module in house.modules)
    lines = []
    for room, counts in sorted(count_importers(house).items()):
        for name, number in counts.most_common(1):
            others = rooms[room] - 1
            hub = "  hub" if number > HUB_SHARE * others else ""
            lines.append(f"{room}: {name.removeprefix(f'{PACKAGE}.{room}.')} {number} of {others}{hub}")
    return lines


def _is_import(node: ast.AST) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _is_any_dict(node: ast.AST) -> bool:
    return isinstance(node, ast.Subscript) and ast.unparse(node) == "dict[str, Any]"


def compute_figures(house: House) -> dict[str, str]:
    """All figures of a house by what they count, as text."""
    lines = sum(module.lines for module in house.modules)
    lengths = sorted(length for module in house.modules for length in module.function_lines)
    functions = [name for module in house.modules for name in module.functions]
    public = sum(len(module.public_names) for module in house.modules)
    return {
        "rooms": str(len({module.room for module in house.modules if module.room})),
        "modules": f"{len(house.modules)}",
        "lines": f"{lines}",
        "modules over 400 lines": f"{sum(module.lines > 400 for module in house.modules)}",
        "functions": f"{len(lengths)}",
        f"functions over {LONG_LINES} lines": f"{sum(length > LONG_LINES for length in lengths)}",
        "lines of a function: median": f"{median(lengths):g}",
        "lines of a function: p90": f"{lengths[int(0.9 * (len(lengths) - 1))]}",
        "lines of a function: most": f"{lengths[-1]}",
        "arrows from room to room": f"{len(list_arrows(house, by_room=True))}",
        "arrows from module to module of another room": f"{len(list_arrows(house, by_room=False))}",
        "imports inside functions": f"{sum(module.hidden_imports for module in house.modules)}",
        "dict[str, Any]": f"{sum(module.any_dicts for module in house.modules)}",
        "public names per 1,000 lines": f"{1000 * public / lines:.1f}",
        "public names that several modules define": f"{len(list_shared_names(house))}",
        "top-level functions": f"{len(functions)}",
        "named by a participle": f"{100 * len(list_participles(house)) / len(functions):.1f} %",
        "lines of tests per line": f"{house.test_lines / lines:.2f}",
    }


def write_table(names: Sequence[str], houses: Sequence[House]) -> str:
    """Figures side by side, a column a house, and the hubs of each below."""
    figures = [compute_figures(house) for house in houses]
    width = max(map(len, figures[0])) + 2
    rows = ["".ljust(width) + "".join(name[-14:].rjust(16) for name in names)]
    rows += [label.ljust(width) + "".join(one[label].rjust(16) for one in figures) for label in figures[0]]
    for name, house in zip(names, houses, strict=True):
        rows += ["", f"most imported within its room, {name}:", *(f"  {line}" for line in list_hubs(house))]
    return "\n".join(rows)


def write_names(name: str, house: House) -> str:
    """The names that a house counts as participles, and those that it gives twice."""
    shared = [f"{key}: {', '.join(places)}" for key, places in list_shared_names(house).items()]
    return "\n".join([f"participles, {name}:", *list_participles(house), f"given twice, {name}:", *shared])


def main() -> None:
    """Measure every checkout, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path, nargs="+", help="a checkout with pipeline/ and tests/")
    parser.add_argument("--names", action="store_true", help="list the participles and the names given twice")
    asked = parser.parse_args()
    names = [str(path) for path in asked.path]
    houses = [read_house(path) for path in asked.path]
    print(write_table(names, houses))
    if asked.names:
        for name, house in zip(names, houses, strict=True):
            print(f"\n{write_names(name, house)}")


if __name__ == "__main__":
    main()
