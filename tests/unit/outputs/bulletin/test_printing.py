"""The PDF of a bulletin: by LibreOffice, or said not to be there, never half."""

import shutil
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from docx import Document

from pipeline.outputs.bulletin import printing
from pipeline.outputs.bulletin.printing import find_office, print_document

AS_OF = datetime(2024, 12, 12, tzinfo=UTC)


@pytest.fixture
def document(tmp_path):
    path = tmp_path / "公报 2024.docx"
    made = Document()
    made.add_paragraph("植被覆盖率 81.18%")
    made.save(path)
    return path


def office_of(tmp_path, monkeypatch, program: str) -> None:
    """A LibreOffice that does what a few lines of Python say."""
    path = tmp_path / "bin" / "soffice"
    path.parent.mkdir()
    path.write_text(f"#!{sys.executable}\n{program}", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(printing, "find_office", lambda: str(path))


def test_without_libreoffice_it_is_said_with_the_way_out(document, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(printing, "_PLACES", ())
    said = print_document(document, document.with_suffix(".pdf"), AS_OF)
    assert "No LibreOffice was found" in said
    assert "Install LibreOffice Writer" in said
    assert [path.name for path in document.parent.iterdir()] == [document.name]


def test_libreoffice_is_started_with_a_profile_of_its_own_and_the_day_of_the_data(
    document, tmp_path, monkeypatch
):
    program = (
        "import os, pathlib, sys\n"
        "folder = pathlib.Path(sys.argv[sys.argv.index('--outdir') + 1])\n"
        "told = [*sys.argv[1:], os.environ['SOURCE_DATE_EPOCH']]\n"
        "(folder / (pathlib.Path(sys.argv[-1]).stem + '.pdf')).write_text('\\n'.join(told), 'utf-8')\n"
    )
    office_of(tmp_path, monkeypatch, program)
    monkeypatch.chdir(document.parent)
    pdf = Path(document.name).with_suffix(".pdf")
    assert print_document(Path(document.name), pdf, AS_OF) == ""
    told = pdf.read_text("utf-8").splitlines()
    assert "--headless" in told
    assert told[-1] == str(int(AS_OF.timestamp()))
    (profile,) = (word for word in told if word.startswith("-env:UserInstallation=file:///"))
    assert not Path(profile.partition("file://")[2]).exists()


def test_what_libreoffice_says_of_a_failure_is_said(document, tmp_path, monkeypatch):
    office_of(tmp_path, monkeypatch, "print('source file could not be loaded')")
    said = print_document(document, document.with_suffix(".pdf"), AS_OF)
    assert "source file could not be loaded" in said
    assert not document.with_suffix(".pdf").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="groups of processes are ended as a whole on Unix only")
def test_libreoffice_that_does_not_end_is_ended_with_all_that_it_started(document, tmp_path, monkeypatch):
    child = tmp_path / "child"
    program = (
        "import pathlib, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"pathlib.Path({str(child)!r}).write_text(str(child.pid))\n"
        "time.sleep(60)\n"
    )
    office_of(tmp_path, monkeypatch, program)
    monkeypatch.setattr(printing, "_MOST_SECONDS", 1.5)
    started = time.monotonic()
    said = print_document(document, document.with_suffix(".pdf"), AS_OF)
    assert "1.5" in said
    assert time.monotonic() - started < 20
    deadline = time.monotonic() + 5
    while is_alive(int(child.read_text())) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(int(child.read_text()))


def is_alive(number: int) -> bool:
    """Whether a process runs; one that has ended and waits to be seen off does not."""
    found = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(number)], check=False, capture_output=True, text=True
    )
    return found.stdout.strip()[:1] not in {"", "Z"}


def test_two_pdfs_of_one_document_are_the_same_bytes():
    pages = b"%%PDF-1.6 /CreationDate(D:%s+08'00') stream 1234 /ID [ <%s>\n<%s> ]\n/DocChecksum /%s\n>>"
    first = pages % (b"20261129110026", b"7494B61F" * 4, b"7494B61F" * 4, b"0123ABCD" * 4)
    other = pages % (b"20270101000000", b"FFFF0000" * 4, b"FFFF0000" * 4, b"AAAABBBB" * 4)
    settled = printing.settle_pdf(first, AS_OF)
    assert settled == printing.settle_pdf(other, AS_OF)
    assert b"D:20241212000000" in settled
    assert len(settled) == len(first)
    assert settled != printing.settle_pdf(first.replace(b"1234", b"5678"), AS_OF)


@pytest.mark.slow
@pytest.mark.skipif(find_office() is None, reason="no LibreOffice here")
def test_libreoffice_makes_a_pdf_of_a4_pages(document):
    pdf = document.with_suffix(".pdf")
    said = print_document(document, pdf, AS_OF)
    if "could not be loaded" in said:
        pytest.skip(f"LibreOffice has no Writer here: {said}")
    assert said == ""
    content = pdf.read_bytes()
    assert content.startswith(b"%PDF-")
    assert print_document(document, pdf, AS_OF) == ""
    assert pdf.read_bytes() == content
