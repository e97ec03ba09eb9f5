"""The command line that `make`, `make plan` and `make check` share: configs, cores, memory and the study's folder.

Without a limit on memory Snakemake starts a job on every core, also where cores are many and memory is small.
"""

import argparse
import os
import sys
from pathlib import Path

from snakemake.utils import available_cpu_count

from design.places import user_path

CONTROL_GROUPS = Path("/sys/fs/cgroup")


def memory_for_jobs(physical: int, limits: list[str]) -> int:
    """Return four fifths of the memory that can be had, in MB; the rest is the system's and Snakemake's.

    Args:
        physical: memory of the machine, in bytes.
        limits: contents of the limit files of control groups: bytes, or `max` where there is none.
    """
    available = min([physical, *(int(limit) for limit in limits if limit.strip().isdigit())])
    return available * 4 // 5 // 1_000_000


def limit_files(groups: str) -> list[Path]:
    """Return where the memory limits of a process's control groups would be, those of all groups above included.

    A limit may be that of a container, of Slurm's job, of a systemd scope or of the user.

    Args:
        groups: content of `/proc/self/cgroup`, a line `number:controllers:path` for each hierarchy.
    """
    found = []
    for line in groups.splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:  # version 2
            root, name = CONTROL_GROUPS, "memory.max"
        elif "memory" in controllers.split(","):  # version 1
            root, name = CONTROL_GROUPS / "memory", "memory.limit_in_bytes"
        else:
            continue
        group = root / path.lstrip("/")
        found += [place / name for place in (group, *group.parents) if place.is_relative_to(root)]
    return found


def memory_for_jobs_here() -> int:
    """Return what `memory_for_jobs` gives for this machine and the limits of this process, in MB."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    groups = Path("/proc/self/cgroup")
    files = limit_files(groups.read_text()) if groups.exists() else []
    return memory_for_jobs(physical, [path.read_text() for path in files if path.is_file()])


def number_of_cores(text: str) -> int:
    """Return the cores to use, for argparse: a number from 1, or `all` of those this process may use."""
    if text == "all":
        return available_cpu_count()
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number of cores from 1, or `all`. Received: {text!r}")
    return int(text)


def parse(description: str, argv: list[str] | None) -> tuple[argparse.Namespace, list[str]]:
    """Read the command line.

    Args:
        description: what the command does.
        argv: its words; those of this process where None.

    Returns:
        `(options, others)`: options with `configs` (paths, laid over each other), `config` (mapping laid over them),
        `cores`, `memory_mb` (for all jobs together) and `directory` (the study's folder), and the words that are for
        Snakemake.

    Raises:
        SystemExit: with one line, if the config is given in a way that the check would not see.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("configs", nargs="+", type=Path, help="configuration files, laid over each other")
    parser.add_argument("--cores", type=number_of_cores, default="all")
    parser.add_argument("--memory-mb", type=int, default=memory_for_jobs_here(), help="for all jobs together")
    parser.add_argument("--directory", "-d", type=user_path, default=Path(), help="of the study; by default this one")
    parser.add_argument("--config", "-C", nargs="*", metavar="KEY=VALUE", help="laid over the files, as Snakemake does")
    options, others = parser.parse_known_args(argv)
    if any(word.startswith("--configfile") for word in others):
        sys.exit(f'ERROR: expected config files in CONFIG="a.yaml b.yaml". Received: {" ".join(others)}')
    if options.config:
        others = [*others, "--config", *options.config]
    options.config = _values(options.config or [])
    return options, others


def _values(entries: list[str]) -> dict:
    """Return what Snakemake reads from the words after its `--config`."""
    if not entries:
        return {}
    from snakemake.cli import parse_config  # takes a second to import

    try:
        return parse_config(entries)
    except ValueError:
        sys.exit(f"ERROR: expected --config KEY=VALUE, nested as 'sweeps={{units: [8, 16]}}'. Received: {entries}")
