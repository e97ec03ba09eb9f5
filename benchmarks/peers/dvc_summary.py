"""Write the table of means, the last stage of dvc_study.py: dvc_summary.py METRICS_FOLDER OUTPUT."""

import argparse
import csv
from pathlib import Path
from statistics import fmean

import keras_run


def summary_row(rows: list[dict]) -> dict:
    """Return the row of one point: its hyperparameters, the number of seeds and the means of the metrics."""
    means = {name: fmean(float(row[name]) for row in rows) for name in keras_run.METRICS}
    point = {name: value for name, value in rows[0].items() if name not in ("seed", *keras_run.METRICS)}
    return point | {"n": len(rows)} | means


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("metrics", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    tables = [list(csv.DictReader(path.open(encoding="utf-8"))) for path in sorted(arguments.metrics.glob("*.csv"))]
    rows = [summary_row(table) for table in tables]
    with arguments.output.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
