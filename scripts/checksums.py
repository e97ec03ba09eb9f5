"""Print the checksums of a finished study, for others to compare with: `make checksums > mine.txt`."""

import argparse
import sys
from pathlib import Path

from design.places import user_path
from files.study_checksums import checksums_text, origin, study_checksums


def main(argv: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=user_path, default=Path("results"), help="the study's results folder")
    results = parser.parse_args(argv).results
    try:
        text = checksums_text(study_checksums(results), origin(results))
    except (ValueError, OSError, KeyError) as error:
        sys.exit(f"ERROR: {results} holds no finished study: {error}. Run `make` first.")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
