"""The PDF of a Word document, by LibreOffice where there is one."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from datetime import datetime
from pathlib import Path

from pipeline.operating_system import end_process

_PROGRAMS = ("soffice", "libreoffice")
_PLACES = (
    Path("/Applications/LibreOffice.app/Contents/MacOS/soffice"),
    Path("C:/Program Files/LibreOffice/program/soffice.exe"),
)
_MOST_SECONDS = 180
_ID_DIGITS = 32
_ID = re.compile(rb"(?<=[</])[0-9A-F]{32}(?=[>\s])")
"""Ids of a PDF, and its checksum of itself."""
WAY_OUT = "Install LibreOffice Writer (command soffice) and run again, or save it as PDF in Word"


def find_office() -> str | None:
    """The program of LibreOffice; None where there is none."""
    named = (shutil.which(name) for name in _PROGRAMS)
    placed = (str(place) for place in _PLACES if place.is_file())
    return next((program for program in (*named, *placed) if program), None)


def print_document(document: Path, target: Path, as_of: datetime) -> str:
    """Write the PDF of a document; gives why there is none, an empty text where there is one.

    LibreOffice runs without a window, with a profile of its own that is thrown away, three minutes at most.
    """
    program = find_office()
    if program is None:
        return f"No LibreOffice was found: DOCX alone. {WAY_OUT}"
    with tempfile.TemporaryDirectory(prefix="ecoledger-", dir=target.parent) as folder:
        failure = _convert(program, document, Path(folder), as_of)
        made = Path(folder) / f"{document.stem}.pdf"
        if not made.is_file():
            return f"LibreOffice wrote no PDF: {failure}. {WAY_OUT}"
        made.write_bytes(settle_pdf(made.read_bytes(), as_of))
        made.replace(target)
    return ""


def settle_pdf(content: bytes, as_of: datetime) -> bytes:
    """A PDF with the day of its data for that of its making, and ids that its content alone decides."""
    day = as_of.strftime("%Y%m%d%H%M%S").encode()
    dated = re.sub(rb"(/CreationDate\s?\(D:)\d{14}", lambda found: found[1] + day, content)
    own = hashlib.sha256(_ID.sub(b"", dated)).hexdigest()[:_ID_DIGITS].upper().encode()
    return _ID.sub(own, dated)


def _convert(program: str, document: Path, folder: Path, as_of: datetime) -> str:
    """Run LibreOffice to its end; what it said of a failure."""
    profile = (folder / "profile").absolute().as_uri()
    words = [program, f"-env:UserInstallation={profile}", "--headless", "--norestore", "--nolockcheck"]
    with subprocess.Popen(  # noqa: S603 (found by its name, given paths of ours)
        [*words, "--convert-to", "pdf", "--outdir", str(folder), str(document)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(int(as_of.timestamp()))},
    ) as process:
        try:
            said, _ = process.communicate(timeout=_MOST_SECONDS)
        except subprocess.TimeoutExpired:
            return f"not done within {_MOST_SECONDS} s"
        finally:
            end_process(process)
    return said.decode(errors="replace").strip()
