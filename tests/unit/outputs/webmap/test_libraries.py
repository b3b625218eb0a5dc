import sys
from importlib.resources import files

from pipeline.outputs.webmap import libraries


def test_maplibre_comes_from_its_wheel_with_the_licence_that_it_names():
    script = libraries.read_maplibre()
    assert "@license 3-Clause BSD" in script[:300]
    assert "maplibregl" in script
    assert "sourceMappingURL" not in script
    assert "maplibre" not in sys.modules, "the package is slow to load and not needed"


def test_no_script_can_end_its_element_or_evaluates_text():
    for script in (libraries.read_maplibre(), libraries.join_script(), libraries.read_start()):
        assert "</script" not in script.lower()
        assert "<!--" not in script
        assert "new Function" not in script
        assert "eval(" not in script
    assert "innerHTML" not in libraries.join_script()


def test_every_file_of_the_widget_is_in_the_page():
    assets = files("pipeline.outputs.webmap") / "assets"
    joined = libraries.join_script() + libraries.read_start() + libraries.join_styles()
    for file in assets.iterdir():
        assert file.read_text("utf-8") in joined, file.name
