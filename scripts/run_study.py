"""Check the config, bring the data up to date, then the study: what `make` runs.

By hand: `snakemake data`, then `snakemake`. Here Snakemake is imported once for both, which takes longer than to find
that nothing has changed.
"""

import argparse
from pathlib import Path

from snakemake.cli import main as snakemake

import check
import disk
import display
import leftovers
from forecast import jobs_at_once, number_of_cores, work_of
from memory import memory_for_jobs_here
from progress import Progress, summary

DRY_RUN = {"--dry-run", "--dryrun", "-n"}


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
    parser.add_argument("--cores", type=number_of_cores, default="all")
    parser.add_argument("--memory-mb", type=int, default=memory_for_jobs_here(), help="for all jobs together")
    parser.add_argument("--directory", "-d", type=Path, help="of the study; by default this one")
    arguments, options = parser.parse_known_args(argv)
    check.main(arguments.configs)
    if arguments.directory:
        options += ["--directory", str(arguments.directory.resolve())]
    # --resources and --configfile take all words that follow: an option ends the one, nothing may follow the other.
    options += ["--resources", f"mem_mb={arguments.memory_mb}", "--cores", f"{arguments.cores}"]
    configs = ["--configfile", *arguments.configs]
    if not DRY_RUN & set(options):
        leftovers.begin(arguments.directory or Path(), lambda: run_snakemake([*options, "--unlock", *configs]))
    study, _ = check.check([Path(file) for file in arguments.configs])
    work = work_of(study)
    slots = jobs_at_once(arguments.cores, arguments.memory_mb, work)
    runs: list[Progress] = []
    try:
        for targets in (["data"], []):
            display.run([*options, *targets, *configs], arguments.directory or Path(), work, slots, runs)
    except SystemExit:
        disk.tell_trouble(arguments.directory or Path())
        raise
    finally:
        print(summary(runs))


if __name__ == "__main__":
    main()
