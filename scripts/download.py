"""Fetch the files of a data set from the first source that delivers the right bytes.

A data set listed in datasets.yaml is known by the SHA-256 of each file, so it does not matter who delivers it. One that
is not listed comes from a local folder alone, is checked to be images and their labels, and its SHA-256 are printed.
"""

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data.datasets import FILES, find_dataset, load_datasets
from data.sources import Refused, fetch_dataset, take_unlisted
from files import records


@contextmanager
def _signals_unwind() -> Iterator[None]:
    """Let a signal that ends the process unwind it first, so that temporary folders go and programs are stopped."""

    def unwind(number, _frame):
        sys.exit(128 + number)

    # A signal that is ignored (nohup, a shell's background job) stays so.
    old = {
        number: handler
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        if (handler := signal.getsignal(number)) != signal.SIG_IGN
    }
    for number in old:
        signal.signal(number, unwind)
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def _log(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main(argv: list[str] | None = None) -> None:
    """Command line of the rule."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", type=Path, required=True, help="datasets.yaml")
    parser.add_argument("--dataset", required=True, help="an entry's name, or any name together with --local-folder")
    parser.add_argument("--output-folder", type=Path, required=True, help="gets the raw files")
    parser.add_argument("--local-folder", type=Path, help="folder of the files, tried first")
    arguments = parser.parse_args(argv)
    try:
        with _signals_unwind():
            datasets = load_datasets(arguments.datasets)
            if arguments.dataset in datasets or arguments.local_folder is None:
                dataset = find_dataset(datasets, arguments.dataset)
                fetch_dataset(dataset, arguments.output_folder, arguments.local_folder, _log)
                names = list(FILES.values())
            else:
                names = take_unlisted(arguments.local_folder, arguments.output_folder, _log)
            files = [arguments.output_folder / name for name in names]
            records.write_record(arguments.output_folder / "download.json", files, dataset=arguments.dataset)
    except (Refused, ValueError, OSError) as error:
        sys.exit(f"ERROR: {error}")


if __name__ == "__main__":
    main()
