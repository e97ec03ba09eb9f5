"""Check the config, bring data and descriptions of networks up to date, then the study: what `make` runs.

By hand: `snakemake data networks`, then `snakemake`. Here Snakemake is imported once for both, which takes longer than
to find that nothing has changed.
"""

import re
from contextlib import nullcontext

from running import checking, display, guard, make_options
from running.conclusion import concluded
from running.forecast import jobs_at_once, work_of

DRY_RUN = re.compile(r"--dry-?run|-[a-zA-Z]*n[a-zA-Z]*")  # also among other one-letter options: -np


def main(argv: list[str] | None = None) -> None:
    """Command line; further options go to Snakemake."""
    options, others = make_options.parse(__doc__, argv)
    folder = options.directory
    config = checking.checked_config(options.configs, folder, options.config)
    # --resources and --configfile take all words that follow: an option ends the one, nothing may follow the other.
    arguments = [*others, "--directory", str(folder.resolve())]
    arguments += ["--resources", f"mem_mb={options.memory_mb}", "--cores", f"{options.cores}"]
    configs = ["--configfile", *map(str, options.configs)]
    is_dry = any(DRY_RUN.fullmatch(word) for word in others)
    if not is_dry:
        guard.begin(folder, unlock=True)
    work = work_of(config, folder)
    slots = jobs_at_once(options.cores, options.memory_mb, work)
    with nullcontext([]) if is_dry else concluded(folder) as runs:
        display.run([*arguments, "data", "networks", *configs], folder, work, slots, runs)
        if not is_dry:
            for note in checking.notes_on_data(folder / "results" / "data" / config.dataset):
                print(f"NOTE: {note}")
        display.run([*arguments, *configs], folder, work, slots, runs)


if __name__ == "__main__":
    main()
