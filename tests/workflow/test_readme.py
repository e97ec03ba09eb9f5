"""What the README shows of the results stands in the example report."""

import re

import measurements
import performance
from helpers.workflow import PROJECT

README = (PROJECT / "README.md").read_text(encoding="utf-8")
EXAMPLE = PROJECT / "docs" / "report"


def test_table_of_results_is_the_example_reports():
    shown = README[README.index("The whole report:") : README.index("## What comes out")]
    rows = [line for line in shown.splitlines() if line.startswith("| ")]
    assert len(rows) > 5
    report = (EXAMPLE / "report.md").read_text(encoding="utf-8").splitlines()
    assert [row for row in rows if row not in report] == []


def test_tables_of_the_race_are_those_of_the_measurements():
    """Blanks apart: the README's tables are what `make benchmark` makes of the rows it measured."""
    rows = measurements.read(EXAMPLE / "performance" / "race.csv")
    shown = [line.split() for line in README.splitlines()]
    for runs in {int(row["runs"]) for row in rows}:
        table = performance.race_table(performance.race_rows(rows, runs)).splitlines()
        assert [line for line in table if "---" not in line and line.split() not in shown] == []


def test_accuracies_in_documents_and_docstrings_stand_in_the_example_report():
    report = (EXAMPLE / "report.md").read_text(encoding="utf-8")
    paths = [PROJECT / "README.md", *(PROJECT / "docs").glob("*.md"), *(PROJECT / "scripts").rglob("*.py")]
    found = {path: re.findall(r"\b0\.9\d{4}\b(?: ± 0\.\d+)?", path.read_text(encoding="utf-8")) for path in paths}
    assert len([path for path, numbers in found.items() if numbers]) >= 3
    assert {
        (path.name, number) for path, numbers in found.items() for number in numbers if number not in report
    } == set()


def test_example_report_is_whole():
    report = (EXAMPLE / "report.md").read_text(encoding="utf-8")
    figures = [line.split("(")[1].rstrip(")") for line in report.splitlines() if line.startswith("![")]
    assert len(figures) > 8
    assert [figure for figure in figures if not (EXAMPLE / figure).is_file()] == []
    assert (EXAMPLE / "report.html").is_file()


def test_links_of_the_readme_lead_somewhere():
    """Those within the text, and those defined at its end."""
    within, defined = re.findall(r"\]\(([^)#:]+)\)", README), re.findall(r"^\[.*\]: ([^#:\n]+)$", README, re.MULTILINE)
    assert within
    assert defined
    targets = {*within, *defined}
    assert [target for target in targets if not (PROJECT / target).exists()] == []
