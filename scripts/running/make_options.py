"""The command line that `make` and `make plan` share: configs, cores, memory and the study's folder."""

import argparse
from pathlib import Path

from snakemake.utils import available_cpu_count

from running.memory import memory_for_jobs_here


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
        `(options, others)`: options with `configs` (paths, laid over each other), `cores`, `memory_mb` (for all jobs
        together) and `directory` (the study's folder), and the words that are for Snakemake.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("configs", nargs="+", type=Path, help="configuration files, laid over each other")
    parser.add_argument("--cores", type=number_of_cores, default="all")
    parser.add_argument("--memory-mb", type=int, default=memory_for_jobs_here(), help="for all jobs together")
    parser.add_argument("--directory", "-d", type=Path, default=Path(), help="of the study; by default this one")
    return parser.parse_known_args(argv)
