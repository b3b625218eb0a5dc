"""In which encoding a Shapefile's text was written, told from its bytes rather than from its word for it."""

import codecs
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.ingest.parcels.values import spread_values

LOSSLESS = "ISO-8859-1"
"""Every byte is a character of it, so that text read in it can be decoded afterwards."""

_SAMPLED_ROWS = 20_000
_UNREADABLE_SHARE = 0.1
_LONGEST_CHARACTER = 4
_CUT_BY_WRITERS = 250
_HEAD = 32
_COPIED_BYTES = 2**26
_USUAL = ("utf-8", "gb2312")
_ABOVE_ASCII = bytes(range(0x80, 0x100))
_LANGUAGE_BYTES = {0x4D: "gb18030", 0x7A: "gb18030", 0x4F: "cp950", 0x78: "cp950"}
"""Language drivers of dBASE that name a Chinese code page (936, 950); the others are left to the text."""


def find_encoding(path: Path, wanted: str | None = None) -> str | None:
    """The encoding in which the texts of a Shapefile can be read: told by .cpg or .dbf, UTF-8, or GB18030.

    With `wanted` it is that one or none; else the first of these that reads all texts, else the one that
    reads most. A character cut at the end of a full field counts as read. None where over a tenth of the
    texts stay unread. Encodings of one byte a character read anything, so they come after UTF-8 and plain
    GB 2312 even where the file names them.
    """
    table = _find_part(path, ".dbf")
    texts = list(_read_texts(table)) if table else []
    if not texts or not table:
        return wanted or "utf-8"
    told = [*_read_code_page(path), *_read_language(table)]
    candidates = [wanted] if wanted else [*filter(_is_telling, told), *_USUAL, *told, "gb18030"]
    unread = {name: sum(decode(text, name) is None for text in texts) for name in candidates}
    best = min(candidates, key=unread.__getitem__)
    return best if unread[best] <= _UNREADABLE_SHARE * len(texts) else None


@contextmanager
def locate_shapefile(path: Path, layer: str) -> Iterator[Path | None]:
    """A Shapefile whose table can be looked at: itself, in its folder, or a copy from an archive.

    None for what is no Shapefile.
    """
    if path.is_file() and zipfile.is_zipfile(path):
        with TemporaryDirectory() as folder:
            yield _copy_table(path, layer, Path(folder))
        return
    file = path / f"{layer}.shp" if path.is_dir() else path
    yield file if file.is_file() and file.suffix.lower() == ".shp" else None


def _copy_table(path: Path, layer: str, folder: Path) -> Path | None:
    """The beginning of a layer's table, and the name of its code page, out of an archive of Shapefiles."""
    with zipfile.ZipFile(path) as archive:
        members = {Path(name).suffix.lower(): name for name in archive.namelist() if Path(name).stem == layer}
        if ".shp" not in members:
            return None
        for suffix in {".dbf", ".cpg"} & set(members):
            with archive.open(members[suffix]) as file:
                (folder / f"table{suffix}").write_bytes(file.read(_COPIED_BYTES))
    return folder / "table.shp"


def decode(text: bytes, encoding: str) -> str | None:
    """Text of a field; a character cut at the end of a full one drops off. None if it cannot be read."""
    try:
        return text.decode(encoding)
    except UnicodeDecodeError as error:
        cut = error.start > len(text) - _LONGEST_CHARACTER and len(text) >= _CUT_BY_WRITERS
        return text[: error.start].decode(encoding) if cut else None


def recode(values: pd.Series, encoding: str) -> pd.Series:
    """A column read as `LOSSLESS` in its own encoding; what cannot be read becomes U+FFFD."""
    places, unique = pd.factorize(values)
    return spread_values([_recode_cell(cell, encoding) for cell in unique], places, values.index)


def is_encoding(encoding: str) -> bool:
    """Whether there is such an encoding."""
    try:
        codecs.lookup(encoding)
    except LookupError:
        return False
    return True


def _recode_cell(cell: object, encoding: str) -> object:
    if not isinstance(cell, str):
        return cell
    raw = cell.encode(LOSSLESS)
    text = decode(raw, encoding)
    return raw.decode(encoding, errors="replace") if text is None else text


def _read_code_page(path: Path) -> Iterator[str]:
    """The encoding that a .cpg names: `UTF-8`, `GBK`, or a code page such as `936` or `ANSI 936`."""
    file = _find_part(path, ".cpg")
    if file:
        word = file.read_text(encoding="ascii", errors="ignore").strip()
        digits = word.rsplit(maxsplit=1)[-1] if word else ""
        name = {"65001": "utf-8", "936": "gb18030"}.get(digits, f"cp{digits}")
        name = name if digits.isdigit() else word
        yield from [codecs.lookup(name).name] if is_encoding(name) else []


def _find_part(path: Path, suffix: str) -> Path | None:
    """The file of a Shapefile with a suffix, in small or capital letters."""
    parts = (path.with_suffix(spelled) for spelled in (suffix, suffix.upper()))
    return next((part for part in parts if part.is_file()), None)


def _is_telling(encoding: str) -> bool:
    """Whether not every byte is a character of it, so that text which it reads was likely written in it."""
    return len(_ABOVE_ASCII.decode(encoding, errors="ignore")) < len(_ABOVE_ASCII) // 2


def _read_language(table: Path) -> list[str]:
    head = _read_first(table, _HEAD)
    number = head[29] if len(head) == _HEAD else 0
    return [_LANGUAGE_BYTES[number]] if number in _LANGUAGE_BYTES else []


def _read_texts(table: Path) -> Iterator[bytes]:
    """Names of fields, and texts of the first rows, that are not plain ASCII."""
    head = _read_first(table, _HEAD)
    if len(head) < _HEAD:
        return
    count, start, width = (int.from_bytes(head[a:b], "little") for a, b in ((4, 8), (8, 10), (10, 12)))
    fields = _read_first(table, start)[_HEAD:]
    rows = _read_rows(table, start, width, min(count, _SAMPLED_ROWS))
    place = 1
    for number in range(0, len(fields) - _HEAD + 1, _HEAD):
        field = fields[number : number + _HEAD]
        name, kind, length = field[:11].split(b"\0")[0], field[11:12], field[16]
        cells = rows[:, place : place + length] if kind == b"C" else rows[:, :0]
        yield from _pick_foreign([name, *_list_unique(cells)])
        place += length


def _read_first(table: Path, size: int) -> bytes:
    with table.open("rb") as file:
        return file.read(size)


def _read_rows(table: Path, start: int, width: int, count: int) -> NDArray[np.uint8]:
    there = max(0, (table.stat().st_size - start) // width) if width else 0
    size = min(count, there) * width
    return np.fromfile(table, dtype=np.uint8, count=size, offset=start).reshape(-1, max(width, 1))


def _list_unique(cells: NDArray[np.uint8]) -> list[bytes]:
    if not cells.size:
        return []
    foreign = cells[(cells >= _ABOVE_ASCII[0]).any(axis=1)]
    texts = np.ascontiguousarray(foreign).view(f"S{cells.shape[1]}").ravel()
    return [text.rstrip(b" \0") for text in np.unique(texts).tolist()]


def _pick_foreign(texts: Iterable[bytes]) -> Iterator[bytes]:
    return (text for text in texts if not text.isascii())
