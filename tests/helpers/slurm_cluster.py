"""A real Slurm on this machine for tests: munged, slurmctld and three slurmd, on the loopback interface only.

Slurm's jobs find their configuration at /etc/slurm/slurm.conf alone, so that this needs root, and refuses to touch a
configuration it has not written.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

CONFIGURATION = Path("/etc/slurm/slurm.conf")
OURS = "# written by the tests of a study; safe to delete"
NODES = ("n1", "n2", "n3")
NODE_MEMORY_MB = 4000
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol")
SETTINGS = """{ours}
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=17817
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/munge
SlurmUser=root
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdSpoolDir={folder}/spool-%n
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmdLogFile={folder}/slurmd-%n.log
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MinJobAge=3600
ReturnToService=2
KillWait=2
{nodes}
PartitionName=main Nodes={names} Default=YES MaxTime=INFINITE State=UP
"""


def why_not() -> str | None:
    """Return why no Slurm can be started here, or None."""
    missing = [program for program in PROGRAMS if shutil.which(program, path=search_path()) is None]
    if missing:
        return f"Slurm is not installed: no {', '.join(missing)} (Debian: slurmctld slurmd slurm-client munge)"
    if os.geteuid() != 0:
        return "starting a Slurm of our own needs root"
    if CONFIGURATION.exists() and OURS not in CONFIGURATION.read_text():
        return f"{CONFIGURATION} belongs to a Slurm of this machine"
    return None


def search_path() -> str:
    """Return where programs are looked for: daemons are in sbin."""
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


def wait_for(condition, what: str, seconds: float = 60):
    """Return the condition's value once it is true.

    Raises:
        TimeoutError: naming what was waited for.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.1)
    raise TimeoutError(f"waited {seconds} s for {what}")


def answer(*call: str) -> str:
    """Return what a command prints; nothing if it fails."""
    return subprocess.run(call, capture_output=True, text=True, timeout=30, check=False).stdout


class SlurmCluster:
    """Three nodes of one core each, started by `start` and ended by `stop`, whatever happened in between."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.daemons: list[tuple[str, Path]] = []

    def start(self) -> None:
        """Start all daemons and wait until the nodes are idle."""
        host = socket.gethostname().split(".")[0]
        (self.folder / "state").mkdir(parents=True)
        nodes = "\n".join(
            f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={17820 + number}"
            f" CPUs=1 RealMemory={NODE_MEMORY_MB} State=UNKNOWN"
            for number, name in enumerate(NODES)
        )
        CONFIGURATION.parent.mkdir(exist_ok=True)
        CONFIGURATION.write_text(
            SETTINGS.format(ours=OURS, host=host, folder=self.folder, nodes=nodes, names=",".join(NODES))
        )
        self._start_munge()
        self._start_daemon("slurmctld", self.folder / "slurmctld.pid")
        for name in NODES:
            (self.folder / f"spool-{name}").mkdir()
            self._start_daemon("slurmd", self.folder / f"slurmd-{name}.pid", "-N", name)
        wait_for(lambda: answer("sinfo", "-h", "-N", "-o", "%T").split() == ["idle"] * len(NODES), "idle nodes")

    def _start_munge(self) -> None:
        key = Path("/etc/munge/munge.key")
        if not key.exists():
            key.write_bytes(os.urandom(1024))
            key.chmod(0o400)
            shutil.chown(key, "munge", "munge")
        for name in ("/run/munge", "/var/log/munge", "/var/lib/munge"):
            Path(name).mkdir(parents=True, exist_ok=True)
            shutil.chown(name, "munge", "munge")
        if not answer("munge", "-n"):  # none is running
            call = ["runuser", "-u", "munge", "--", shutil.which("munged", path=search_path())]
            subprocess.run(call, check=True, timeout=30)
            self.daemons.append(("munged", Path("/run/munge/munged.pid")))
            wait_for(lambda: answer("munge", "-n"), "munged")

    def _start_daemon(self, program: str, pid_file: Path, *options: str) -> None:
        subprocess.run([shutil.which(program, path=search_path()), *options], check=True, timeout=30)
        self.daemons.append((program, pid_file))
        wait_for(lambda: pid_file.exists() and pid_file.read_text().strip(), str(pid_file))

    def stop(self) -> None:
        """End what is queued or runs, then every daemon that was started here, by its process id."""
        answer("scancel", *(job["JobId"] for job in self.jobs() if job["JobState"] in ("PENDING", "RUNNING")), "--full")
        for program, pid_file in reversed(self.daemons):
            if pid_file.exists() and (pid := pid_file.read_text().strip()):
                end_process(int(pid), program)
        CONFIGURATION.unlink(missing_ok=True)

    def jobs(self) -> list[dict[str, str]]:
        """Return Slurm's own record of all jobs, oldest first: JobId, JobName, JobState, NodeList, Comment, …"""
        lines = [line for line in answer("scontrol", "show", "job", "--oneliner").splitlines() if "JobId=" in line]
        found = [dict(word.split("=", 1) for word in line.split() if "=" in word) for line in lines]
        return sorted(found, key=lambda job: int(job["JobId"]))

    def take_down(self, name: str) -> None:
        """Take a node down, as an administrator would or a failure; its jobs fail. It comes back by itself."""
        call = ["scontrol", "update", f"nodename={name}", "state=down", "reason=test"]
        subprocess.run(call, check=True, timeout=30, capture_output=True)


def end_process(pid: int, program: str) -> None:
    """End a daemon: politely, and after ten seconds for good."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not runs(pid, program):
            return
        os.kill(pid, number)
        try:
            wait_for(lambda: not runs(pid, program), f"the end of {program}", 10)
        except TimeoutError:
            continue


def runs(pid: int, program: str) -> bool:
    """Whether a process of this id runs, and is this program; one that ended and waits to be fetched does not run."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    return f"Name:\t{program}\n" in status and "State:\tZ" not in status
