"""The real program, started as users start it."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"


def ecoledger(
    *words: object, expected: int | None = 0, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `ecoledger` and check its exit code."""
    done = subprocess.run(
        [Path(sys.executable).with_name("ecoledger"), *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert expected is None or done.returncode == expected, (
        f"code {done.returncode}\n{done.stderr}{done.stdout}"
    )
    return done


def write_config(path: Path, content: dict) -> Path:
    """A config file; JSON is YAML."""
    path.write_text(json.dumps(content, ensure_ascii=False, default=str), encoding="utf-8")
    return path


def files_of(folder: Path, *, but: str = "manifest.json") -> dict[str, bytes]:
    """Every file of a folder by its name, but one."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != but
    }
