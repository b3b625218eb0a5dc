"""No secret of a provider's addresses is told: every byte that a run writes is searched, and all it says."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import pytest

from tests.faults.commands import PROGRAM, try_command
from tests.faults.vault import ENVIRONMENT, HOP, KEY, OTHER, PASSWORD, PATH, USER, Vault, guarding
from tests.faults.watching import find_secrets
from tests.flow.programs import write_config

KIND, DOOR = "secrets", "an address"
SPAN = {"start": "2024-05-01", "end": "2024-06-30", "period": "quarter"}
MISSIONS = ["sentinel-2", "landsat-8"]
BY_VARIABLES = "http://${{VAULT_USER}}:${{VAULT_PASSWORD}}@{host}/${{VAULT_PATH}}/catalog.json?key=" + KEY
"""A user and a path of variables, and a key in the clear."""
IN_THE_CLEAR = f"http://{USER}:{ENVIRONMENT['VAULT_PASSWORD']}@{{host}}/catalog.json?key={KEY}"
TAKE_DOWN = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_bytes(sys.stdin.buffer.read())"


@pytest.fixture
def vault(tmp_path):
    """A provider of secrets, in a folder that no run writes."""
    (tmp_path / "theirs").mkdir()
    with guarding(tmp_path / "theirs" / "scenes") as server:
        yield server


def write_run(folder, vault, static=BY_VARIABLES, **scenes):
    """A config in a folder of its own, which names a vault by an address and a program that is told."""
    (folder / "ours").mkdir(parents=True, exist_ok=True)
    told = [sys.executable, "-c", TAKE_DOWN, str(folder / "ours" / "told.json")]
    provider = {"static": static.format(host=vault.host)}
    content = {
        "label": "q2",
        "aoi": [str(vault.folder.parent / "area.geojson")],
        "scenes": {"provider": provider, "missions": MISSIONS, **SPAN, **scenes},
        "notify": {"command": told},
    }
    return write_config(folder / "run.yaml", content)


def carry_out(config, *words, env=None, seconds=300):
    """Run a config into `ours` beside it, where all that it writes and says stands afterwards."""
    ours = config.parent / "ours"
    given = ("run", config, "--out", ours / "out", "--log", ours / "log.jsonl", "--json", *words)
    done = try_command(given, cwd=config.parent, env=surround(ours, env), seconds=seconds)
    (ours / "stdout.txt").write_text(done.out, encoding="utf-8")
    (ours / "stderr.txt").write_text(done.err, encoding="utf-8")
    return done


def surround(home, env=None):
    """The environment of a user, who keeps a password in a file for it too."""
    (home / ".netrc").unlink(missing_ok=True)
    return {
        **ENVIRONMENT,
        "HOME": str(home),
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME"),
        **(env or {}),
    }


def find_told(config, vault):
    """Where a secret stands in what a run left and said."""
    return find_secrets(config.parent / "ours", vault.secrets)


def test_a_run_over_secrets_of_every_kind_succeeds_and_tells_none(tmp_path, vault, fault):
    """Its items name files by path, signature, redirect, fragment, and by user with a query of the name."""
    config = write_run(tmp_path / "run", vault)
    with fault("a run over a catalogue full of secrets", must="exit 0, no byte tells one") as seen:
        done = carry_out(config)
        seen.secrets += find_told(config, vault)
        assert (done.code, vault.refused) == (0, [])
        manifest = json.loads((config.parent / "ours/out/pond/q2/manifest.json").read_text(encoding="utf-8"))
        assert {scene["mission"] for scene in manifest["scenes"]} == set(MISSIONS)
        told = manifest["config"]["scenes"]["provider"]["static"]
        assert told == BY_VARIABLES.format(host=vault.host).replace(KEY, "...")
        assert "exit_code" in (config.parent / "ours/told.json").read_text(encoding="utf-8")
        seen.happened = "exit 0, nothing found"


def refuse(vault):
    """Its catalogue is refused."""
    vault.answers[f"/{PATH}/catalog.json"] = (401, {}, b"")


def echo(vault):
    """It answers with no catalogue, and tells all that it was asked with."""
    body = f"no JSON: http://{USER}:{PASSWORD}@{vault.host}/{PATH}?key={KEY} {PATH.upper()}".encode()
    vault.answers[f"/{PATH}/catalog.json"] = (200, {}, body)


def break_down(vault):
    """It is out of order."""
    vault.answers[f"/{PATH}/catalog.json"] = (500, {}, b"")


def lead_away(vault):
    """It leads to another host, with what that asks for."""
    target = {"Location": f"http://127.0.0.2:9/{HOP}/catalog.json?sig={vault.signature}"}
    vault.answers[f"/{PATH}/catalog.json"] = (302, target, b"")


def lose_items(vault):
    """Items that it names are not there."""
    shutil.rmtree(vault.folder / "S2A_51RUQ_20240501_0_L2A")


def lose_files(vault):
    """Most of its files are refused, others broken."""
    for path in vault.folder.glob("*/*.tif"):
        vault.answers[f"/{path.parent.name}/{path.name}"] = (403, {}, b"")
        path.write_bytes(path.read_bytes()[:200])


def move_files(vault):
    """Its items lie with a stranger, whose addresses are signed."""
    vault.name_file = lambda _, item, file: (
        f"http://{USER}:{OTHER}@127.0.0.2:9/{item}/{file}?sig={vault.signature}"
    )


def leave(_):
    """Nothing is amiss with it."""


def refuse_anyone(vault):
    """Its catalogue is refused wherever it lies."""
    refuse(vault)
    vault.answers["/catalog.json"] = (401, {}, b"")


class Case(NamedTuple):
    """What is amiss with a provider, how its address and the environment are written, what must come."""

    name: str
    code: int
    word: str
    amiss: Callable[[Vault], None] = leave
    static: str = BY_VARIABLES
    env: Mapping[str, str | None] = {}


FAILURES = [
    Case("a path that is refused", 3, "HTTP 401", refuse),
    Case("an answer that repeats the secrets", 3, "STAC", echo),
    Case("a variable that is not set", 2, "${VAULT_PATH}", env={"VAULT_PATH": None}),
]
SLOW_FAILURES = [
    Case("a secret that is wrong", 3, "HTTP 404", env={"VAULT_PATH": "wrong-Xx9y8", "VAULT_PASSWORD": "no"}),
    Case("a provider out of order", 75, "does not answer", break_down),
    Case("a redirect to a stranger", 3, "127.0.0.2", lead_away),
    Case("items that are gone", 0, "404", lose_items),
    Case("files that are refused and broken", 4, "", lose_files),
    Case("files of a stranger", 3, "127.0.0.2", move_files),
    Case("a host without an address", 75, "nohost", static=BY_VARIABLES.replace("{host}", "nohost.invalid")),
    Case("a port that nobody opens", 75, "127.0.0.1", static=BY_VARIABLES.replace("{host}", "127.0.0.1:9")),
    Case("a whole address", 75, "", static="${{WHOLE}}", env={"WHOLE": f"http://127.0.0.1:9/{PATH}/c.json"}),
    Case("secrets in the clear, refused", 3, "HTTP 401", refuse_anyone, IN_THE_CLEAR),
]


@pytest.mark.parametrize(
    "case",
    [*FAILURES, *(pytest.param(case, marks=pytest.mark.slow) for case in SLOW_FAILURES)],
    ids=lambda case: case.name.replace(" ", "_"),
)
def test_a_run_that_fails_tells_no_secret(tmp_path, vault, fault, case):
    case.amiss(vault)
    config = write_run(tmp_path / "run", vault, case.static)
    with fault(case.name, must=f"exit {case.code}, no byte tells a secret") as seen:
        done = carry_out(config, env=case.env)
        seen.secrets += find_told(config, vault)
        assert done.code == case.code, done.tell()
        assert case.word in done.err
        seen.happened = done.tell()


@pytest.mark.slow
@pytest.mark.parametrize("command", ["validate", "plan", "doctor"])
def test_no_command_before_a_run_tells_a_secret(tmp_path, vault, fault, command):
    config = write_run(tmp_path / "run", vault)
    with fault(f"{command} over a catalogue full of secrets", must="no secret told") as seen:
        done = try_command([command, config], env=surround(tmp_path), seconds=120)
        (config.parent / "ours" / "said.txt").write_text(done.out + done.err, encoding="utf-8")
        seen.secrets += find_told(config, vault)
        seen.happened = done.tell()
        assert done.code == 0


@pytest.mark.slow
def test_a_run_that_is_killed_and_taken_up_with_new_signatures_reads_and_tells_none(tmp_path, vault, fault):
    """What was signed is kept nowhere: its addresses are asked for anew, and the scenes stay as they were."""
    config = write_run(tmp_path / "run", vault)
    ours = config.parent / "ours"
    with fault("signatures that end while a run is down", must="exit 0, read by new ones, none told") as seen:
        words = ["run", config, "--out", ours / "out", "--log", ours / "log.jsonl", "--quiet"]
        process = subprocess.Popen(
            [str(word) for word in (PROGRAM, *words)],
            env={**os.environ, **ENVIRONMENT},
            start_new_session=True,
        )
        while process.poll() is None and not list(ours.glob("out/work/artifacts/scenes/*/account.json")):
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        shutil.rmtree(ours / "out" / "work" / "cache", ignore_errors=True)
        before = vault.secrets
        vault.signature = "sign-Nw7t4Jd"
        done = carry_out(config)
        seen.secrets += [*find_told(config, vault), *find_secrets(ours, before)]
        assert (done.code, vault.refused) == (0, []), done.tell()
        seen.happened = done.tell()
