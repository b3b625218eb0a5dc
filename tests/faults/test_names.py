"""Names that no file system, archive or database can hold are refused where they are given, by validate."""

import json
import sys
import unicodedata

import pytest

from tests.faults.commands import try_command
from tests.faults.configs import write_config, write_outline

KIND = "a name that cannot be held"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="names of POSIX")]

LONG, CHINESE = "x" * 300, "扬" * 90
NAMES = {
    "300 letters": LONG,
    "90 Chinese characters": CHINESE,
    "a reserved name of Windows": "CON",
    "a reserved name of Windows with an end": "nul.2024",
    "a serial port of Windows": "com1",
    "a dot at the end": "2024.",
    "a line break": "20\n24",
    "a line break at the end": "2024\n",
    "a NUL": "20\x0024",
    "a control character": "20\x1b[31m24",
    "a mark of right to left": "\u202e4202",
    "a mark of right to left inside": "20\u202e24",
    "a joiner of no width": "20\u200d24",
    "a surrogate": "20\ud80024",
    "a slash": "2024/q1",
    "a backslash": "2024\\q1",
    "two dots": "..",
    "leading out": "../2024",
    "a drive": "C:2024",
    "a tilde": "~",
    "a space at the end": "2024 ",
    "nothing": "",
    "a space alone": " ",
    "the pointer": "latest",
    "the pointer in capitals": "LATEST",
}


CUT_BY_GDAL = {"a NUL", "a surrogate"}
"""What GDAL gives no text behind, or another sign for; what it gives is a name."""


def as_json(value):
    """A config may be JSON; PyYAML reads escapes of it."""
    return json.dumps(value)


@pytest.mark.parametrize("what", NAMES)
def test_a_label_that_cannot_be_a_folder_is_refused(what, tmp_path, fault):
    config = write_config(tmp_path)
    config.write_text(config.read_text().replace('"2024"', as_json(NAMES[what]), 1), encoding="utf-8")
    with fault(f"the label is {what}", door="label", must="exit 2, names label") as seen:
        done = try_command(["validate", config])
        seen.happened = done.tell()
        assert done.code == 2
        assert "label" in done.err or "not YAML" in done.err


IDS = {
    **{what: name for what, name in NAMES.items() if not what.startswith(("the pointer", "nothing"))},
    "the workspace": "work",
    "the workspace in capitals": "Work",
    "a star": "a*b",
    "a pipe": "a|b",
    "a quotation mark": 'a"b',
    "a question mark": "a?b",
}


@pytest.mark.parametrize("what", IDS)
def test_an_area_whose_id_cannot_be_a_folder_is_refused(what, tmp_path, fault):
    outline = write_outline(tmp_path / "area.geojson", id=IDS[what])
    config = write_config(tmp_path, aoi=["area.geojson"])
    cut = what in CUT_BY_GDAL
    must = "exit 3, or the id up to it" if cut else "exit 3, names the file"
    with fault(f"the id of an area is {what}", door="aoi", must=must) as seen:
        done = try_command(["validate", config])
        seen.happened = done.tell()
        assert done.code in ({0, 3} if cut else {2, 3})
        assert cut or outline.name in done.err


@pytest.mark.parametrize(
    ("what", "other"),
    [("capitals", "POND"), ("another form of Unicode", unicodedata.normalize("NFD", "pönd"))],
)
def test_two_areas_whose_folders_would_be_one_elsewhere_are_refused(what, other, tmp_path, fault):
    write_outline(
        tmp_path / "a.geojson",
        id=unicodedata.normalize("NFC", "pönd") if "ö" in other.lower() or "\u0308" in other else "pond",
    )
    write_outline(tmp_path / "b.geojson", id=other)
    config = write_config(tmp_path, aoi=["a.geojson", "b.geojson"])
    with fault(f"two ids differ by {what} alone", door="aoi", must="exit 2, names both") as seen:
        done = try_command(["validate", config])
        seen.happened = done.tell()
        assert done.code in {2, 3}
        assert "b.geojson" in done.err


WORDS = {
    "the config of validate": ["validate", "{name}.yaml"],
    "the config of run": ["run", "{name}.yaml", "--out", "delivery"],
    "--out": ["run", "my.yaml", "--out", "{name}"],
    "--log": ["run", "my.yaml", "--out", "delivery", "--log", "{name}"],
    "--aoi": ["run", "my.yaml", "--out", "delivery", "--aoi", "{name}.geojson"],
    "status": ["status", "{name}"],
    "view": ["view", "{name}", "--to", "page"],
    "grade": ["grade", "{name}.csv"],
    "diff": ["diff", "{name}", "{name}2"],
    "--set": ["validate", "my.yaml", "--set", "label={name}"],
    "init": ["init", "{name}"],
}
ODD = {"bytes that are no UTF-8": "caf\udce9", "a name of 5000 letters": "x" * 5000}


@pytest.mark.parametrize("what", ODD)
@pytest.mark.parametrize("door", WORDS)
def test_a_path_that_cannot_be_one_is_refused_wherever_it_is_typed(door, what, tmp_path, fault):
    write_config(tmp_path)
    words = [word.replace("{name}", ODD[what]) for word in WORDS[door]]
    with fault(f"{door} is {what}", door=door, must="exit 2 or 6 with a message") as seen:
        done = try_command(words, cwd=tmp_path)
        seen.happened = done.tell()
        assert done.code in {2, 6}
        assert done.err


def test_a_folder_whose_name_is_no_utf8_is_told(tmp_path, fault):
    folder = tmp_path / "caf\udce9"
    folder.mkdir()
    write_config(folder)
    with fault("the folder of the config is no UTF-8", door="config", must="exit 2, says so") as seen:
        done = try_command(["run", "my.yaml", "--out", "delivery"], cwd=folder, seconds=20)
        seen.happened = done.tell()
        assert done.code == 2
