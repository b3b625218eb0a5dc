"""The pages of docs/ say what is so: files, functions, names and commands are there."""

import ast
import re
import shlex
import tomllib
from functools import cache
from itertools import pairwise

import pytest

import pipeline
from pipeline.accounts.services.registry import SERVICES
from pipeline.cli import app
from pipeline.settings.accounts import load_profile
from pipeline.settings.paths import list_profiles
from tests.pages import PAGES, PATHS, ROOT, list_quoted, list_stops

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text("utf-8")
FOLDERS = ("pipeline", "tests", "configs", "docs", "aoi", "notebooks")
SOURCES = [path for room in ("pipeline/**", "configs", "tests") for path in sorted(ROOT.glob(f"{room}/*"))]
COMMANDS = {command.name or command.callback.__name__ for command in app.registered_commands}
LEAST_STOPS = 10


@cache
def list_defined(file: str) -> set[str]:
    """Qualified names of the functions and classes of a file."""
    found, open_scopes = set(), [("", ast.parse((ROOT / file).read_text("utf-8")))]
    for scope, tree in open_scopes:
        for node in ast.iter_child_nodes(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found.add(f"{scope}{node.name}")
                open_scopes.append((f"{scope}{node.name}.", node))
    return found


@cache
def list_words() -> frozenset[str]:
    """Every word of the code, of its tables and configs, and of what all tests share."""
    kinds = {".py", ".csv", ".yaml"}
    texts = [path.read_text("utf-8") for path in SOURCES if path.suffix in kinds]
    return frozenset(word for text in [*texts, MAKEFILE] for word in re.findall(r"\w+", text))


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there(page):
    named = [word for word in list_quoted(PAGES[page]) if word.partition("/")[0] in FOLDERS and "/" in word]
    assert [word for word in named if not (ROOT / word).exists()] == []
    assert page != "docs/architecture.md" or len(named) > LEAST_STOPS


def test_four_things_are_followed_from_door_to_delivery():
    assert list(PATHS) == ["A parcel row", "A water reading", "A scene", "A setting"]
    assert {stops[-1].file for stops in PATHS.values()} == {"pipeline/storage/publish.py"}
    assert min(len(stops) for stops in PATHS.values()) > LEAST_STOPS


@pytest.mark.parametrize("followed", PATHS)
def test_a_path_passes_no_file_twice_and_each_at_a_function_of_its(followed):
    stops = PATHS[followed]
    assert len({stop.file for stop in stops}) == len(stops)
    assert [stop for stop in stops if stop.function not in list_defined(stop.file)] == []


@pytest.mark.parametrize("page", [page for page in PAGES if page != "docs/glossary.md"])
def test_every_name_that_a_page_quotes_is_one_of_the_code(page):
    names = [word for word in list_quoted(PAGES[page]) if re.fullmatch(r"_?[a-z]\w*(\.\w+)?|[A-Z]\w+", word)]
    strange = [name for name in names for part in name.split(".") if part not in list_words()]
    assert [name for name in strange if not (ROOT / name).exists() and not is_module(name)] == []


def is_module(name: str) -> bool:
    """Whether a word is the name of a file that is spoken of beside its folder."""
    return any(path.name == name for path in SOURCES)


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_is_there(page):
    quoted = [*list_quoted(PAGES[page]), *re.findall("^make .*", PAGES[page], re.MULTILINE)]
    words = [shlex.split(line, comments=True) for line in quoted if re.match("(make|ecoledger) ", line)]
    for program, name, *_ in words:
        target = re.search(rf"^{name}:", MAKEFILE, re.MULTILINE)
        assert target if program == "make" else name in {*COMMANDS, "--install-completion"}, name


def test_the_walls_of_the_pages_are_those_that_are_checked():
    checked = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    walls = [layer.replace("pipeline.", "") for layer in checked[0]["layers"]]
    assert "\n    ".join(["", *walls, ""]) in PAGES["docs/architecture.md"].replace("\n\n", "\n    \n")
    assert " > ".join(walls) in re.sub(r"\s+", " ", PAGES["CONTRIBUTING.md"])


@pytest.mark.parametrize("text", [PAGES["docs/architecture.md"], README], ids=["architecture", "readme"])
def test_a_map_of_the_house_has_every_room_of_it(text):
    rooms = {path.name for path in (ROOT / "pipeline").iterdir() if not path.name.startswith("__")}
    assert [room for room in sorted(rooms) if not re.search(rf"(pipeline/|\s){room}\b", text)] == []


def test_the_formulas_of_the_accounts_are_those_of_the_code():
    rows = [line.strip("|").split(" | ") for line in PAGES["docs/accounts.md"].splitlines()]
    told = {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows if row[0].strip() in SERVICES}
    for code, service in SERVICES.items():
        firsts = [items[0] for items in service.variants.values()]
        texts = [[item.quantity.text for item in firsts], [item.price.text for item in firsts]]
        formulas = ["; ".join(dict.fromkeys(each)) for each in texts]
        seen = "yes" if service.confirmed else "no"
        assert told[code] == [service.name_zh, *formulas, service.source, seen]


def test_every_table_of_the_accounts_is_explained_on_their_page():
    flow = [path.read_text("utf-8") for path in (ROOT / "pipeline" / "flow").glob("account_*.py")]
    tables = {name for text in flow for name in re.findall(r'"(account_[a-z]+)":', text)}
    assert len(tables) > LEAST_STOPS
    assert tables <= set(list_quoted(PAGES["docs/accounts.md"]))


def test_every_profile_is_on_the_page_of_the_accounts_with_what_is_unconfirmed():
    for name in list_profiles():
        (row,) = re.findall(rf"^\| `{name}` \|(.*)\|$", PAGES["docs/accounts.md"], re.MULTILINE)
        profile = load_profile(name)
        assert all(
            words in row for words in [profile.name_zh, *(one.split(" (")[0] for one in profile.unconfirmed)]
        )


def test_a_planted_path_is_read_stop_by_stop():
    text = "x\n## Four paths\n\n### A thing\n\n1. `a/b.py` `C.d`: takes.\n2. `e.py` `_f`: gives\n   on.\n"
    assert list_stops(text) == {"A thing": [("a/b.py", "C.d"), ("e.py", "_f")]}
    assert list_quoted("`a` and\n```python\n`b`\n```\n`c d`") == ["a", "c d"]


def test_the_changelog_ends_with_what_is_released_and_begins_with_what_is_not():
    first, *released = re.findall(r"^## \[(.+?)\]", CHANGELOG, re.MULTILINE)
    assert first == "Unreleased"
    assert released[0] == pipeline.__version__
    numbers = [tuple(map(int, version.split("."))) for version in released]
    assert all(newer > older for newer, older in pairwise(numbers))
