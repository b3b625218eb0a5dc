"""The hooks of a commit: their tools are there, and each finds what it is for."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

CONFIG = Path(__file__).parents[2] / ".pre-commit-config.yaml"
BIN = Path(sys.executable).parent
REPOSITORIES = yaml.safe_load(CONFIG.read_text("utf-8"))["repos"]
HOOKS = {hook["id"]: hook for repository in REPOSITORIES for hook in repository["hooks"]}
FLAWS = {
    "trailing-whitespace": ("text.md", "a word \n"),
    "merge-markers": ("text.md", "<<<<<<< ours\n"),
    "large-files": ("data.txt", "0123456789abcde\n" * 40_000),
    "format": ("code.py", "a=1\n"),
    "lint": ("tests/code.py", "import os\n"),
}


def test_the_hooks_are_read_and_fetch_nothing():
    subprocess.run([BIN / "pre-commit", "validate-config", CONFIG], check=True)
    assert {repository["repo"] for repository in REPOSITORIES} == {"local"}


@pytest.mark.parametrize("hook", HOOKS.values(), ids=HOOKS)
def test_the_tool_of_a_hook_is_there(hook):
    if hook["language"] == "pygrep":
        assert re.compile(hook["entry"])
        return
    assert hook["language"] == "system"
    program = Path(hook["entry"].split()[0])
    in_place = program.parent == Path(".venv/bin")
    assert shutil.which(BIN / program.name if in_place else program)


@pytest.fixture
def commit(tmp_path):
    """What a hook says of a text in a file that is to be committed: whether it lets it pass."""
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(BIN)
    shutil.copy(CONFIG, tmp_path)
    shutil.copy(CONFIG.with_name("pyproject.toml"), tmp_path)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"PRE_COMMIT_HOME": str(tmp_path / ".cache")}

    def run(hook: str, name: str, text: str) -> bool:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
        subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, env=environment, check=True)
        subprocess.run(["git", "add", name], cwd=tmp_path, env=environment, check=True)
        words = [BIN / "pre-commit", "run", hook, "--files", name]
        options = {"cwd": tmp_path, "env": environment, "capture_output": True, "text": True}
        ended = subprocess.run(words, check=False, **options)
        assert ended.returncode in {0, 1}, ended.stdout + ended.stderr
        assert "Skipped" not in ended.stdout
        return ended.returncode == 0

    return run


@pytest.mark.parametrize("hook", FLAWS)
def test_a_hook_stops_what_it_is_for_and_nothing_else(commit, hook):
    name, text = FLAWS[hook]
    assert not commit(hook, name, text)
    assert commit(hook, name, '"""Nothing."""\n')
