"""What must not happen, whatever a command is given: files lost or touched, secrets told."""

import base64
import hashlib
import io
import json
import stat
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pandas as pd

_MOST_HASHED = 2**30
"""Bytes of a file whose content is watched; of a larger one it is size and time."""


@contextmanager
def watch_files(*folders: Path) -> Iterator[list[str]]:
    """What of some folders is gone or changed when the block ends, in a list that is filled then.

    Links are watched themselves, and never followed. What is new is nobody's loss.
    """
    before, lost = list_states(*folders), list[str]()
    yield lost
    after = list_states(*folders)
    lost += [path for path, state in before.items() if after.get(path) != state]


def list_states(*folders: Path) -> dict[str, str]:
    """Each file, link and folder under some folders (or a file itself) by its path, with what it is."""
    inside = (path for folder in folders for path in sorted(folder.rglob("*")))
    return {
        str(path): _tell_state(path) for path in (*folders, *inside) if path.is_symlink() or path.exists()
    }


def _tell_state(path: Path) -> str:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return f"link to {path.readlink()}"
    if stat.S_ISREG(mode):
        size, changed = path.stat().st_size, path.stat().st_mtime_ns
        return f"{size} {changed}" if size > _MOST_HASHED else hashlib.sha256(path.read_bytes()).hexdigest()
    return stat.filemode(mode)[0]


def find_secrets(folder: Path, secrets: Iterable[str]) -> list[str]:
    """Files under a folder (also members of archives, cells of Parquet) that hold a secret in any form."""
    forms = {form for secret in secrets for form in list_forms(secret)}
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    return [
        f"{path.relative_to(folder)}: {form.decode('ascii', 'replace')}"
        for path in files
        for form in sorted(find_forms(path.read_bytes(), forms))
    ]


def list_forms(secret: str) -> set[bytes]:
    """How a secret may be written: plain, in other letters, for URLs, JSON, user-info, UTF-16, as hex."""
    plain = secret.encode()
    spelt = {secret, secret.upper(), secret.lower(), quote(secret, safe=""), json.dumps(secret)[1:-1]}
    coded = {plain.hex().encode(), secret.encode("utf-16-le"), *_encode_anywhere(plain)}
    return {text.encode() for text in spelt} | coded


def _encode_anywhere(plain: bytes) -> Iterator[bytes]:
    """Base64 as it reads wherever the bytes stand in what is encoded, such as behind the name of a user."""
    for before in range(3):
        whole = (before + len(plain)) // 3 * 3 - before
        yield base64.b64encode(bytes(before) + plain[:whole])[(0, 2, 3)[before] :]


def find_forms(content: bytes, forms: set[bytes]) -> set[bytes]:
    """Which of some forms stand in bytes, or in what is packed in them."""
    found = {form for form in forms if form in content}
    return found.union(*(find_forms(inner, forms) for inner in _unpack(content)))


def _unpack(content: bytes) -> Iterator[bytes]:
    if content[:4] == b"PAR1":
        yield pd.read_parquet(io.BytesIO(content)).to_csv().encode()
    elif content[:2] == b"PK" and zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from (archive.read(name) for name in archive.namelist())
