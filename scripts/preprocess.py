"""Turn four raw IDX files into arrays: x uint8 (n, 28, 28, 1), y uint8 (n,)."""

import argparse
import sys
from pathlib import Path

from data.arrays import preprocess


def main(argv: list[str] | None = None) -> None:
    """Command line of the rule."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw-folder", type=Path, required=True, help="folder of the four raw IDX files")
    parser.add_argument("--output-folder", type=Path, required=True, help="folder of the arrays")
    arguments = parser.parse_args(argv)
    try:
        preprocess(arguments.raw_folder, arguments.output_folder)
    except (ValueError, OSError) as error:
        sys.exit(f"ERROR: {error}")


if __name__ == "__main__":
    main()
