"""How much memory jobs may take on this machine: what `make` passes on to Snakemake as `--resources mem_mb`.

Without it Snakemake starts a job on every core, also where cores are many and memory is small.
"""

import os
from pathlib import Path

LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")  # a container's, cgroup v2, v1


def memory_for_jobs(physical: int, limits: list[str]) -> int:
    """Return four fifths of the memory that can be had, in MB; the rest is the system's and Snakemake's.

    Args:
        physical: memory of the machine, in bytes.
        limits: contents of the control group's limit files: bytes, or `max` where there is none.
    """
    available = min([physical, *(int(limit) for limit in limits if limit.strip().isdigit())])
    return available * 4 // 5 // 1_000_000


def memory_for_jobs_here() -> int:
    """Return what `memory_for_jobs` gives for this machine and its container, in MB."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return memory_for_jobs(physical, [Path(path).read_text() for path in LIMITS if os.path.exists(path)])
