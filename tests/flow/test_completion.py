"""A shell completes the words of the command: asked of bash itself."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("ecoledger")
SCRIPT = (
    'eval "$({program} --show-completion bash)"; COMP_WORDS=({words}); COMP_CWORD={last}; '
    '_ecoledger_completion ecoledger; printf "%s\\n" "${{COMPREPLY[@]}}"'
)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("ecoledger va", {"validate"}),
        ("ecoledger run --aoi guang", {"guangyang_island"}),
        ("ecoledger run --ref", {"--refresh"}),
        ("ecoledger plan --aoi ''", {"chongming_wetlands", "guangyang_island", "longyou_bay"}),
    ],
)
def test_bash_completes_commands_options_and_areas(words, offered):
    if shutil.which("bash") is None:
        pytest.skip("no bash on this machine")
    script = SCRIPT.format(program=PROGRAM, words=words, last=len(words.split()) - 1)
    told = os.environ | {
        "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}",
        "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
    }
    done = subprocess.run(["bash", "-c", script], env=told, capture_output=True, text=True, check=True)
    assert offered <= set(done.stdout.split())
