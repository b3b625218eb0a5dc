"""A real Slurm of one node on loopback, started and stopped by the tests."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue")
_CONF = """
ClusterName=ecoledger
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmctldPort={ctld}
SlurmdPort={d}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldLogFile={folder}/ctld.log
SlurmdLogFile={folder}/d.log
SlurmctldPidFile={folder}/ctld.pid
SlurmdPidFile={folder}/d.pid
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=8000
PartitionName=main Nodes={host} Default=YES State=UP
"""


def missing() -> str:
    """Why there can be no Slurm here; empty if there can."""
    absent = [name for name in PROGRAMS if not shutil.which(name)]
    if absent:
        return f"not installed: {' '.join(absent)}"
    return "" if os.geteuid() == 0 else "slurmd is started as root"


@contextmanager
def started(folder: Path) -> Iterator[dict[str, str]]:
    """The environment in which sbatch and its kin find a Slurm that runs until the end."""
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True)
    host = socket.gethostname().split(".")[0]
    conf = folder / "slurm.conf"
    conf.write_text(_CONF.format(host=host, folder=folder, ctld=_free_port(), d=_free_port()))
    _start_munge()
    servers = [
        subprocess.Popen([name, "-D", "-f", conf], stderr=subprocess.DEVNULL)
        for name in ("slurmctld", "slurmd")
    ]
    environment = {**os.environ, "SLURM_CONF": str(conf)}
    try:
        _await_idle(environment)
        yield environment
    finally:
        subprocess.run(["scancel", "--user=root"], env=environment, check=False)
        for server in reversed(servers):
            server.terminate()
            server.wait()


def jobs(environment: dict[str, str], form: str = "%i %T") -> list[str]:
    """One line per job that waits or runs."""
    words = ["squeue", "--noheader", f"--format={form}"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def _start_munge() -> None:
    """munged, which lets the daemons of Slurm trust each other, where it does not run yet."""
    if subprocess.run(["munge", "-n"], capture_output=True, check=False).returncode == 0:
        return
    Path("/run/munge").mkdir(exist_ok=True)
    shutil.chown("/run/munge", "munge", "munge")
    subprocess.run(["munged"], user="munge", group="munge", check=True)


def _await_idle(environment: dict[str, str]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        words = ["sinfo", "--noheader", "--format=%T"]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        if done.stdout.split() == ["idle"]:
            return
        time.sleep(0.2)
    raise TimeoutError("Slurm did not come up")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
