"""A STAC API for the tests: stac-fastapi-pgstac on PostgreSQL with PostGIS, started and stopped by them."""

import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from programs import ROOT

STAC_ENV = ROOT / ".venv" / "stac" / "bin"
_PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
_POSTGIS = sorted(Path("/usr/share/postgresql").glob("*/extension/postgis.control"))
_PATIENCE_S = 30


def lacking() -> str:
    """What the server needs and this machine lacks; '' if it can start."""
    missing = {
        "PostgreSQL (apt-get install postgresql)": not _PROGRAMS,
        "PostGIS (apt-get install postgresql-15-postgis-3)": not _POSTGIS,
        "stac-fastapi-pgstac (make stac-server)": not (STAC_ENV / "uvicorn").exists(),
    }
    return ", ".join(name for name, absent in missing.items() if absent)


@contextmanager
def served(collections: Sequence[dict[str, Any]], items: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The address of a STAC API that holds collections and items."""
    folder = Path(tempfile.mkdtemp(prefix="pgstac-"))
    try:
        with _database(folder) as environment:
            _loaded(folder, environment, collections, items)
            with _api(environment) as address:
                yield address
    finally:
        shutil.rmtree(folder)


@contextmanager
def _database(folder: Path) -> Iterator[dict[str, str]]:
    """A PostgreSQL server in a folder, and the environment that reaches it.

    PostgreSQL refuses to run as root, so root starts it as the user postgres.
    """
    owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if owner:
        os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
    data, port = folder / "data", str(_free_port())
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    control = [*owner, _PROGRAMS[-1] / "pg_ctl", "-D", data, "-s", "-w"]
    _run(
        *owner,
        _PROGRAMS[-1] / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
    )
    _run(*control, "-l", folder / "log", "-o", options, "start")
    known = {
        "HOST": "127.0.0.1",
        "PORT": port,
        "USER": "postgres",
        "PASSWORD": "none",
        "DATABASE": "postgres",
    }
    try:
        yield {**os.environ, **{f"PG{name}": value for name, value in known.items()}}
    finally:
        _run(*control, "-m", "immediate", "stop")


def _loaded(
    folder: Path,
    environment: dict[str, str],
    collections: Sequence[dict[str, Any]],
    items: Sequence[dict[str, Any]],
) -> None:
    _run(_PROGRAMS[-1] / "psql", "-q", "-c", "create extension postgis", environment=environment)
    _run(STAC_ENV / "pypgstac", "migrate", environment=environment)
    for table, rows in (("collections", collections), ("items", items)):
        file = folder / f"{table}.ndjson"
        file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
        _run(STAC_ENV / "pypgstac", "load", table, file, "--method", "insert", environment=environment)


@contextmanager
def _api(environment: dict[str, str]) -> Iterator[str]:
    port = _free_port()
    words = ["--factory", "stac_fastapi.pgstac.app:create_app", "--port", str(port), "--log-level", "warning"]
    server = subprocess.Popen([STAC_ENV / "uvicorn", *words], env=environment)
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int) -> None:
    for _ in range(_PATIENCE_S * 10):
        with socket.socket() as door:
            if door.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing answers at port {port}")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _run(*words: object, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        [str(word) for word in words],
        env=environment,
        check=False,
        text=True,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        cwd="/",
    )
    assert done.returncode == 0, done.stderr
