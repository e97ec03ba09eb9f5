"""Check the configuration before anything runs: YAML, every key, every rule; all problems at once, one line each.

Snakemake's own loader names neither file nor line and lets a key given twice pass, so `make` calls this first.
"""

import argparse
from pathlib import Path

from running.checking import checked_config


def main(argv: list[str] | None = None) -> None:
    """Command line: `python scripts/check.py config/config.yaml [overlay.yaml …]`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--directory", "-d", type=Path, default=Path(), help="of the study; by default this one")
    arguments = parser.parse_args(argv)
    checked_config(arguments.files, arguments.directory)


if __name__ == "__main__":
    main()
