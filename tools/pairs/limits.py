"""A program that gets a part of the machine: control groups (version 1), a network namespace.

CPU by a quota, reads of files by bytes a second of their disk, the network by a token bucket on
the namespace's loopback device. What is written to files passes through the page cache and is not
limited: version 1 cannot.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
PERIOD_US = 20_000  # short, so that a quota is felt as a slower machine and not as pauses
# Of all others together: what else runs on the machine gets what is left.
SHARES = 100_000


@dataclass(frozen=True)
class Limits:
    """None: not limited."""

    cpus: float | None = None  # of CPU time a second
    read_bytes: float | None = None  # a second
    network_bits: float | None = None  # a second


class Group:
    """A control group with limits, as a context; ends all of its processes."""

    def __init__(self, name: str, limits: Limits, disk_of: Path) -> None:
        """disk_of: a path on the disk whose reads are limited."""
        # cpu and cpuacct are one folder on most machines, by two names.
        self.cpu, self.usage, self.blkio = (
            (CGROUPS / controller).resolve() / name for controller in ("cpu", "cpuacct", "blkio")
        )
        self.folders = tuple(dict.fromkeys((self.cpu, self.usage, self.blkio)))
        self.limits = limits
        device = os.stat(disk_of).st_dev
        self.device = f"{os.major(device)}:{os.minor(device)}"

    def __enter__(self) -> Group:
        for folder in self.folders:
            if not folder.parent.is_dir():
                raise SystemExit(
                    f"make_pairs: no {folder.parent}: control groups, version 1, are needed"
                )
            folder.mkdir(exist_ok=True)
        (self.cpu / "cpu.shares").write_text(str(SHARES))
        (self.cpu / "cpu.cfs_period_us").write_text(str(PERIOD_US))
        cpus = self.limits.cpus
        quota = -1 if cpus is None else round(cpus * PERIOD_US)
        (self.cpu / "cpu.cfs_quota_us").write_text(str(quota))
        read = 0 if self.limits.read_bytes is None else round(self.limits.read_bytes)
        (self.blkio / "blkio.throttle.read_bps_device").write_text(f"{self.device} {read}")
        return self

    def __exit__(self, *_: object) -> None:
        for _try in range(100):
            pids = (self.cpu / "cgroup.procs").read_text().split()
            for pid in pids:
                try:
                    os.kill(int(pid), signal.SIGKILL)
                except ProcessLookupError:
                    continue
            if not pids:
                break
            time.sleep(0.05)
        for folder in self.folders:
            folder.rmdir()

    def cpu_s(self) -> float:
        """CPU time of all that ran in it."""
        return int((self.usage / "cpuacct.usage").read_text()) / 1e9

    def run(self, command: list[str], environment: dict[str, str], timeout_s: float) -> None:
        """Runs it to its end; raises what subprocess.run raises."""
        prefix: list[str] = []
        if self.limits.network_bits is not None:
            rate = f"{round(self.limits.network_bits)}bit"
            tc = f"tc qdisc add dev lo root tbf rate {rate} burst 256k latency 100ms"
            script = f'ip link set lo up && {tc} && exec "$@"'
            prefix = ["unshare", "--net", "sh", "-c", script, "sh"]

        def join_groups() -> None:
            for folder in self.folders:
                (folder / "cgroup.procs").write_text(str(os.getpid()))

        subprocess.run(
            prefix + command,
            check=True,
            env=environment,
            timeout=timeout_s,
            preexec_fn=join_groups,
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )


def forget_files(folder: Path) -> None:
    """Takes the files of a folder out of the page cache: they are read from the disk next."""
    os.sync()
    for path in folder.rglob("*"):
        if path.is_file():
            handle = os.open(path, os.O_RDONLY)
            try:
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(handle)


def require_tools() -> None:
    """Ends with one line if a program is missing or this is not root."""
    for tool in ("unshare", "tc", "ip"):
        if shutil.which(tool) is None:
            raise SystemExit(f"make_pairs: {tool} is needed (Debian: util-linux, iproute2)")
    if os.geteuid() != 0:
        raise SystemExit("make_pairs: control groups and network namespaces need root")
