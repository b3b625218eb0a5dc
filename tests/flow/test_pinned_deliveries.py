"""Every file of the demo and of runs with every optional block on, held to a digest that was written down.

After a change that is meant to change bytes, `PIN=1 pytest -m slow tests/flow/test_pinned_deliveries.py`
writes the digests anew; the commit says which moved and why. They hold for the locked versions.
"""

import hashlib
import json
import os
from pathlib import Path

import pytest
from everything import deliver_everything

PINNED = Path(__file__).parent / "pinned"


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


@pytest.mark.slow
def test_every_file_of_the_demo_is_the_pinned_one(demo):
    check("demo", digests_of(demo, demo))


@pytest.mark.slow
def test_every_file_of_runs_with_every_optional_block_is_the_pinned_one(tmp_path):
    check("everything", digests_of(deliver_everything(tmp_path), tmp_path))
