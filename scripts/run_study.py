"""Check the config, bring the data up to date, then the study: what `make` runs.

By hand: `snakemake data`, then `snakemake`. Here Snakemake is imported once for both, which takes longer than to find
that nothing has changed.
"""

import argparse

from snakemake.cli import main as snakemake

import check
from memory import memory_for_jobs_here


def run_snakemake(arguments: list[str]) -> None:
    """Run Snakemake; ends the process if Snakemake fails."""
    try:
        snakemake(arguments)
    except SystemExit as end:
        if end.code:
            raise


def main(argv: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("configs", nargs="+", help="configuration files, laid over each other")
    parser.add_argument("--cores", default="all")
    parser.add_argument("--memory-mb", type=int, default=memory_for_jobs_here(), help="for all jobs together")
    arguments, options = parser.parse_known_args(argv)
    check.main(arguments.configs)
    # --resources and --configfile take all words that follow: an option ends the one, nothing may follow the other.
    options += ["--resources", f"mem_mb={arguments.memory_mb}", "--cores", arguments.cores]
    for targets in (["data"], []):
        run_snakemake([*options, *targets, "--configfile", *arguments.configs])


if __name__ == "__main__":
    main()
