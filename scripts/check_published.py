"""Hold a publication's numbers and orderings against this study's runs (rule check_published)."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from files.atomic import atomic_path
from files.records import write_record
from published.markdown import numbers_markdown, orderings_markdown
from published.publication import Publication, read_published
from published.rows import ORDERING_COLUMNS, number_columns, number_rows, ordering_rows
from published.study_runs import StudyRuns
from tables.study import Study, add_study_argument, read_study
from tables.write import write_table


def check_published(study: Study, publication: Publication | None, margins: Mapping[str, float]) -> None:
    """Write the tables of numbers and orderings; only headers where nothing was published of the study's data set.

    Args:
        study: the plan; tables go to its results folder.
        publication: what was published, if anything is to be checked.
        margins: practical margin δ by metric, `accuracy` and `loss`.

    Raises:
        ValueError: if the runs' files do not hold what they should; one line.
    """
    numbers, orderings = [], []
    if publication and study.dataset == publication.dataset:
        study_runs = StudyRuns(study)
        numbers = number_rows(publication, study_runs, study.alpha)
        orderings = ordering_rows(publication, study_runs, study.alpha, margins)
    tables = study.results / "tables"
    write_table(tables / "published.csv", number_columns(study.factors), numbers)
    write_table(tables / "orderings.csv", ORDERING_COLUMNS, orderings)
    for name, text in (
        ("published", numbers_markdown(numbers, study.alpha)),
        ("orderings", orderings_markdown(orderings, study.alpha)),
    ):
        with atomic_path(tables / f"{name}.md") as temporary:
            temporary.write_text(text, encoding="utf-8")
    names = [f"{name}.{kind}" for name in ("published", "orderings") for kind in ("csv", "md")]
    write_record(
        tables / "check_published.json", [tables / name for name in names], **study.identity, margins=dict(margins)
    )


def main(argv: list[str] | None = None) -> None:
    """Command line of the rule."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_study_argument(parser)
    parser.add_argument("--published", type=Path, help="what was published (.yaml); nothing is checked without it")
    parser.add_argument("--margin-accuracy", type=float, required=True, help="δ: smaller differences do not matter")
    parser.add_argument("--margin-loss", type=float, required=True)
    arguments = parser.parse_args(argv)
    study = read_study(arguments.study)
    margins = {"accuracy": arguments.margin_accuracy, "loss": arguments.margin_loss}
    try:
        publication = None
        if arguments.published:
            publication = read_published(arguments.published, study.network["name"], study.factors)
        check_published(study, publication, margins)
    except ValueError as error:
        sys.exit("\n".join(f"ERROR: {problem}" for problem in str(error).splitlines()))


if __name__ == "__main__":
    main()
