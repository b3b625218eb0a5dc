"""Files of tables: which ones a pattern names, and the sheets of one, whatever its format."""

from pathlib import Path

from pipeline.errors import InputError, Problem
from pipeline.ingest.samples.objects import JSON_SUFFIXES, POINT_SUFFIXES, read_json, read_layers
from pipeline.ingest.samples.sheets import Sheet
from pipeline.ingest.samples.text_files import TEXT_SUFFIXES, read_text
from pipeline.ingest.samples.workbooks import WORKBOOK_SUFFIXES, read_workbook
from pipeline.settings.paths import list_matches
from pipeline.zip_files import MOST_WORKBOOK_BYTES

_WHOLE = f"at most {MOST_WORKBOOK_BYTES / 2**20:.0f} MiB, or lines that are read one by one"
_PARTS = "Save it as CSV with its headings in line 1, as Parquet, or as several files"


def find_paths(pattern: str) -> list[Path]:
    """The file of that path, else the files that fit it as a pattern, by name; none where there are none."""
    literal = Path(pattern)
    found = [literal] if literal.is_file() else list_matches(pattern)
    # Excel leaves ~$ files beside a workbook that is open
    return [path for path in found if path.is_file() and not path.name.startswith("~$")]


def read_sheets(path: Path) -> list[Sheet]:
    """All sheets of a CSV file (UTF-8 with or without BOM, GB18030), a workbook, a JSON release or points.

    What is no spreadsheet has its headings in row 1 and its first record in row 2.

    Raises InputError where the file cannot be opened as what its suffix says, and for one that is too large
    to be held as a whole.
    """
    suffix = path.suffix.lower()
    try:
        if suffix not in POINT_SUFFIXES and (size := path.stat().st_size) > MOST_WORKBOOK_BYTES:
            raise _unreadable(path, f"{size / 2**20:.0f} MiB in one piece", _WHOLE, _PARTS)
        if suffix in TEXT_SUFFIXES:
            return [read_text(path)]
        if suffix in WORKBOOK_SUFFIXES:
            return read_workbook(path)
        if suffix in JSON_SUFFIXES | POINT_SUFFIXES:
            return _read_objects(path)
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error), "a readable file") from error
    expected = "CSV, XLSX, XLS, ODS, Parquet, JSON or GPKG"
    raise _unreadable(path, f"the suffix {suffix!r}", expected, "Save it as .xlsx or .csv")


def _read_objects(path: Path) -> list[Sheet]:
    try:
        return read_json(path) if path.suffix.lower() in JSON_SUFFIXES else read_layers(path)
    except ValueError as error:
        raise _unreadable(path, "something else", f"a table ({error})") from error


def _unreadable(path: Path, found: str, expected: str, todo: str = "") -> InputError:
    return InputError(f"{path.name} cannot be read", [Problem(path.name, found, expected, todo)])
