"""What stands where a command writes a file: a link is refused, a name shared with another file is parted."""

import os
import sys

import pytest

from pipeline.operating_system import hold_part
from tests.faults.commands import try_command
from tests.faults.watching import watch_files

KIND, DOOR = "what is not ours", "--out"
TABLE = "断面,监测时间,溶解氧\n甲,2024-05-01,8.1\n"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of POSIX")


@pytest.fixture
def note(tmp_path):
    path = tmp_path / "note"
    path.write_text("a note of people")
    return path


def write(path, content):
    with hold_part(path) as part:
        part.write_text(content)


@pytest.mark.parametrize("what", ["a link to a file", "a link to nowhere", "a named pipe"])
def test_no_file_of_ours_comes_in_the_place_of_a_link_or_a_pipe(tmp_path, note, what):
    place = tmp_path / "out.csv"
    if what == "a named pipe":
        os.mkfifo(place)
    else:
        place.symlink_to(note if "file" in what else "nowhere")
    with watch_files(tmp_path) as lost, pytest.raises(FileExistsError, match=r"a symbolic link|a named pipe"):
        write(place, "ours")
    assert lost == []
    assert {path.name for path in tmp_path.iterdir()} == {"note", "out.csv"}


def test_a_file_that_has_another_name_elsewhere_is_replaced_under_ours_alone(tmp_path, note):
    os.link(note, tmp_path / "out.csv")
    write(tmp_path / "out.csv", "ours")
    assert (note.read_text(), (tmp_path / "out.csv").read_text()) == ("a note of people", "ours")


def test_what_cannot_be_written_leaves_what_was_there_and_names_it(tmp_path, note):
    with pytest.raises(OSError, match="No such file"), hold_part(tmp_path / "gone" / "out.csv") as part:
        part.write_text("ours")
    with pytest.raises(ZeroDivisionError), hold_part(note) as part:
        part.write_text(str(1 / 0))
    assert note.read_text() == "a note of people"
    assert list(tmp_path.iterdir()) == [note]


@pytest.mark.slow
@pytest.mark.parametrize("word", ["--out", "--rejected"])
@pytest.mark.parametrize("what", ["a link", "another name of a file", "a named pipe"])
def test_grade_writes_through_no_link_and_waits_for_no_reader(tmp_path, note, fault, what, word):
    (tmp_path / "water.csv").write_text(TABLE, encoding="utf-8")
    place = tmp_path / "graded.csv"
    make = {"a link": place.symlink_to, "another name of a file": place.hardlink_to}
    make.get(what, lambda _: os.mkfifo(place))(note)
    parted = what == "another name of a file"
    with fault(f"{what} stands at {word} of grade", must="exit 3, or the other name as it was") as seen:
        with watch_files(note, *([] if parted else [place])) as seen.lost:
            done = try_command(["grade", "water.csv", word, place.name], cwd=tmp_path)
        seen.happened = done.tell()
        assert done.code == (0 if parted else 3)
        assert parted or place.name in done.err
