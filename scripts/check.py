"""Check the configuration before anything runs: YAML, every key, every rule; all problems at once, one line each.

Snakemake's own loader names neither file nor line and lets a key given twice pass, so `make` calls this first.
"""

from running import make_options
from running.checking import checked_config


def main(argv: list[str] | None = None) -> None:
    """Command line: `python scripts/check.py config/config.yaml [overlay.yaml …]`; of other options nothing follows."""
    options, _ = make_options.parse(__doc__, argv)
    checked_config(options.configs, options.directory, options.config)


if __name__ == "__main__":
    main()
