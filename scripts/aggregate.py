"""Aggregate all runs: one table of runs, one for each sweep and grid, one of all comparisons (rule aggregate)."""

import argparse
import sys

from files.atomic import atomic_path
from files.records import RecordError, write_record
from tables.comparisons import COLUMNS, DIFFERENCE_COLUMNS, compare_with_baseline
from tables.matched_pairs import compare_matched
from tables.runs import engines_apart, levels_of, read_histories, read_runs, run_columns, tidy_runs
from tables.selection_table import SELECTION_COLUMNS, selection_rows
from tables.study import BASELINE, Study, add_study_argument, read_study
from tables.summary_tables import markdown_tables, summarise, summary_columns
from tables.trends import LEARNING_COLUMNS, TREND_COLUMNS, learning_rows, trend_rows
from tables.write import write_table

# Tables that do not go by the name of a sweep or grid.
NAMES = ("runs", "comparisons", "differences", "selection", "learning", "trends")


def aggregate(study: Study, margins: dict[str, float]) -> None:
    """Write all tables of a study, and their record.

    Args:
        study: the plan; tables go to its results folder.
        margins: practical margin δ by metric.

    Raises:
        RecordError: if a file of the runs is not the one that was written.
    """
    tables = study.results / "tables"
    arithmetics = study.arithmetics()
    rows = [row for setting in study.settings if setting.wanted_by for row in read_runs(setting)]
    write_table(tables / "runs.csv", run_columns(study), rows)
    runs = tidy_runs(study, rows)
    compared, selected = [], []
    for summary, factors in study.summaries.items():
        levels = levels_of(runs, summary)
        verdicts = compare_with_baseline(levels, levels_of(runs, BASELINE), study.alpha, margins)
        table = summarise(levels, factors, study.alpha, verdicts)
        write_table(tables / f"{summary}.csv", summary_columns(factors), table)
        with atomic_path(tables / f"{summary}.md") as temporary:
            temporary.write_text(markdown_tables(summary, factors, study.alpha, table), encoding="utf-8")
        compared += verdicts
        selected += selection_rows(levels)
    compared += compare_matched(runs, study.factors, study.alpha, margins)
    write_table(tables / "comparisons.csv", COLUMNS, compared)
    write_table(tables / "differences.csv", DIFFERENCE_COLUMNS, compared)
    write_table(tables / "selection.csv", SELECTION_COLUMNS, selected)
    histories = read_histories(study.chain())
    write_table(tables / "learning.csv", LEARNING_COLUMNS, learning_rows(histories, study.classes))
    write_table(tables / "trends.csv", TREND_COLUMNS, trend_rows(runs))
    names = [
        *(f"{name}.csv" for name in NAMES),
        *(f"{name}.{kind}" for name in study.summaries for kind in ("csv", "md")),
    ]
    files = [tables / name for name in names]
    label = {"margins": margins, "arithmetics": arithmetics, "same_initial_weights": study.same_initial_weights()}
    label |= {"approximate": study.is_approximate(), "engines_apart": f"{engines_apart(rows):.1e}"}
    write_record(tables / "aggregate.json", files, **study.identity, **label)


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


if __name__ == "__main__":
    main()
