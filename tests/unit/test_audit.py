"""What is locked is held against advisories that are given as files."""

import importlib.util
import json
import zipfile

import pytest

from tests.pages import ROOT

SPEC = importlib.util.spec_from_file_location("audit", ROOT / "packaging" / "audit.py")
audit = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(audit)

LOCK = """\
jinja2==3.1.6 \\
    --hash=sha256:00
zarr==3.1.6 ; python_full_version >= '3.12' \\
    --hash=sha256:11
"""


def write_advisory(name, *events, ecosystem="PyPI", **further):
    affected = {
        "package": {"name": name, "ecosystem": ecosystem},
        "ranges": [{"type": "ECOSYSTEM", "events": list(events)}],
    }
    return {"id": "PLANTED-1", "summary": "planted", "affected": [affected], **further}


FROM_THE_START, SINCE_3 = {"introduced": "0"}, {"introduced": "3.0"}


@pytest.fixture
def run(tmp_path, capsys):
    (tmp_path / "lock").write_text(LOCK, encoding="utf-8")

    def look(*advisories):
        (tmp_path / "advisories.json").write_text(json.dumps(advisories), encoding="utf-8")
        code = audit.main(str(tmp_path / "lock"), str(tmp_path / "advisories.json"))
        return code, capsys.readouterr()

    return look


@pytest.mark.parametrize(
    ("advisory", "affected"),
    [
        (write_advisory("jinja2", FROM_THE_START, {"fixed": "3.1.7"}), True),
        (write_advisory("Jinja2", FROM_THE_START, {"fixed": "3.1.6"}), False),
        (write_advisory("jinja2", FROM_THE_START, {"last_affected": "3.1.6"}), True),
        (write_advisory("jinja2", FROM_THE_START, {"last_affected": "3.1.5"}), False),
        (write_advisory("jinja2", FROM_THE_START), True),
        (write_advisory("jinja2", FROM_THE_START, {"fixed": "2.9"}, SINCE_3, {"fixed": "3.2"}), True),
        (write_advisory("jinja2", SINCE_3, {"fixed": "3.2"}, FROM_THE_START, {"fixed": "2.9"}), True),
        (write_advisory("jinja2", {"introduced": "3.1.7"}), False),
        (write_advisory("jinja2", FROM_THE_START, ecosystem="npm"), False),
        (write_advisory("jinja2", FROM_THE_START, withdrawn="2026-01-01T00:00:00Z"), False),
        (write_advisory("flask", FROM_THE_START), False),
        (write_advisory("zarr", FROM_THE_START), True),
    ],
)
def test_a_locked_version_is_affected_where_a_range_holds_it(run, advisory, affected):
    code, told = run(advisory, write_advisory("other", FROM_THE_START))
    assert code == (1 if affected else 0)
    assert ("PLANTED-1 planted" in told.out) == affected


def test_a_version_that_an_advisory_names_is_affected_without_a_range(run):
    named = {"package": {"name": "zarr", "ecosystem": "PyPI"}, "versions": ["3.1.6"]}
    assert run({"id": "PLANTED-2", "affected": [named]})[0] == 1


def test_a_file_without_advisories_is_no_clean_bill(run, tmp_path, capsys):
    assert run()[0] == 2
    (tmp_path / "no.json").write_text("<html>", encoding="utf-8")
    assert audit.main(str(tmp_path / "lock"), str(tmp_path / "no.json")) == 2
    assert "no advisories in the OSV format" in capsys.readouterr().err
    assert audit.main(str(tmp_path / "lock"), str(tmp_path / "absent")) == 2


def test_an_archive_and_a_folder_say_the_same(tmp_path, capsys):
    (tmp_path / "lock").write_text(LOCK, encoding="utf-8")
    advisory = json.dumps(write_advisory("zarr", FROM_THE_START))
    (tmp_path / "folder" / "zarr").mkdir(parents=True)
    (tmp_path / "folder" / "zarr" / "one.json").write_text(advisory, encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("one.json", advisory)
    codes = [audit.main(str(tmp_path / "lock"), str(tmp_path / name)) for name in ("folder", "all.zip")]
    assert codes == [1, 1]
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == lines[2:]


def test_every_version_of_the_lock_is_looked_at():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert len(audit.read_lock(ROOT / "requirements.lock")) == len(
        {line.partition(" ")[0] for line in text.splitlines() if "==" in line and not line.startswith(" ")}
    )
