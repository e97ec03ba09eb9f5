"""Turn raw files into arrays: x, uint8 or float32, (n, height, width, channels) or (n, length); y, uint8 (n,)."""

import argparse
import sys
from pathlib import Path

from data.arrays import preprocess


def main(argv: list[str] | None = None) -> None:
    """Command line of the rule."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw-folder", type=Path, required=True, help="folder of the raw files and their record")
    parser.add_argument("--output-folder", type=Path, required=True, help="folder of the arrays")
    parser.add_argument("--classes", type=int, help="number of classes; without it, one more than the highest label")
    arguments = parser.parse_args(argv)
    try:
        preprocess(arguments.raw_folder, arguments.output_folder, arguments.classes)
    except (ValueError, OSError) as error:
        sys.exit(f"ERROR: {error}")


if __name__ == "__main__":
    main()
