"""The script that measures the house counts what stands in a small house planted here."""

import pytest

from tests.measure_house import (
    compute_figures,
    is_named_by_participle,
    list_arrows,
    list_hubs,
    list_participles,
    list_shared_names,
    read_house,
    write_table,
)

TREE = {
    "pipeline/__init__.py": "",
    "pipeline/grid.py": "class Grid:\n    cells: dict[str, Any]\n",
    "pipeline/maps/__init__.py": "",
    "pipeline/maps/step.py": "from pipeline.grid import Grid\n\n\ndef _found(grid):\n    return grid\n",
    "pipeline/maps/cover.py": (
        "from pipeline.maps import step\n\n\ndef read_cover():\n    from pipeline.store import blocks\n"
        "    import os\n    def inner():\n        from pipeline.grid import Grid\n" + "    x = 1\n" * 30
    ),
    "pipeline/maps/trend.py": "from .step import _found\nfrom ..grid import Grid\n\n\ndef is_held(): pass\n",
    "pipeline/store/__init__.py": "",
    "pipeline/store/blocks.py": "def read_cover(): pass\n\n\nclass Block: pass\n",
    "tests/test_all.py": "\n" * 11,
}


@pytest.fixture
def house(tmp_path):
    for name, text in TREE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return read_house(tmp_path)


def test_the_planted_house_is_counted_as_it_stands(house):
    lines = sum(text.count("\n") for name, text in TREE.items() if name.startswith("pipeline"))
    figures = compute_figures(house)
    assert (figures["rooms"], figures["modules"]) == ("3", "8")
    assert figures["lines"] == str(lines)
    assert (figures["functions"], figures["functions over 30 lines"]) == ("5", "1")
    assert (figures["lines of a function: median"], figures["lines of a function: most"]) == ("2", "35")
    assert figures["imports inside functions"] == "3"
    assert figures["dict[str, Any]"] == "1"
    assert figures["public names per 1,000 lines"] == f"{5000 / lines:.1f}"
    assert figures["lines of tests per line"] == f"{11 / lines:.2f}"


def test_arrows_are_counted_once_a_pair_and_only_between_rooms(house):
    assert list_arrows(house, by_room=True) == {("maps", "grid"), ("maps", "store")}
    assert list_arrows(house, by_room=False) == {
        ("pipeline.maps.step", "pipeline.grid"),
        ("pipeline.maps.cover", "pipeline.grid"),
        ("pipeline.maps.cover", "pipeline.store.blocks"),
        ("pipeline.maps.trend", "pipeline.grid"),
    }


def test_a_participle_names_a_function_by_its_first_or_last_word_and_a_question_does_not(house):
    assert list_participles(house) == ["pipeline.maps.step._found"]
    named = ("sieved", "_made_ids", "farmland_gone", "unknown", "misplaced", "known_indices")
    assert all(is_named_by_participle(name) for name in named)
    plain = ("is_held", "has_moved", "list_known_indices", "seed", "embed", "feed_red", "read", "split_rows")
    assert not any(is_named_by_participle(name) for name in plain)


def test_a_name_that_two_modules_define_is_listed_with_both(house):
    assert list_shared_names(house) == {"read_cover": ["pipeline.maps.cover", "pipeline.store.blocks"]}


def test_the_module_that_most_of_its_room_imports_is_a_hub(house):
    assert list_hubs(house) == ["maps: step 2 of 3  hub"]


def test_two_houses_stand_side_by_side(house):
    row = write_table(["old", "new"], [house, house]).splitlines()[2]
    assert row.split() == ["modules", "8", "8"]
