"""Every file of the demo and of runs with every optional block on, held to a digest that was written down.

After a change that is meant to change bytes, `PIN=1 pytest -m slow tests/flow/test_pinned_deliveries.py`
writes the digests anew; the commit says which moved and why. They hold for the locked versions, and for one
kind of processor: products of matrices differ in their last digits from one to the other.
"""

import hashlib
import json
import os
from pathlib import Path

import pytest
from everything import deliver_everything
from programs import ecoledger

PINNED = Path(__file__).parent / "pinned"

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_processor")]


def digests_of(folder: Path, root: Path) -> dict[str, str]:
    """SHA-256 of every file by its name, free of the folder that it lies in, of times and of versions."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "work" not in path.relative_to(folder).parts[:1]:
            content = path.read_bytes().replace(str(root).encode(), b"ROOT")
            if path.name == "manifest.json":
                manifest = json.loads(content)
                del manifest["times"], manifest["versions"], manifest["config"]["compute"]
                del manifest["artifacts"]["scenes"]  # a catalogue is known by its path
                if "static" in manifest["config"]["scenes"]["provider"]:
                    del manifest["artifacts"]  # files are known by when they were written
                content = json.dumps(manifest, ensure_ascii=False, sort_keys=True).encode()
            found[path.relative_to(folder).as_posix()] = hashlib.sha256(content).hexdigest()
    return found


def check(name: str, found: dict[str, str]) -> None:
    """The digests are those that are written down; else every file that is another is named."""
    path = PINNED / f"{name}.json"
    if os.environ.get("PIN"):
        path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    pinned = json.loads(path.read_text(encoding="utf-8"))
    moved = sorted(name for name in {*pinned, *found} if pinned.get(name) != found.get(name))
    assert not moved, "\n".join(moved)


@pytest.fixture
def one_processor(monkeypatch):
    """Products of matrices are computed as on a Haswell, which every x86-64 of today can."""
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")


def test_every_file_of_the_demo_is_the_pinned_one(tmp_path):
    ecoledger("demo", "--out", tmp_path / "delivery", "--quiet")
    check("demo", digests_of(tmp_path / "delivery", tmp_path / "delivery"))


def test_every_file_of_runs_with_every_optional_block_is_the_pinned_one(tmp_path):
    check("everything", digests_of(deliver_everything(tmp_path), tmp_path))
