"""Aggregate all runs: one table of runs, one for each sweep and grid, one of all comparisons (rule aggregate)."""

import argparse
import sys

from files.atomic import atomic_path
from files.outdated import remove_pairs
from files.records import RecordError, write_record
from tables import comparisons
from tables.matched_pairs import compare_matched
from tables.runs import RUN_COLUMNS, read_runs
from tables.selection_table import SELECTION_COLUMNS, selection_rows
from tables.study import Study, add_study_argument, read_study
from tables.summary_tables import markdown_tables, summarise, summary_columns
from tables.trends import LEARNING_COLUMNS, TREND_COLUMNS, learning_rows, trend_rows
from tables.write import write_table

# Tables that do not go by the name of a sweep or grid; two_way, published and orderings are made by other rules.
OWN = ("runs", "comparisons", "differences", "selection", "learning", "trends")
OF_EVERY_STUDY = (*OWN, "two_way", "published", "orderings")


def aggregate(study: Study, margins: dict[str, float]) -> None:
    """Write all tables of a study, and their record.

    Args:
        study: the plan; tables go to its results folder.
        margins: practical margin δ by metric.

    Raises:
        RecordError: if a file of the runs is not the one that was written.
    """
    tables = study.results / "tables"
    runs = {setting.key: read_runs(setting) for setting in study.settings if setting.wanted_by}
    write_table(tables / "runs.csv", RUN_COLUMNS, [row for some in runs.values() for row in some.rows])
    compared = []
    for summary, factors in study.summaries.items():
        own = [
            row
            for metric, margin in margins.items()
            for row in comparisons.compare_summary(study, summary, runs, metric, margin)
        ]
        compared += own
        rows = summarise(study, summary, runs, own)
        write_table(tables / f"{summary}.csv", summary_columns(factors), rows)
        with atomic_path(tables / f"{summary}.md") as temporary:
            temporary.write_text(markdown_tables(study, summary, rows), encoding="utf-8")
    compared += compare_matched(study, runs, margins)
    write_table(tables / "comparisons.csv", comparisons.COLUMNS, compared)
    write_table(tables / "differences.csv", comparisons.DIFFERENCE_COLUMNS, compared)
    write_table(tables / "selection.csv", SELECTION_COLUMNS, selection_rows(study, runs))
    write_table(tables / "learning.csv", LEARNING_COLUMNS, learning_rows(study))
    write_table(tables / "trends.csv", TREND_COLUMNS, trend_rows(study, runs))
    names = [
        *(f"{name}.csv" for name in OWN),
        *(f"{name}.{kind}" for name in study.summaries for kind in ("csv", "md")),
    ]
    write_record(tables / "aggregate.json", [tables / name for name in names], **study.identity, margins=margins)


def main(argv: list[str] | None = None) -> None:
    """Command line of the rule."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_study_argument(parser)
    parser.add_argument("--margin-accuracy", type=float, required=True, help="δ: smaller differences do not matter")
    parser.add_argument("--margin-loss", type=float, required=True)
    arguments = parser.parse_args(argv)
    study = read_study(arguments.study)
    try:
        aggregate(study, {"accuracy": arguments.margin_accuracy, "loss": arguments.margin_loss})
    except RecordError as error:
        sys.exit(f"ERROR: {error}")
    remove_pairs(study.results / "tables", ("csv", "md"), {*study.summaries, *OF_EVERY_STUDY})


if __name__ == "__main__":
    main()
